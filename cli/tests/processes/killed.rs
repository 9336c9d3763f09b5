//! `kill -9` of any process at any moment of an incident.
//!
//! | id | what always holds |
//! |---|---|
//! | INV-P1 | what the network says was done to it, a journal said before: no change without a durable record |
//! | INV-P2 | no step of a plan is done twice, under whatever key; no plan is committed twice |
//! | INV-P3 | an incident that was opened is closed when the killing is over: once in a journal, and in a second one only by who took over from a leader that died before it could tell |
//! | INV-P4 | every journal passes its audit, signatures included; no record id stands twice |
//! | INV-P5 | every record of an incident reaches the network's side over the bus when the killing is over |

use crate::fleet::{DOMAINS, Fleet, Program, kind};
use crate::nats_server::NatsServer;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Kills during incidents, over all storms. More: `ZIZHI_KILLS=1000 cargo test -p zizhi --test processes`.
const KILLS: u32 = 100;

/// Fleets that are struck at the same time, each with a server of its own: most of a storm is waiting for leases to run out.
const STORMS: u32 = 5;

/// Kills in one incident at most, so that it comes to an end.
const KILLS_EACH: u32 = 4;

/// A killed process stays away so long at most: longer than a lease, so that peers take over now and then.
const AWAY_MS: u64 = 2_000;

/// How often the journals are looked at then.
const LOOK: Duration = Duration::from_millis(500);

/// Longest wait until everything is told and closed again once the killing is over.
const CALM: Duration = Duration::from_mins(5);

struct Storm {
    fleet: Fleet,
    server: NatsServer,
    dice: ChaCha8Rng,
    open: BTreeSet<String>,
    killed: BTreeMap<String, u32>,
    in_this: u32,
    changed: Vec<Value>,
    heard: BTreeSet<String>,
    /// The records that stood in the journals when everything was told and closed.
    calm: BTreeSet<String>,
    /// Who is away, and until when.
    away: Option<(&'static str, Instant)>,
    next: Instant,
}

impl Storm {
    fn kills(&self) -> u32 {
        self.killed.values().sum()
    }

    fn hear(&mut self, line: &Value) {
        if let Some(changed) = line.get("changed") {
            self.changed.push(changed.clone());
        }
        let Some(record) = line.get("record") else {
            return;
        };
        self.heard.insert(record["id"].to_string());
        let incident = record["incident"].to_string();
        match kind(record) {
            "incident-opened" => {
                if self.open.is_empty() {
                    self.in_this = 0;
                    self.next = Instant::now() + self.soon();
                }
                self.open.insert(incident);
            }
            "incident-closed" => drop(self.open.remove(&incident)),
            _ => {}
        }
    }

    /// Whether every record was told and every incident is closed; the records are remembered.
    fn is_calm(&mut self) -> bool {
        let written: Vec<Value> = DOMAINS
            .iter()
            .flat_map(|name| self.fleet.written(name))
            .collect();
        let incidents = |wanted: &str| -> BTreeSet<String> {
            let of = written.iter().filter(|r| kind(r) == wanted);
            of.map(|r| r["incident"].to_string()).collect()
        };
        let about = written.iter().filter(|r| !r["incident"].is_null());
        let ids: BTreeSet<String> = about.map(|r| r["id"].to_string()).collect();
        let open = &incidents("incident-opened") - &incidents("incident-closed");
        let calm = open.is_empty() && ids.is_subset(&self.heard);
        // What comes after this moment may be cut off by the end of the network.
        self.calm = ids;
        calm
    }

    fn soon(&mut self) -> Duration {
        Duration::from_millis(self.dice.random_range(0..200))
    }

    /// Brings back who was away for long enough; strikes if it is time.
    fn act(&mut self) {
        let now = Instant::now();
        if let Some((name, until)) = self.away {
            if now >= until {
                self.away = None;
                if name == "nats" {
                    self.server.restart();
                } else {
                    self.fleet.start(name);
                }
                self.next = Instant::now() + self.soon();
            }
            return;
        }
        if !self.open.is_empty() && self.in_this < KILLS_EACH && now >= self.next {
            self.strike();
        }
    }

