//! Watching runs until their checks hold, or their time is over.

use super::{Input, Output, Watch};
use crate::picture::{Picture, Series};
use crate::role::Engine;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::action::Verb;
use zizhi_types::objective::{Importance, Objective, Violation};
use zizhi_types::plan::Check;
use zizhi_types::record::Verdict;
use zizhi_types::verify::Reading;
use zizhi_types::{ManagedObject, Metric, NetTime, ObjectKind, Plan, RunId};

/// A change may shake the network for so long before anything new counts against it. Our choice: reconvergence, a
/// restart and one measuring interval.
const SETTLE_MS: u64 = 25_000;

/// A new violation that lasts so long is a regression, not an echo.
const REGRESSION_MS: u64 = 40_000;

/// A suspect must be healthy for so long before a temporary remedy is taken back.
const HEALTHY_MS: u64 = 60_000;

/// A suspect that falls ill again so soon after a release was not healthy: what is idle shows no harm.
const RELAPSE_MS: u64 = 900_000;

/// After each relapse it must be healthy for twice as long, up to this many doublings. Our choice: a little over half an
/// hour at most, since by then a field crew has looked at it.
const DOUBLINGS_MAX: u32 = 5;

/// The verifier of one domain.
#[derive(Default)]
pub struct Verifier {
    watched: BTreeMap<RunId, Watching>,
    guarded: BTreeMap<RunId, Guarding>,
    /// When remedies for a suspect were last taken back, and how often in a row that was too early.
    releases: BTreeMap<ManagedObject, (NetTime, u32)>,
}

struct Watching {
    watch: Watch,
    begun: NetTime,
    /// Good readings in a row, and when the last of them was taken.
    good: u32,
    good_at: Option<NetTime>,
    worse_since: BTreeMap<Series, NetTime>,
}

struct Guarding {
    plan: Plan,
    healthy_since: Option<NetTime>,
    /// How long it must be healthy.
    patience_ms: u64,
}

impl Watching {
    /// `None` while it is too early to tell.
    fn verdict(
        &mut self,
        picture: &Picture,
        elsewhere: &BTreeSet<Series>,
        now: NetTime,
    ) -> Option<(Verdict, String)> {
        let settled = now.since(self.begun) >= SETTLE_MS;
        let after = self.after(picture, now);
        if let Some(worse) = self.regression(&after, elsewhere, now).filter(|_| settled) {
            return Some((Verdict::Fail, format!("{worse} got worse")));
        }
        let read: Vec<Option<Reading>> = self.readings(picture, now);
        if let Some(why) = self.failed(&read) {
            return Some((Verdict::Fail, why));
        }
        let all_hold = read.iter().all(|r| *r == Some(Reading::Pass));
        if all_hold && self.improved(&after, elsewhere) {
            if self.enough(now) {
                let why = "the checks hold and nothing got worse".to_owned();
                return Some((Verdict::Pass, why));
            }
        } else {
            (self.good, self.good_at) = (0, None);
        }
        let over = now.since(self.begun) >= self.watch.plan.verify_ms.max(SETTLE_MS);
        over.then(|| self.when_over(&read))
    }

    /// What the checks say; nothing of what was not measured since the last step.
    fn readings(&self, picture: &Picture, now: NetTime) -> Vec<Option<Reading>> {
        let checks = self.watch.plan.verify.iter();
        checks.map(|c| self.check(c, picture, now)).collect()
    }

    /// The playbook names a value from which on the change has failed: nothing is waited for.
    fn failed(&self, read: &[Option<Reading>]) -> Option<String> {
        let at = read.iter().position(|r| *r == Some(Reading::Fail))?;
        let check = self.watch.plan.verify.get(at)?;
        let (metric, object) = (check.metric.as_str(), &check.object);
        Some(format!("{metric} of {object} says that it failed"))
    }

    /// Counts a good reading; true when there were as many in a row as the plan asks for. One good one may be luck.
    fn enough(&mut self, now: NetTime) -> bool {
        let readings = self.watch.plan.policy.readings;
        let apart_ms = readings.every_ms.max(1);
        if self.good_at.is_none_or(|at| now.since(at) >= apart_ms) {
            self.good += 1;
            self.good_at = Some(now);
        }
        self.good >= readings.min_pass
    }

