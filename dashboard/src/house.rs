//! What the pages and the API work with.

use crate::access::Access;
use crate::access::counter::Counter;
use crate::access::diary::Diary;
use crate::access::secret::Token;
use crate::autonomy::Scorer;
use crate::desk::Desk;
use crate::source::Source;
use std::sync::{Arc, LazyLock};
use zizhi_bus::clock::wall;
use zizhi_playbooks::Catalog;
use zizhi_types::NetTime;
use zizhi_types::topology::Network;

/// One dashboard: the journal that it reads, the desk that takes orders, and who may come in.
pub struct House {
    /// Where the records come from.
    pub source: Arc<Source>,
    /// Where orders go; `None` where a journal is only looked at.
    pub desk: Option<Arc<dyn Desk>>,
    /// Who may come in.
    pub access: Access,
    /// What forms carry where there are no accounts. Without random numbers there is none, and then no form is taken.
    pub(crate) forms: Option<Token>,
    /// Where events go where there are no accounts: to the program's log.
    diary: Arc<Diary>,
    /// The intended network, where it is known: the journal does not hold it.
    pub network: Option<Arc<Network>>,
    /// Who reckons the level of autonomy, where somebody does.
    pub scorer: Option<Arc<dyn Scorer>>,
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
            forms: Token::new().ok(),
            diary: Arc::default(),
            network: None,
            scorer: None,
        }
    }

    /// With a swarm behind it.
    #[must_use]
    pub fn with_desk(mut self, desk: Arc<dyn Desk>) -> Self {
        self.desk = Some(desk);
        self
    }

    /// Where security events are written.
    pub(crate) fn diary(&self) -> &Arc<Diary> {
        self.access.door().map_or(&self.diary, |door| door.diary())
    }

    /// The time of people.
    pub(crate) fn now(&self) -> NetTime {
        self.access.door().map_or_else(wall, |door| door.now())
    }

    /// With its desk behind a counter, where everybody's right to an order is looked at.
    pub(crate) fn behind_counter(mut self) -> Self {
        let diary = Arc::clone(self.diary());
        self.desk = self.desk.map(|desk| {
            let counter = Counter {
                desk,
                diary,
                clock: wall,
            };
            Arc::new(counter) as Arc<dyn Desk>
        });
        self
    }

    /// With a network to show the state on.
    #[must_use]
    pub fn with_network(mut self, network: Network) -> Self {
        self.network = Some(Arc::new(network));
        self
    }

    /// With somebody who reckons the level of autonomy.
    #[must_use]
    pub fn with_scorer(mut self, scorer: Arc<dyn Scorer>) -> Self {
        self.scorer = Some(scorer);
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
