//! How our words are written as IRIs, and what each of them means.
//!
//! In: objects, words, texts. Out: RDF terms and the ontology's own triples. Called by the graph and the cases.
//! Everything is under `urn:zizhi:`; nothing outside is looked up.

use oxigraph::model::vocab::{rdf, rdfs};
use oxigraph::model::{GraphName, Literal, NamedNode, Quad, Term};
use zizhi_types::domain::Domain;
use zizhi_types::object::{ManagedObject, ObjectKind};

/// A name that no IRI can carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be written as an IRI: use letters, digits and . _ - : @ +")]
pub struct BadIri(pub String);

/// The words between objects: name, English, Chinese. The field's terms; `dependsOn` after TM Forum TMF639 relations.
pub const RELATIONS: &[(&str, &str, &str)] = &[
    (
        "dependsOn",
        "does not work well when the other does not",
        "依赖",
    ),
    ("partOf", "is one end of", "属于"),
    ("connects", "joins routers", "连接"),
    ("attachedTo", "hangs on", "接入"),
    ("runsAt", "runs at the site", "运行于"),
    ("serves", "answers requests for", "提供服务"),
    ("uses", "sends requests to or through", "使用"),
    ("neighbourOf", "can take over users from", "相邻"),
    ("from", "traffic enters at", "起点"),
    ("to", "traffic leaves at", "终点"),
];

/// A word of the ontology: `urn:zizhi:<word>`.
pub fn word(word: &str) -> Result<NamedNode, BadIri> {
    NamedNode::new(format!("urn:zizhi:{word}")).map_err(|_| BadIri(word.to_owned()))
}

/// A managed object: `urn:zizhi:object:<kind>/<name>`.
pub fn object(object: &ManagedObject) -> Result<NamedNode, BadIri> {
    word(&format!("object:{object}"))
}

/// The managed object that an IRI stands for, if it is one of ours.
pub fn object_of(term: &str) -> Option<ManagedObject> {
    term.strip_prefix("urn:zizhi:object:")?.parse().ok()
}

/// The named graph of a domain's own part.
pub fn part(domain: Domain) -> Result<NamedNode, BadIri> {
    word(&format!("graph:{domain}"))
}

/// The named graphs beside those of the domains.
pub fn graph(name: &str) -> Result<NamedNode, BadIri> {
    word(&format!("graph:{name}"))
}

/// One triple in a named graph.
pub fn quad(
    graph: &NamedNode,
    subject: &NamedNode,
    predicate: NamedNode,
    value: impl Into<Term>,
) -> Quad {
    Quad::new(
        subject.clone(),
        predicate,
        value,
        GraphName::NamedNode(graph.clone()),
    )
}

/// The class of a kind: `urn:zizhi:Router`, ...
pub fn class(kind: ObjectKind) -> Result<NamedNode, BadIri> {
    let (head, tail) = kind.as_str().split_at(1);
    word(&format!("{}{tail}", head.to_uppercase()))
}

/// Classes and relations with their labels.
pub fn vocabulary() -> Result<Vec<Quad>, BadIri> {
    let here = graph("ontology")?;
    let mut out = vec![];
    for kind in ObjectKind::ALL {
        let class = class(kind)?;
        out.push(quad(&here, &class, rdf::TYPE.into(), rdfs::CLASS));
        let label = Literal::new_simple_literal(kind.as_str());
        out.push(quad(&here, &class, rdfs::LABEL.into(), label));
    }
    for (name, en, zh) in RELATIONS {
        let relation = word(name)?;
        out.push(quad(&here, &relation, rdf::TYPE.into(), rdf::PROPERTY));
        for (text, language) in [(en, "en"), (zh, "zh")] {
            let label = Literal::new_language_tagged_literal(*text, language)
                .map_err(|_| BadIri(language.to_owned()))?;
            out.push(quad(&here, &relation, rdfs::COMMENT.into(), label));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_survives_its_iri() {
        for text in ["link/A-B", "port/A:A-B", "steer/g1:i@2", "cell/北京-1"] {
            let wanted: ManagedObject = text.parse().unwrap();
            let iri = object(&wanted).unwrap();
            assert_eq!(object_of(iri.as_str()), Some(wanted));
        }
        assert_eq!(object_of("urn:other:link/A-B"), None);
    }
}
