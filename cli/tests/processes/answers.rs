//! A person answers and stops over a real server, with the permissions that are shipped: each agent and the operator has a
//! login of its own, and only the keys and TLS of the shipped file are replaced by passwords.

use crate::fleet::{DOMAINS, Fleet, PATIENCE, Program, kind};
use crate::nats_server::NatsServer;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// The bound that is promised for the kill switch is a second; a machine that runs other tests gets more.
const STOPPED_MS: u128 = 10_000;

struct Noc {
    fleet: Fleet,
    server: NatsServer,
    folder: tempfile::TempDir,
}

/// The shipped file's users, by password. The simulated network is no process of a real one, and may do anything.
fn shipped(folder: &Path) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/nats/zizhi.conf");
    let text = std::fs::read_to_string(file).unwrap();
    let users = text.split_once("authorization {").unwrap().1;
    let mut users = format!("authorization {{{users}");
    for who in DOMAINS
        .into_iter()
        .chain(["network", "ingest", "dashboard", "operator", "sender"])
    {
        let key = format!("nkey: $KEY_{}", who.to_uppercase());
        assert!(users.contains(&key), "the shipped file lacks {key}");
        users = users.replace(&key, &format!("user: {who}, password: \"of-{who}\""));
    }
    let users = users.replacen(
        "users: [",
        "users: [ { user: drill, password: \"of-drill\" }",
        1,
    );
    let store = folder.join("store");
    format!(
        "jetstream {{ store_dir: \"{}\" }}\nno_auth_user: drill\n{users}",
        store.display()
    )
}

impl Noc {
    fn open(test: &str, mode: &str, policy: &str) -> Option<Self> {
        let server = NatsServer::start_as_written(test, shipped)?;
        let folder = tempfile::tempdir().unwrap();
        let fleet = Fleet::new(folder.path(), server.url(), "village", 1);
        let noc = Self {
            fleet,
            server,
            folder,
        };
        let rules = noc.folder.path().join("policy.yaml");
        std::fs::write(
            &rules,
            format!("apiVersion: zizhi/v1\nkind: Policy\n{policy}"),
        )
        .unwrap();
        for who in DOMAINS.into_iter().chain(["operator"]) {
            noc.login(who, mode, &rules);
        }
        // The operator's first word makes the stream and the buckets, which no agent may.
        let said = noc.zizhi(
            &["kill", "off", "--by", "noc-1", "--reason", "a new day"],
            "operator",
        );
        assert!(said.status.success(), "{}", told(&said));
        Some(noc)
    }

    fn login(&self, who: &str, mode: &str, policy: &Path) {
        let folder = self.folder.path();
        let password = folder.join(format!("{who}.password"));
        std::fs::write(&password, format!("of-{who}")).unwrap();
        let settings = format!(
            "lease_s = 1.0\nclock = \"bus\"\nmode = \"{mode}\"\nnetwork = \"village\"\npolicy = \"{}\"\ndata = \"{}\"\n[bus]\nurl = \"{}\"\nuser = \"{who}\"\npassword_file = \"{}\"\nredeliver_ms = 1000\n[bus.stream]\nmax_bytes = 268435456\n",
            policy.display(),
            self.fleet.data().display(),
            self.server.url(),
            password.display(),
        );
        std::fs::write(folder.join(format!("{who}.toml")), settings).unwrap();
    }

    fn start(&mut self, more: &[&str]) -> Program {
        for name in DOMAINS {
            self.fleet.start(name);
        }
        let url = self.server.url();
        let journal = self.folder.path().join("combined.jsonl");
        let mut args = vec![
            "demo",
            "--json",
            "--network",
            "village",
            "--bus",
            &url,
            "--journal",
        ];
        args.push(journal.to_str().unwrap());
        args.extend(more);
        Program::start(&args, &self.folder.path().join("network.err"))
    }

    fn zizhi(&self, args: &[&str], login: &str) -> Output {
        let settings = self.folder.path().join(format!("{login}.toml"));
        Command::new(env!("CARGO_BIN_EXE_zizhi"))
            .args(args)
            .args(["--config", settings.to_str().unwrap()])
            .output()
            .unwrap()
    }

    fn answers(&self, word: &str, plan: &str, by: &str) -> Output {
        self.zizhi(
            &[word, plan, "--by", by, "--reason", "it was looked at"],
            "operator",
        )
    }

