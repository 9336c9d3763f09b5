//! The nine roles of one domain: how each is made, from what the agent has and what it goes without. [`actor`] runs them.

pub(super) mod actor;

use super::actor::Parts;
use crate::collector::Collector;
use crate::correlator::Correlator;
use crate::detector::Detecting;
use crate::diagnoser::Diagnoser;
use crate::executor::Executor;
use crate::learner::Learner;
use crate::negotiator::Negotiator;
use crate::part::Part;
use crate::planner::Planner;
use std::sync::Arc;

impl Parts {
    fn collector(&self) -> Collector {
        Collector::new(self.domain)
    }

    fn detector(&self) -> Detecting {
        Detecting::new(self.domain, self.config.detector.clone())
    }

    fn correlator(&self) -> Correlator {
        Correlator::new(self.domain, self.config.correlator.clone())
    }

    fn diagnoser(&self) -> Diagnoser {
        if self.config.has(Part::Graph) {
            Diagnoser::new()
        } else {
            Diagnoser::without_graph()
        }
    }

    fn planner(&self) -> Planner {
        let (config, catalog) = (self.config.planner.clone(), Arc::clone(&self.catalog));
        let planner = Planner::new(self.domain, config, catalog);
        if self.config.has(Part::Twin) {
            planner
        } else {
            planner.without_twin()
        }
    }

    fn negotiator(&self) -> Negotiator {
        let negotiator = Negotiator::new(self.domain, self.config.negotiator.clone());
        if self.config.has(Part::Negotiation) {
            negotiator
        } else {
            negotiator.without_peers()
        }
    }

    fn executor(&self) -> Executor {
        Executor::new(
            self.domain,
            self.config.executor.clone(),
            self.ceiling,
            Arc::clone(&self.catalog),
        )
    }

    fn learner(&self) -> Learner {
        if self.config.has(Part::Learning) {
            Learner::new()
        } else {
            Learner::without_memory()
        }
    }
}
