//! The record of what we know: objects, relations, dependencies, ontology, cases, as RDF.
//!
//! In: each domain's part of the network. Out: triples, SPARQL answers, N-Quads snapshots, and the compact mirror that
//! diagnosis reads. Called by the correlator, diagnoser and dashboard. Only N-Quads is ever parsed: no RDF/XML, no
//! SPARQL results, no remote SERVICE.

use crate::cases::{self, Cases};
use crate::error::KnowledgeError;
use crate::facts::{facts, typed};
use crate::mirror::{Mirror, Place};
use crate::ontology::{graph, object, part, quad, vocabulary, word};
use crate::symptoms;
use oxigraph::io::{RdfFormat, RdfParser};
use oxigraph::model::{Literal, Term};
use oxigraph::sparql::{CancellationToken, QueryResults, SparqlEvaluator};
use oxigraph::store::Store;
use std::collections::BTreeSet;
use zizhi_types::domain::Domain;
use zizhi_types::object::{ManagedObject, ObjectKind};
use zizhi_types::topology::Network;

/// Longest query that is read, in bytes. Our choice: ten times what a person writes.
pub const LONGEST_QUERY: usize = 10_000;

/// Stops a running query from another thread.
#[derive(Clone, Default)]
pub struct Cancel(CancellationToken);

impl Cancel {
    /// Stops it.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

/// Rows of a query: the names of the columns, then the values as text, empty where unbound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// Names.
    pub columns: Vec<String>,
    /// Values.
    pub rows: Vec<Vec<String>>,
    /// There were more rows than the limit.
    pub cut: bool,
}

/// The knowledge graph of one agent.
pub struct KnowledgeGraph {
    pub(crate) store: Store,
    network: Network,
    mirror: Mirror,
    pub(crate) cases: Cases,
}

impl KnowledgeGraph {
    /// A graph that knows the words and the signs of faults, and no network.
    pub fn new() -> Result<Self, KnowledgeError> {
        let store = Store::new()?;
        store.extend(vocabulary()?)?;
        store.extend(symptoms::triples()?)?;
        Ok(Self {
            store,
            network: Network::empty("unknown"),
            mirror: Mirror::default(),
            cases: Cases::new(),
        })
    }

    /// Everything at once, from a whole network.
    pub fn of(network: &Network) -> Result<Self, KnowledgeError> {
        let mut graph = Self::new()?;
        for domain in Domain::ALL {
            graph.put(domain, network.part(domain))?;
        }
        graph.derive()?;
        Ok(graph)
    }

    /// Takes over a domain's part, in place of what was known of that domain. Says whether anything changed.
    pub fn learn(&mut self, domain: Domain, part: Network) -> Result<bool, KnowledgeError> {
        if self.network.part(domain) == part {
            return Ok(false);
        }
        self.put(domain, part)?;
        self.derive()?;
        Ok(true)
    }

    fn put(&mut self, domain: Domain, new: Network) -> Result<(), KnowledgeError> {
        let here = part(domain)?;
        let mut quads = facts(domain, &new, &here)?;
        let subject = word(&format!("domain:{domain}"))?;
        let inventory = serde_json::to_string(&new)
            .map_err(|source| KnowledgeError::Inventory { domain, source })?;
        let literal = Literal::new_simple_literal(inventory);
        quads.push(quad(&here, &subject, word("inventory")?, literal));
        self.store.clear_graph(&here)?;
        self.store.extend(quads)?;
        self.network.learn(domain, new);
        Ok(())
    }

    /// Works out the dependencies again and writes them down.
    fn derive(&mut self) -> Result<(), KnowledgeError> {
        self.mirror = Mirror::new(&self.network)?;
        let here = graph("dependencies")?;
        self.store.clear_graph(&here)?;
        let mut quads = vec![];
        for place in self.mirror.places() {
            let subject = object(&place.object)?;
            for &below in &place.direct {
                let below = object(&self.mirror.at(below).object)?;
                quads.push(quad(&here, &subject, word("dependsOn")?, below));
            }
            if place.object.kind() == ObjectKind::Path {
                quads.extend(typed(&here, &place.object)?);
            }
        }
        self.store.extend(quads)?;
        Ok(())
    }