    fn when_over(&self, read: &[Option<Reading>]) -> (Verdict, String) {
        let has = |wanted: Option<Reading>| read.contains(&wanted);
        let (verdict, why) = if has(Some(Reading::Short)) {
            (Verdict::Fail, "the checks do not hold".to_owned())
        } else if has(None) {
            let why = "what must be checked was not measured since";
            (Verdict::Inconclusive, why.to_owned())
        } else if has(Some(Reading::Between)) {
            let why = "what was measured is neither good nor a failure";
            (Verdict::Inconclusive, why.to_owned())
        } else if self.good > 0 && !self.watch.plan.policy.readings.is_usual() {
            let (good, wanted) = (self.good, self.watch.plan.policy.readings.min_pass);
            let why = format!("{good} good readings in a row, and {wanted} are asked for");
            (Verdict::Inconclusive, why)
        } else {
            let why = "what was violated before still is";
            (Verdict::Fail, why.to_owned())
        };
        (verdict, why)
    }

    fn after(&self, picture: &Picture, now: NetTime) -> Vec<Violation> {
        let own: BTreeSet<Series> = settings_of(&self.watch.plan, picture);
        let counts = |v: &Violation| {
            picture.importance(v) != Importance::Conformity
                || !own.contains(&(v.object.clone(), v.metric))
        };
        picture.violations(now).into_iter().filter(counts).collect()
    }

    fn check(&self, check: &Check, picture: &Picture, now: NetTime) -> Option<Reading> {
        let fresh = picture
            .measured_at(&check.object, check.metric)
            .is_some_and(|at| at > self.begun);
        let value = picture.value(&check.object, check.metric, now);
        value.filter(|_| fresh).map(|v| check.read(v))
    }

    /// Of what was violated before, at least one is not any more, or nothing was; and nothing is new.
    fn improved(&self, after: &[Violation], elsewhere: &BTreeSet<Series>) -> bool {
        let series = |v: &Violation| (v.object.clone(), v.metric);
        let before: BTreeSet<Series> = self
            .watch
            .before
            .iter()
            .map(series)
            .filter(|s| !elsewhere.contains(s))
            .collect();
        let after: BTreeSet<Series> = after
            .iter()
            .map(series)
            .filter(|s| !elsewhere.contains(s))
            .collect();
        after.is_subset(&before) && (before.is_empty() || after.len() < before.len())
    }

    fn regression(
        &mut self,
        after: &[Violation],
        elsewhere: &BTreeSet<Series>,
        now: NetTime,
    ) -> Option<ManagedObject> {
        let before: BTreeSet<Series> = self
            .watch
            .before
            .iter()
            .map(|v| (v.object.clone(), v.metric))
            .collect();
        let new: BTreeSet<Series> = after
            .iter()
            .map(|v| (v.object.clone(), v.metric))
            .filter(|s| !before.contains(s) && !elsewhere.contains(s))
            .collect();
        self.worse_since.retain(|s, _| new.contains(s));
        for series in new {
            self.worse_since.entry(series).or_insert(now);
        }
        let lasting = self
            .worse_since
            .iter()
            .find(|(_, since)| now.since(**since) >= REGRESSION_MS);
        lasting.map(|(series, _)| series.0.clone())
    }

    /// Measured against predicted, over the predicted changes that were measured again.
    fn twin_error(&self, picture: &Picture, now: NetTime) -> Option<f64> {
        let errors: Vec<f64> = self
            .watch
            .predicted
            .iter()
            .filter_map(|p| {
                let measured = picture.value(&p.object, p.metric, now)?;
                Some((p.with - measured).abs() / measured.abs().max(0.1))
            })
            .collect();
        (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64)
    }
}

/// The settings that the plan changes on purpose.
pub(crate) fn settings_of(plan: &Plan, picture: &Picture) -> BTreeSet<Series> {
    let ports = |object: &ManagedObject| {
        if object.kind() == ObjectKind::Link {
            picture.ports_of(object)
        } else {
            vec![object.clone()]
        }
    };
    let locked = plan.steps.iter().map(|s| &s.action);
    let locked = locked.filter(|a| a.verb == Verb::CellLock);
    plan.steps
        .iter()
        .flat_map(|s| ports(&s.action.object))
        .flat_map(|port| [(port.clone(), Metric::PortCost), (port, Metric::PortRate)])
        .chain(locked.map(|a| (a.object.clone(), Metric::CellUp)))
        .collect()
}