    fn strike(&mut self) {
        let victim = match self.dice.random_range(0..5) {
            4 => "nats",
            n => DOMAINS[n],
        };
        if victim == "nats" {
            self.server.kill();
        } else if let Some(mut program) = self.fleet.running.remove(victim) {
            program.kill();
        }
        let away = Duration::from_millis(self.dice.random_range(0..AWAY_MS));
        self.away = Some((victim, Instant::now() + away));
        self.in_this += 1;
        *self.killed.entry(victim.to_owned()).or_default() += 1;
    }
}

/// Plays a campaign in which processes are killed, until there were enough kills and everything is told and closed again.
fn weather(storm: &mut Storm, network: &mut Program, kills: u32) {
    let mut quiet = Instant::now();
    let mut enough: Option<(Instant, Instant)> = None;
    loop {
        match network.line(Duration::from_millis(20)) {
            Ok(line) => {
                quiet = Instant::now();
                storm.hear(&line);
            }
            Err(true) => panic!(
                "the network ended after {} kills: {}",
                storm.kills(),
                storm.fleet.errors()
            ),
            Err(false) => assert!(
                quiet.elapsed() < Duration::from_mins(5),
                "the network stands still: {}",
                storm.fleet.errors()
            ),
        }
        if storm.kills() < kills || storm.away.is_some() {
            storm.act();
            continue;
        }
        let now = Instant::now();
        let (until, look) = enough.get_or_insert((now + CALM, now));
        if now < *look {
            continue;
        }
        *look = now + LOOK;
        let late = now >= *until;
        if storm.is_calm() || late {
            network.stop();
            return;
        }
    }
}

fn broken(journals: &BTreeMap<&str, Vec<Value>>, storm: &Storm) -> Vec<String> {
    let mut found = vec![];
    let mut ids = BTreeSet::new();
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    let mut opened = BTreeSet::new();
    // By incident: the journals that closed it, and those that took it over before.
    let mut closed = BTreeMap::<String, Vec<&str>>::new();
    let mut taken = BTreeSet::new();
    let mut committed = BTreeSet::new();
    for (name, record) in journals
        .iter()
        .flat_map(|(n, r)| r.iter().map(move |r| (n, r)))
    {
        let (id, body) = (record["id"].to_string(), &record["body"]);
        if !ids.insert(id.clone()) {
            found.push(format!("INV-P4: {id} stands twice"));
        }
        match kind(record) {
            "step-started" => {
                let key = body["key"].as_str().unwrap_or_default().to_owned();
                let step = format!("{} {}", body["plan"], body["step"]);
                if let Some(other) = keys.insert(key.clone(), step) {
                    found.push(format!("INV-P2: {key} is begun twice ({other})"));
                }
            }
            "committed" if !committed.insert(body["plan"].to_string()) => {
                found.push(format!("INV-P2: {} is committed twice", body["plan"]));
            }
            "incident-opened" if storm.calm.contains(&id) => {
                opened.insert(record["incident"].to_string());
            }
            "took-over" => drop(taken.insert((record["incident"].to_string(), *name))),
            "incident-closed" => {
                let by = closed.entry(record["incident"].to_string()).or_default();
                by.push(name);
            }
            _ => {}
        }
        if storm.calm.contains(&id) && !storm.heard.contains(&id) {
            found.push(format!(
                "INV-P5: {id} of {name} ({}) was not told",
                kind(record)
            ));
        }
    }
    for incident in &opened {
        let by = closed.get(incident).map_or(&[][..], Vec::as_slice);
        let journals: BTreeSet<&&str> = by.iter().collect();
        let strangers = by
            .iter()
            .filter(|j| !taken.contains(&(incident.clone(), **j)));
        // Whoever opened it, and those who took over.
        if by.is_empty() || journals.len() < by.len() || strangers.count() > 1 {
            found.push(format!("INV-P3: {incident} was closed by {by:?}"));
        }
    }
    let mut done = BTreeSet::new();
    for change in &storm.changed {
        let key = change["key"].as_str().unwrap_or_default();
        let bare = key.rsplit("::").next().unwrap_or_default();
        if let Some(step) = keys.get(bare) {
            if !done.insert(step.clone()) {
                found.push(format!("INV-P2: {step} was done twice"));
            }
        } else if !bare.ends_with("/undo") {
            found.push(format!("INV-P1: {bare} is in no journal"));
        }
    }
    found
}

fn wanted() -> u32 {
    let set = std::env::var("ZIZHI_KILLS").ok();
    set.and_then(|k| k.parse().ok()).unwrap_or(KILLS)
}

/// What one fleet went through.
struct Weathered {
    kills: u32,
    killed: BTreeMap<String, u32>,
    told: BTreeMap<&'static str, usize>,
    problems: Vec<String>,
}

/// Kinds of records that are counted, with the words for them.
const COUNTED: [(&str, &str); 5] = [
    ("incident-opened", "incidents"),
    ("step-started", "steps"),
    ("resumed", "restarts"),
    ("peer-lost", "times a peer was missed"),
    ("took-over", "leads taken over"),
];

/// One fleet under one storm.
fn storm(seed: u64, kills: u32, server: NatsServer) -> Weathered {
    let folder = tempfile::tempdir().unwrap();
    let mut fleet = Fleet::new(folder.path(), server.url(), "village", 1);
    for name in DOMAINS {
        fleet.start(name);
    }
    let (incidents, faults) = ((kills * 10).to_string(), (5 + seed).to_string());
    let mut network = fleet.network(&["--incidents", &incidents, "--seed", &faults]);
    let mut storm = Storm {
        fleet,
        server,
        dice: ChaCha8Rng::seed_from_u64(7 + seed),
        open: BTreeSet::new(),
        killed: BTreeMap::new(),
        in_this: 0,
        changed: vec![],
        heard: BTreeSet::new(),
        calm: BTreeSet::new(),
        away: None,
        next: Instant::now(),
    };
    weather(&mut storm, &mut network, kills);
    for program in storm.fleet.running.values_mut() {
        program.stop();
    }
    let read = |name: &&'static str| (*name, storm.fleet.records(name));
    let journals: BTreeMap<&str, Vec<Value>> = DOMAINS.iter().map(read).collect();
    let mut problems = broken(&journals, &storm);
    if !problems.is_empty() {
        problems.push(storm.fleet.errors());
    }
    let count = |wanted: &str| {
        let all = journals.values().flatten();
        all.filter(|r| kind(r) == wanted).count()
    };
    Weathered {
        kills: storm.kills(),
        told: COUNTED.into_iter().map(|(k, _)| (k, count(k))).collect(),
        killed: storm.killed,
        problems,
    }
}

#[test]
fn whatever_is_killed_nothing_is_lost_and_nothing_is_done_twice() {
    let each = wanted().div_ceil(STORMS);
    let start = || NatsServer::start("kill -9 of every process");
    let Some(servers) = (0..STORMS).map(|_| start()).collect::<Option<Vec<_>>>() else {
        return;
    };
    let weathered: Vec<Weathered> = std::thread::scope(|scope| {
        let storms: Vec<_> = (0..)
            .zip(servers)
            .map(|(seed, server)| scope.spawn(move || storm(seed, each, server)))
            .collect();
        storms.into_iter().map(|s| s.join().unwrap()).collect()
    });
    let mut killed: BTreeMap<&str, u32> = BTreeMap::new();
    for (name, times) in weathered.iter().flat_map(|w| &w.killed) {
        *killed.entry(name).or_default() += times;
    }
    let kills: u32 = weathered.iter().map(|w| w.kills).sum();
    eprint!("{kills} kills {killed:?}");
    for (kind, words) in COUNTED {
        let times: usize = weathered.iter().map(|w| w.told[kind]).sum();
        eprint!(", {times} {words}");
    }
    eprintln!();
    let problems: Vec<&String> = weathered.iter().flat_map(|w| &w.problems).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(kills >= wanted(), "{killed:?}");
}