    /// The network as known so far.
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// The compact dependencies.
    pub const fn mirror(&self) -> &Mirror {
        &self.mirror
    }

    /// How many triples there are.
    pub fn triples(&self) -> Result<usize, KnowledgeError> {
        Ok(self.store.len()?)
    }

    /// Everything that directly or indirectly depends on an object: its blast radius; not itself.
    pub fn dependents(&self, object: &ManagedObject) -> BTreeSet<ManagedObject> {
        self.mirror.dependents(object)
    }

    /// Everything that an object directly or indirectly depends on; not itself.
    pub fn dependencies(&self, object: &ManagedObject) -> BTreeSet<ManagedObject> {
        let place = self.mirror.place(object);
        place
            .all
            .iter()
            .map(|i| self.mirror.at(i).object.clone())
            .collect()
    }

    /// The links of one intended way around a link; `None` when it is the only way.
    pub fn alternate_path(&self, link: &ManagedObject) -> Option<Vec<ManagedObject>> {
        let way = self.mirror.routing().alternate(link.name())?;
        way.into_iter()
            .map(|id| ManagedObject::new(ObjectKind::Link, id).ok())
            .collect()
    }

    /// Whether symptoms at two objects may have one cause: one depends on the other, or both on one link, site,
    /// gateway, cell or instance, or both hang on one router.
    pub fn related(&self, a: &ManagedObject, b: &ManagedObject) -> bool {
        let (a, b) = (self.mirror.place(a), self.mirror.place(b));
        let below = |x: &Place, y: &Place| y.index.is_some_and(|i| x.all.has(i));
        a.object == b.object
            || below(&a, &b)
            || below(&b, &a)
            || self.share(&a, &b)
            || self.hang_on_one_router(&a, &b)
    }

    fn share(&self, a: &Place, b: &Place) -> bool {
        use ObjectKind as K;
        let tells = |i: usize| {
            let kind = self.mirror.at(i).object.kind();
            matches!(kind, K::Link | K::Site | K::Gateway | K::Cell | K::Instance)
        };
        a.all.iter().any(|i| b.all.has(i) && tells(i))
    }

    fn hang_on_one_router(&self, a: &Place, b: &Place) -> bool {
        let router = |p: &Place, i: usize| {
            let hangs = !matches!(p.object.kind(), ObjectKind::Path | ObjectKind::Demand);
            hangs && self.mirror.at(i).object.kind() == ObjectKind::Router
        };
        a.direct
            .iter()
            .any(|&i| b.direct.contains(&i) && router(a, i) && router(b, i))
    }

    /// Answers a SELECT or ASK over all graphs together, with at most `limit` rows.
    pub fn ask(&self, query: &str, limit: usize, cancel: &Cancel) -> Result<Rows, KnowledgeError> {
        if query.len() > LONGEST_QUERY {
            return Err(KnowledgeError::QueryTooLong(query.len(), LONGEST_QUERY));
        }
        let evaluator = SparqlEvaluator::new().with_cancellation_token(cancel.0.clone());
        let mut prepared = evaluator.parse_query(query)?;
        prepared.dataset_mut().set_default_graph_as_union();
        match prepared.on_store(&self.store).execute()? {
            QueryResults::Boolean(yes) => Ok(Rows {
                columns: vec!["answer".to_owned()],
                rows: vec![vec![yes.to_string()]],
                cut: false,
            }),
            QueryResults::Graph(_) => Err(KnowledgeError::NoRows),
            QueryResults::Solutions(solutions) => {
                let variables = solutions.variables().to_vec();
                let mut rows = Rows {
                    columns: variables.iter().map(|v| v.as_str().to_owned()).collect(),
                    ..Rows::default()
                };
                for solution in solutions {
                    if rows.rows.len() == limit {
                        rows.cut = true;
                        break;
                    }
                    let solution = solution?;
                    let cell = |v| solution.get(v).map(plain).unwrap_or_default();
                    rows.rows.push(variables.iter().map(cell).collect());
                }
                Ok(rows)
            }
        }
    }