    /// Waits until the journal of one domain has a record that fits, and returns it.
    fn finds(&self, name: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = self.read(name).into_iter().find(&fits) {
                return found;
            }
            assert!(
                Instant::now() < until,
                "no {what} at {name}: {}",
                self.fleet.errors()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What is written so far; a line that is being written is left out.
    fn read(&self, name: &str) -> Vec<Value> {
        let path = self.fleet.data().join(format!("{name}.jsonl"));
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let lines = text
            .lines()
            .filter_map(|l| serde_json::from_str::<Value>(l).ok());
        lines.map(|l| l["record"].clone()).collect()
    }
}

fn told(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|t| String::from_utf8_lossy(t).into_owned());
    text.concat()
}

fn is(wanted: &str) -> impl Fn(&Value) -> bool {
    move |record| kind(record) == wanted
}

#[test]
fn two_people_approve_and_every_other_answer_is_told_why_it_does_not_count() {
    let policy = "classes: [{name: links, objects: [\"link/*\"], people: 2}]\n";
    let Some(mut noc) = Noc::open("two people approve", "approve", policy) else {
        return;
    };
    let network = noc.start(&[
        "--speed",
        "15",
        "--incidents",
        "1",
        "--fault",
        "link-down",
        "--seed",
        "3",
    ]);
    let asked = noc.finds("transport", "request", is("approval-asked"));
    let plan = asked["body"]["plan"].as_str().unwrap().to_owned();
    let listed = noc.zizhi_approvals();
    assert!(listed.contains(&plan), "{listed}");

    for by in ["noc-1", " NOC-1", "noc-2"] {
        let sent = noc.answers("approve", &plan, by);
        assert!(sent.status.success(), "{}", told(&sent));
        let counted = if by == " NOC-1" {
            "answer-refused"
        } else {
            "approved"
        };
        noc.finds("transport", counted, |r| {
            kind(r) == counted && r["who"].to_string().contains(by)
        });
    }
    let refused = noc.finds("transport", "refusal", is("answer-refused"));
    let why = "this person has answered already";
    assert_eq!(refused["body"]["reason"], why);
    noc.finds("transport", "step", is("step-done"));

    let late = noc.answers("reject", &plan, "noc-3");
    assert_eq!(late.status.code(), Some(1));
    assert!(told(&late).contains("waits for nobody"), "{}", told(&late));
    drop(network);
    noc.stop();
    for name in DOMAINS {
        noc.fleet.records(name);
    }
}

impl Noc {
    fn stop(&mut self) {
        for program in self.fleet.running.values_mut() {
            program.stop();
        }
    }

    fn zizhi_approvals(&self) -> String {
        let data = self.fleet.data();
        let output = Command::new(env!("CARGO_BIN_EXE_zizhi"))
            .args(["approvals", "--journal", data.to_str().unwrap()])
            .output()
            .unwrap();
        told(&output)
    }
}

/// Measured: from the return of `zizhi kill on` to the switch's record in each of the four journals, by the wall; and, in the
/// order of each journal, that no step begins while the switch is on.
#[test]
fn the_kill_switch_stops_every_process_and_an_agent_cannot_touch_it() {
    let Some(mut noc) = Noc::open("the kill switch", "auto", "") else {
        return;
    };
    let network = noc.start(&["--speed", "0", "--incidents", "500", "--seed", "3"]);
    noc.finds("transport", "step", is("step-started"));

    // What an agent could write: only its own switch's file, elsewhere.
    let elsewhere = noc.folder.path().join("elsewhere");
    let place = elsewhere.to_str().unwrap();
    let on = ["kill", "on", "--by", "mallory", "--reason", "mine"];
    let rogue = noc.zizhi(&[&on[..], &["--data", place]].concat(), "transport");
    assert!(!rogue.status.success(), "{}", told(&rogue));

    // The data folder is another one too: it is the bus that reaches the processes.
    let on = [
        "kill",
        "on",
        "--by",
        "noc-1",
        "--reason",
        "a storm of changes",
    ];
    let pressed = noc.zizhi(&[&on[..], &["--data", place]].concat(), "operator");
    assert!(pressed.status.success(), "{}", told(&pressed));
    let since = Instant::now();
    let is_on = |r: &Value| kind(r) == "kill-switch" && r["body"]["on"] == true;
    for name in DOMAINS {
        let record = noc.finds(name, "kill switch", is_on);
        assert_eq!(record["body"]["reason"], "a storm of changes");
    }
    let took = since.elapsed().as_millis();
    eprintln!("the kill switch is in all journals after {took} ms");
    assert!(took < STOPPED_MS, "{took} ms");

    let playbook = "transport.link.drain";
    let by = ["--by", "noc-1", "--reason", "the cause was found"];
    let closed = noc.zizhi(
        &[&["kill", "close-breaker", playbook][..], &by].concat(),
        "operator",
    );
    assert!(closed.status.success(), "{}", told(&closed));
    let record = noc.finds("transport", "closed breaker", is("breaker-closed"));
    assert_eq!(record["body"]["playbook"], playbook);

    let off = [
        "kill",
        "off",
        "--by",
        "noc-2",
        "--reason",
        "the storm is over",
    ];
    let released = noc.zizhi(&[&off[..], &["--data", place]].concat(), "operator");
    assert!(released.status.success(), "{}", told(&released));
    let is_off = |r: &Value| kind(r) == "kill-switch" && r["body"]["on"] == false;
    noc.finds("transport", "release", is_off);
    drop(network);
    noc.stop();
    for name in DOMAINS {
        let mut on = false;
        for record in noc.fleet.records(name) {
            match kind(&record) {
                "kill-switch" => on = record["body"]["on"] == true,
                "step-started" => assert!(!on, "{name}: a step began: {record}"),
                _ => {}
            }
            assert!(!record.to_string().contains("mallory"), "{record}");
        }
    }
}
