//! What happens when a role dies: a table, not code spread over actors.

use std::fmt;

/// The roles of a domain agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleName {
    /// Decodes raw telemetry.
    Collector,
    /// Finds what is unusual.
    Detector,
    /// Joins anomalies to incidents.
    Correlator,
    /// Ranks causes.
    Diagnoser,
    /// Makes and rehearses plans.
    Planner,
    /// Agrees with the other domains.
    Negotiator,
    /// Decides and runs plans.
    Executor,
    /// Tells whether a run helped.
    Verifier,
    /// Remembers outcomes.
    Learner,
}

impl RoleName {
    /// Every role.
    pub const ALL: [Self; 9] = [
        Self::Collector,
        Self::Detector,
        Self::Correlator,
        Self::Diagnoser,
        Self::Planner,
        Self::Negotiator,
        Self::Executor,
        Self::Verifier,
        Self::Learner,
    ];

    /// The lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Collector => "collector",
            Self::Detector => "detector",
            Self::Correlator => "correlator",
            Self::Diagnoser => "diagnoser",
            Self::Planner => "planner",
            Self::Negotiator => "negotiator",
            Self::Executor => "executor",
            Self::Verifier => "verifier",
            Self::Learner => "learner",
        }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is done about a dead role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Start it afresh: its state can be learnt again from the bus.
    Restart,
    /// Do not start it: what it was doing to the network is unknown. The domain changes nothing any more and asks a
    /// person.
    Freeze,
}

impl Measure {
    /// The lower-case name used in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Freeze => "freeze",
        }
    }
}

/// How often a role may die before restarting it is given up: our choice, a role that dies five times dies of its
/// input, not of bad luck.
pub const RESTARTS_MAX: u32 = 5;

/// The supervision table.
///
/// | role | when it dies | why |
/// |---|---|---|
/// | collector, detector, correlator, diagnoser, planner, verifier, learner | restart | they only think; they start cold and say so |
/// | negotiator | restart | its deadlines make every open negotiation end without an action |
/// | executor | freeze | the effect of a step in flight is unknown and is never repeated |
pub const fn measure(role: RoleName, deaths: u32) -> Measure {
    match role {
        RoleName::Executor => Measure::Freeze,
        _ if deaths > RESTARTS_MAX => Measure::Freeze,
        _ => Measure::Restart,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_executor_is_never_restarted() {
        for role in RoleName::ALL {
            let expected = if role == RoleName::Executor {
                Measure::Freeze
            } else {
                Measure::Restart
            };
            assert_eq!(measure(role, 1), expected, "{role}");
            assert_eq!(measure(role, RESTARTS_MAX + 1), Measure::Freeze, "{role}");
        }
    }
}