    /// The whole graph as N-Quads, in the order of the lines.
    pub fn dump(&self) -> Result<String, KnowledgeError> {
        let bytes = self.store.dump_to_writer(RdfFormat::NQuads, Vec::new())?;
        let text = String::from_utf8_lossy(&bytes);
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        Ok(lines.join("\n") + "\n")
    }

    /// A graph from a snapshot that [`Self::dump`] wrote. Nothing but N-Quads is read. The words and signs are this
    /// version's, and dependencies are worked out again; inventories and cases are the snapshot's.
    pub fn load(snapshot: &str) -> Result<Self, KnowledgeError> {
        let read = Store::new()?;
        let parser = RdfParser::from_format(RdfFormat::NQuads);
        read.load_from_slice(parser, snapshot.as_bytes())?;
        let mut loaded = Self::new()?;
        for domain in Domain::ALL {
            if let Some(text) = inventory(&read, domain)? {
                let part = serde_json::from_str(&text)
                    .map_err(|source| KnowledgeError::Inventory { domain, source })?;
                loaded.put(domain, part)?;
            }
        }
        let here = graph("cases")?;
        for case in read.quads_for_pattern(None, None, None, Some(here.as_ref().into())) {
            loaded.store.insert(&case?)?;
        }
        loaded.cases = cases::read(&loaded.store)?;
        loaded.derive()?;
        Ok(loaded)
    }
}

/// A term as plain text: the local object where it is one of ours, the IRI or the literal's value otherwise.
fn plain(term: &Term) -> String {
    match term {
        Term::NamedNode(iri) => {
            let iri = iri.as_str();
            let ours = iri.strip_prefix("urn:zizhi:object:");
            ours.or_else(|| iri.strip_prefix("urn:zizhi:"))
                .unwrap_or(iri)
                .to_owned()
        }
        Term::Literal(literal) => literal.value().to_owned(),
        Term::BlankNode(node) => node.to_string(),
    }
}

