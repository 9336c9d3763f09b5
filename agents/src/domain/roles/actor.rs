//! The nine roles of one domain as running actors: started together, one by one started afresh, stopped together.

use crate::collector::Collector;
use crate::correlator::Correlator;
use crate::detector::Detecting;
use crate::diagnoser::Diagnoser;
use crate::domain::actor::Parts;
use crate::executor::actor::ExecutorRole;
use crate::learner::Learner;
use crate::negotiator::Negotiator;
use crate::planner::Planner;
use crate::role::Role;
use crate::supervision::RoleName;
use crate::verifier::Verifier;
use ractor::{ActorCell, SpawnErr};
use std::sync::Arc;

/// The running roles.
pub(in crate::domain) struct Roles {
    pub collector: Role<Collector>,
    pub detector: Role<Detecting>,
    pub correlator: Role<Correlator>,
    pub diagnoser: Role<Diagnoser>,
    pub planner: Role<Planner>,
    pub negotiator: Role<Negotiator>,
    pub executor: ExecutorRole,
    pub verifier: Role<Verifier>,
    pub learner: Role<Learner>,
}

impl Roles {
    pub(in crate::domain) async fn start(
        parts: &Parts,
        over: &ActorCell,
    ) -> Result<Self, SpawnErr> {
        Ok(Self {
            collector: Role::start(parts.collector(), over.clone()).await?,
            detector: Role::start(parts.detector(), over.clone()).await?,
            correlator: Role::start(parts.correlator(), over.clone()).await?,
            diagnoser: Role::start(parts.diagnoser(), over.clone()).await?,
            planner: Role::start(parts.planner(), over.clone()).await?,
            negotiator: Role::start(parts.negotiator(), over.clone()).await?,
            executor: ExecutorRole::start(
                parts.executor(),
                Arc::clone(&parts.driver),
                over.clone(),
            )
            .await?,
            verifier: Role::start(Verifier::default(), over.clone()).await?,
            learner: Role::start(parts.learner(), over.clone()).await?,
        })
    }

    pub(in crate::domain) async fn restart(
        &mut self,
        role: RoleName,
        parts: &Parts,
        over: &ActorCell,
    ) -> Result<(), SpawnErr> {
        let over = over.clone();
        match role {
            RoleName::Collector => self.collector = Role::start(parts.collector(), over).await?,
            RoleName::Detector => self.detector = Role::start(parts.detector(), over).await?,
            RoleName::Correlator => self.correlator = Role::start(parts.correlator(), over).await?,
            RoleName::Diagnoser => self.diagnoser = Role::start(parts.diagnoser(), over).await?,
            RoleName::Planner => self.planner = Role::start(parts.planner(), over).await?,
            RoleName::Negotiator => self.negotiator = Role::start(parts.negotiator(), over).await?,
            RoleName::Verifier => self.verifier = Role::start(Verifier::default(), over).await?,
            RoleName::Learner => self.learner = Role::start(parts.learner(), over).await?,
            // The supervision table never restarts it.
            RoleName::Executor => {}
        }
        Ok(())
    }

    pub(in crate::domain) fn stop(&self) {
        self.collector.stop();
        self.detector.stop();
        self.correlator.stop();
        self.diagnoser.stop();
        self.planner.stop();
        self.negotiator.stop();
        self.executor.stop();
        self.verifier.stop();
        self.learner.stop();
    }
}
