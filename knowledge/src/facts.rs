//! What does an inventory say, as triples?
//!
//! In: one domain's part of the network. Out: its objects with types, labels, relations and numbers. Called by the
//! graph. Dependencies across domains are not here: the mirror works them out.

use crate::error::KnowledgeError;
use crate::mirror::demands;
use crate::ontology::{class, object, quad, word};
use oxigraph::model::vocab::{rdf, rdfs};
use oxigraph::model::{Literal, NamedNode, Quad};
use zizhi_types::domain::Domain;
use zizhi_types::object::{ManagedObject, ObjectKind};
use zizhi_types::topology::Network;

/// Type and label of an object.
pub fn typed(here: &NamedNode, which: &ManagedObject) -> Result<[Quad; 2], KnowledgeError> {
    let subject = object(which)?;
    let label = Literal::new_simple_literal(which.name());
    Ok([
        quad(here, &subject, rdf::TYPE.into(), class(which.kind())?),
        quad(here, &subject, rdfs::LABEL.into(), label),
    ])
}

/// Collects the triples of one domain's part.
struct Facts<'a> {
    here: &'a NamedNode,
    quads: Vec<Quad>,
}

impl Facts<'_> {
    fn object(
        &mut self,
        kind: ObjectKind,
        name: &str,
        relations: &[(&str, ObjectKind, &str)],
        numbers: &[(&str, f64)],
    ) -> Result<(), KnowledgeError> {
        let which = ManagedObject::new(kind, name)?;
        let subject = object(&which)?;
        self.quads.extend(typed(self.here, &which)?);
        for (relation, kind, name) in relations {
            let other = object(&ManagedObject::new(*kind, *name)?)?;
            self.quads
                .push(quad(self.here, &subject, word(relation)?, other));
        }
        for (name, value) in numbers {
            let value = Literal::from(*value);
            self.quads
                .push(quad(self.here, &subject, word(name)?, value));
        }
        Ok(())
    }
}

/// A domain's objects with their relations and numbers.
pub fn facts(domain: Domain, n: &Network, here: &NamedNode) -> Result<Vec<Quad>, KnowledgeError> {
    let mut out = Facts {
        here,
        quads: vec![],
    };
    match domain {
        Domain::Transport => transport(&mut out, n)?,
        Domain::Compute => compute(&mut out, n)?,
        Domain::Service => service(&mut out, n)?,
        Domain::Access => access(&mut out, n)?,
    }
    Ok(out.quads)
}

fn transport(out: &mut Facts<'_>, n: &Network) -> Result<(), KnowledgeError> {
    use ObjectKind::{Demand, Link, Port, Router};
    for r in &n.routers {
        out.object(Router, &r.id, &[], &[("weight", r.weight)])?;
    }
    for l in &n.links {
        let ends = [
            ("connects", Router, l.a.as_str()),
            ("connects", Router, &l.b),
        ];
        let numbers = [
            ("capacity_mbps", l.capacity_mbps),
            ("delay_ms", l.delay_ms),
            ("cost", f64::from(l.cost)),
        ];
        out.object(Link, &l.id, &ends, &numbers)?;
        for end in [&l.a, &l.b] {
            let on = [("partOf", Link, l.id.as_str()), ("attachedTo", Router, end)];
            out.object(Port, &format!("{end}:{}", l.id), &on, &[])?;
        }
    }
    for d in demands(n) {
        let ends = [("from", Router, d.from.as_str()), ("to", Router, &d.to)];
        out.object(Demand, &format!("{}:{}", d.from, d.to), &ends, &[])?;
    }
    Ok(())
}

fn compute(out: &mut Facts<'_>, n: &Network) -> Result<(), KnowledgeError> {
    use ObjectKind::{Instance, Router, Service, Site};
    for s in &n.sites {
        let spare = [("spare_instances", f64::from(s.spare_instances))];
        out.object(Site, &s.id, &[("attachedTo", Router, &s.router)], &spare)?;
    }
    for i in &n.instances {
        let relations = [
            ("runsAt", Site, i.site.as_str()),
            ("serves", Service, &i.service),
        ];
        let numbers = [
            ("workers", f64::from(i.workers)),
            ("base_ms", i.base_ms),
            ("price_tokens", i.price),
        ];
        out.object(Instance, &i.id, &relations, &numbers)?;
    }
    Ok(())
}

fn service(out: &mut Facts<'_>, n: &Network) -> Result<(), KnowledgeError> {
    use ObjectKind::{Cell, Gateway, Group, Router, Service};
    for s in &n.services {
        out.object(Service, &s.id, &[], &[])?;
    }
    for g in &n.gateways {
        out.object(Gateway, &g.id, &[("attachedTo", Router, &g.router)], &[])?;
    }
    for g in &n.groups {
        let relations = [
            ("attachedTo", Cell, g.cell.as_str()),
            ("uses", Gateway, &g.gateway),
            ("uses", Service, &g.service),
        ];
        let numbers = [
            ("rate_rps", g.rate_rps),
            ("latency_ms_max", g.latency_ms_max),
        ];
        out.object(Group, &g.id, &relations, &numbers)?;
    }
    Ok(())
}

fn access(out: &mut Facts<'_>, n: &Network) -> Result<(), KnowledgeError> {
    use ObjectKind::{Cell, Router};
    for c in &n.cells {
        let mut relations = vec![("attachedTo", Router, c.router.as_str())];
        relations.extend(
            c.neighbours
                .iter()
                .map(|x| ("neighbourOf", Cell, x.as_str())),
        );
        out.object(Cell, &c.id, &relations, &[("capacity_rps", c.capacity_rps)])?;
    }
    Ok(())
}
