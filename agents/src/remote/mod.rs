//! A network at the other end of the bus: how is it changed once and by one process only?
//!
//! An agent asks on `zizhi.v1.<domain>.act.apply` and `.act.recall`; whoever is at the network answers. Each question
//! carries the term of the asking process. The answering side ([`Door`]) refuses a term lower than the highest that it has
//! seen of the domain, gives a used key its first answer, and refuses a key that was looked up before it came: so a change
//! that is late cannot follow a decision that rests on its not having come.

mod shell;

pub use shell::{GatedDriver, RemoteDriver, serve};
pub use zizhi_playbooks::door::{Answer, Door, Question, Verdict};

use zizhi_types::domain::Domain;
use zizhi_types::wire;

/// A key as the network sees it: of one journal among all that ever acted on it.
pub fn scoped(scope: &str, key: &str) -> String {
    format!("{scope}::{key}")
}

/// The key as its journal has it.
pub fn unscoped(key: &str) -> &str {
    key.rsplit_once("::").map_or(key, |(_, bare)| bare)
}

/// Where changes of a domain's network are asked for.
pub fn apply_subject(domain: Domain) -> String {
    wire::subject(domain, "act", "apply")
}

/// Where the answer to a used key is asked for.
pub fn recall_subject(domain: Domain) -> String {
    wire::subject(domain, "act", "recall")
}
