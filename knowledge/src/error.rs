//! What can go wrong in this package, as values.

use crate::ontology::BadIri;
use oxigraph::sparql::{QueryEvaluationError, SparqlSyntaxError};
use oxigraph::store::{LoaderError, SerializerError, StorageError};
use zizhi_types::domain::Domain;
use zizhi_types::object::BadObject;

/// A failed operation on the graph, the cases or the text index.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// The triple store refused an operation.
    #[error("the graph could not be read or written: restart with the last snapshot")]
    Storage(#[from] StorageError),
    /// A snapshot is not N-Quads.
    #[error("the snapshot could not be loaded: it must be N-Quads as written by dump")]
    Load(#[source] Box<LoaderError>),
    /// A snapshot could not be written.
    #[error("the snapshot could not be written")]
    Dump(#[from] SerializerError),
    /// A query is not SPARQL.
    #[error("the query is not SPARQL 1.1: correct it and ask again")]
    Syntax(#[from] SparqlSyntaxError),
    /// A query failed while it ran.
    #[error("the query did not finish: make it narrower or raise its limits")]
    Query(#[from] QueryEvaluationError),
    /// A query is too long.
    #[error("the query has {0} characters: at most {1} are read")]
    QueryTooLong(usize, usize),
    /// The query asks for a graph, not for rows.
    #[error("the query returns triples: write SELECT or ASK")]
    NoRows,
    /// A name of ours cannot be written as an IRI.
    #[error(transparent)]
    Iri(#[from] BadIri),
    /// A name in a part of the network cannot be used.
    #[error(transparent)]
    Name(#[from] BadObject),
    /// A snapshot carries an inventory that cannot be read.
    #[error("the snapshot's inventory of {domain} cannot be read: send the inventory again")]
    Inventory {
        /// Whose.
        domain: Domain,
        /// Why.
        source: serde_json::Error,
    },
    /// A case in a snapshot cannot be read.
    #[error("case {node} in the snapshot cannot be read: load an older snapshot")]
    Case {
        /// Its IRI.
        node: String,
    },
    /// The text index refused an operation.
    #[error("the text index could not be read or written: delete its folder and index again")]
    Text(#[from] tantivy::TantivyError),
    /// The folder of the text index cannot be used.
    #[error("the folder of the text index cannot be opened: check that it exists and is ours")]
    Folder(#[from] tantivy::directory::error::OpenDirectoryError),
}

impl From<LoaderError> for KnowledgeError {
    fn from(error: LoaderError) -> Self {
        Self::Load(Box::new(error))
    }
}