impl Guarding {
    fn healthy(&self, picture: &Picture, unusual: &BTreeSet<Series>, now: NetTime) -> bool {
        let suspect = &self.plan.suspect;
        let watched: Vec<ManagedObject> = match suspect.kind() {
            ObjectKind::Link => picture.ports_of(suspect),
            _ => vec![suspect.clone()],
        };
        // Steering that makes room stays while more is asked for than usual: without it the crowd would be back.
        let asked = |m: Metric| matches!(m, Metric::GroupRate | Metric::DemandRate);
        if !matches!(suspect.kind(), ObjectKind::Link | ObjectKind::Router)
            && unusual.iter().any(|(_, m)| asked(*m))
        {
            return false;
        }
        // Load and cost are what the remedy itself moved.
        let moved = |m: Metric| {
            matches!(
                m,
                Metric::PortCost | Metric::PortUtilization | Metric::PortQueue
            )
        };
        let quiet = !unusual
            .iter()
            .any(|(o, m)| watched.contains(o) && !moved(*m));
        let kept = |o: &Objective| {
            picture
                .value(&o.object, o.metric, now)
                .is_some_and(|v| o.holds(v))
        };
        quiet
            && picture
                .objectives()
                .filter(|o| watched.contains(&o.object) && !moved(o.metric))
                .all(kept)
    }
}

impl Verifier {
    /// How long a suspect must be healthy this time. A remedy that is needed again right after it was taken back was taken
    /// back too early: what carries nothing cannot show that it is ill.
    fn patience(&mut self, suspect: &ManagedObject, now: NetTime) -> u64 {
        let Some((released, relapses)) = self.releases.get_mut(suspect) else {
            return HEALTHY_MS;
        };
        *relapses = if now.since(*released) <= RELAPSE_MS {
            (*relapses + 1).min(DOUBLINGS_MAX)
        } else {
            0
        };
        HEALTHY_MS << *relapses
    }

    fn tick(
        &mut self,
        picture: &Picture,
        unusual: &BTreeSet<Series>,
        elsewhere: &BTreeSet<Series>,
        now: NetTime,
    ) -> Vec<Output> {
        let mut outputs = vec![];
        let mut done = vec![];
        for (run, watching) in &mut self.watched {
            let Some((verdict, reason)) = watching.verdict(picture, elsewhere, now) else {
                continue;
            };
            done.push(run.clone());
            outputs.push(Output::Verdict {
                run: run.clone(),
                verdict,
                before: watching.watch.before.clone(),
                after: watching.after(picture, now),
                reason,
                twin_error: watching.twin_error(picture, now),
                actions: watching
                    .watch
                    .plan
                    .steps
                    .iter()
                    .map(|s| s.action.clone())
                    .collect(),
            });
        }
        for run in done {
            self.watched.remove(&run);
        }
        for (run, guarding) in &mut self.guarded {
            if !guarding.healthy(picture, unusual, now) {
                guarding.healthy_since = None;
                continue;
            }
            let since = *guarding.healthy_since.get_or_insert(now);
            if now.since(since) >= guarding.patience_ms {
                let release = self.releases.entry(guarding.plan.suspect.clone());
                release.or_insert((now, 0)).0 = now;
                outputs.push(Output::HealthyAgain(run.clone()));
            }
        }
        outputs
    }
}

impl Engine for Verifier {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, input: Input, now: NetTime) -> Vec<Output> {
        match input {
            Input::Watch(watch) => {
                let run = watch.run.clone();
                let watching = Watching {
                    watch: *watch,
                    begun: now,
                    good: 0,
                    good_at: None,
                    worse_since: BTreeMap::new(),
                };
                self.watched.insert(run, watching);
                vec![]
            }
            Input::Guard { run, plan } => {
                let patience_ms = self.patience(&plan.suspect, now);
                self.guarded.insert(
                    run,
                    Guarding {
                        plan: *plan,
                        healthy_since: None,
                        patience_ms,
                    },
                );
                vec![]
            }
            Input::Forget(run) => {
                self.watched.remove(&run);
                self.guarded.remove(&run);
                vec![]
            }
            Input::Tick {
                picture,
                unusual,
                elsewhere,
            } => self.tick(&picture, &unusual, &elsewhere, now),
        }
    }
}
