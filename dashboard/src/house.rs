//! What the pages and the API work with.

use crate::access::Access;
use crate::desk::Desk;
use crate::source::Source;
use std::sync::{Arc, LazyLock};
use zizhi_playbooks::Catalog;
use zizhi_types::topology::Network;

/// One dashboard: the journal that it reads, the desk that takes orders, and who may come in.
pub struct House {
    /// Where the records come from.
    pub source: Arc<Source>,
    /// Where orders go; `None` where a journal is only looked at.
    pub desk: Option<Arc<dyn Desk>>,
    /// Who may come in.
    pub access: Access,
    /// The intended network, where it is known: the journal does not hold it.
    pub network: Option<Arc<Network>>,
}

/// The shipped playbooks, checked once.
static CATALOG: LazyLock<Option<Catalog>> = LazyLock::new(|| Catalog::builtin().ok());

impl House {
    /// Looks at a journal; nothing can be ordered.
    pub fn new(source: Source) -> Self {
        Self {
            source: Arc::new(source),
            desk: None,
            access: Access::default(),
            network: None,
        }
    }

    /// With a swarm behind it.
    #[must_use]
    pub fn with_desk(mut self, desk: Arc<dyn Desk>) -> Self {
        self.desk = Some(desk);
        self
    }

    /// With a network to show the state on.
    #[must_use]
    pub fn with_network(mut self, network: Network) -> Self {
        self.network = Some(Arc::new(network));
        self
    }

    /// The shipped playbooks.
    #[expect(
        clippy::unused_self,
        reason = "which playbooks there are belongs to the house"
    )]
    pub(crate) fn catalog(&self) -> Option<&'static Catalog> {
        CATALOG.as_ref()
    }

    /// With these people.
    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }
}

impl From<Source> for House {
    fn from(source: Source) -> Self {
        Self::new(source)
    }
}