fn inventory(store: &Store, domain: Domain) -> Result<Option<String>, KnowledgeError> {
    let (here, subject) = (part(domain)?, word(&format!("domain:{domain}"))?);
    let predicate = word("inventory")?;
    let mut found = store.quads_for_pattern(
        Some(subject.as_ref().into()),
        Some(predicate.as_ref()),
        None,
        Some(here.as_ref().into()),
    );
    match found.next().transpose()? {
        Some(quad) => Ok(Some(plain(&quad.object))),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{object as named, small};

    #[test]
    fn the_mirror_and_sparql_agree_on_every_blast_radius() {
        let graph = KnowledgeGraph::of(&small()).unwrap();
        let n = graph.mirror().places().len();
        for place in graph.mirror().places() {
            let query = format!(
                "SELECT DISTINCT ?x WHERE {{ ?x <urn:zizhi:dependsOn>+ <urn:zizhi:object:{}> }}",
                place.object
            );
            let rows = graph.ask(&query, n, &Cancel::default()).unwrap();
            let told: BTreeSet<ManagedObject> = rows.rows.iter().map(|r| named(&r[0])).collect();
            assert_eq!(told, graph.dependents(&place.object), "{}", place.object);
        }
    }

    #[test]
    fn a_group_hangs_on_everything_it_uses() {
        let graph = KnowledgeGraph::of(&small()).unwrap();
        let below = graph.dependencies(&named("group/g2"));
        for text in [
            "cell/c2",
            "gateway/gw",
            "service/infer",
            "instance/i3",
            "site/s2",
        ] {
            assert!(below.contains(&named(text)), "{text}");
        }
        // g2's cell hangs on E, so everything it sends crosses C-E.
        assert!(below.contains(&named("link/C-E")));
        let hit = graph.dependents(&named("link/C-E"));
        assert!(hit.contains(&named("group/g2")) && hit.contains(&named("demand/E:D")));
        assert!(!hit.contains(&named("group/g1")));
    }

    #[test]
    fn a_part_that_comes_again_replaces_the_old_one() {
        let network = small();
        let mut graph = KnowledgeGraph::of(&network).unwrap();
        let before = graph.dump().unwrap();
        let mut part = network.part(Domain::Compute);
        assert!(!graph.learn(Domain::Compute, part.clone()).unwrap());
        part.instances.pop();
        assert!(graph.learn(Domain::Compute, part).unwrap());
        let gone = "ASK { <urn:zizhi:object:instance/i3> ?p ?o }";
        let answer = graph.ask(gone, 1, &Cancel::default()).unwrap();
        assert_eq!(answer.rows, [["false"]]);
        graph
            .learn(Domain::Compute, network.part(Domain::Compute))
            .unwrap();
        assert_eq!(graph.dump().unwrap(), before);
    }

    #[test]
    fn parts_may_come_in_any_order() {
        let network = small();
        let whole = KnowledgeGraph::of(&network).unwrap().dump().unwrap();
        let mut graph = KnowledgeGraph::new().unwrap();
        for domain in Domain::ALL.into_iter().rev() {
            graph.learn(domain, network.part(domain)).unwrap();
        }
        assert_eq!(graph.dump().unwrap(), whole);
    }

    #[test]
    fn a_snapshot_brings_everything_back() {
        let graph = KnowledgeGraph::of(&small()).unwrap();
        let snapshot = graph.dump().unwrap();
        let again = KnowledgeGraph::load(&snapshot).unwrap();
        assert_eq!(again.dump().unwrap(), snapshot);
        assert_eq!(again.network(), graph.network());
    }

    #[test]
    fn only_n_quads_is_ever_read() {
        let xml = r#"<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="urn:a"/></rdf:RDF>"#;
        assert!(matches!(
            KnowledgeGraph::load(xml),
            Err(KnowledgeError::Load(_))
        ));
        // SPARQL can reach no parser either: updates (LOAD) are no queries, and SERVICE has no client.
        let graph = KnowledgeGraph::new().unwrap();
        let ask = |q: &str| graph.ask(q, 1, &Cancel::default());
        assert!(matches!(
            ask("LOAD <http://127.0.0.1/x.rdf>"),
            Err(KnowledgeError::Syntax(_))
        ));
        assert!(ask("SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }").is_err());
        assert!(matches!(
            ask("CONSTRUCT WHERE { ?s ?p ?o }"),
            Err(KnowledgeError::NoRows)
        ));
    }

    #[test]
    fn a_query_is_cut_at_its_limit_and_can_be_stopped() {
        let graph = KnowledgeGraph::of(&small()).unwrap();
        let all = "SELECT ?s ?p ?o { ?s ?p ?o }";
        let rows = graph.ask(all, 3, &Cancel::default()).unwrap();
        assert!(rows.cut && rows.rows.len() == 3 && rows.columns == ["s", "p", "o"]);
        let stop = Cancel::default();
        stop.cancel();
        assert!(graph.ask(all, 1000, &stop).is_err());
        let long = " ".repeat(LONGEST_QUERY + 1);
        assert!(graph.ask(&long, 1, &stop).is_err());
    }

    #[test]
    fn people_can_ask_which_fault_shows_a_sign() {
        let graph = KnowledgeGraph::new().unwrap();
        let query = r#"PREFIX z: <urn:zizhi:> SELECT ?fault { ?fault z:shows ?s .
            ?s z:metric "gateway.policy_age_s" ; z:necessity "must" }"#;
        let rows = graph.ask(query, 10, &Cancel::default()).unwrap();
        assert_eq!(rows.rows, [["fault:stale-policy"]]);
    }

    #[test]
    fn what_may_have_one_cause_is_related() {
        let graph = KnowledgeGraph::of(&small()).unwrap();
        let related = |a, b| graph.related(&named(a), &named(b));
        assert!(related("port/A:A-B", "port/B:A-B"));
        assert!(related("path/A:E", "link/C-E"));
        assert!(related("path/A:E", "group/g2"));
        assert!(related("cell/c2", "group/g2"));
        assert!(!related("cell/c2", "instance/i1"));
        assert!(!related("port/A:A-B", "port/E:C-E"));
        assert!(!related("instance/i3", "port/A:A-B"));
    }
}
