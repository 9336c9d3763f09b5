//! Programs as a person would start them: four agents, and the simulated network that they look after.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

pub const DOMAINS: [&str; 4] = ["transport", "compute", "service", "access"];

/// Longest wait for anything; machines are shared.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A program whose lines are JSON.
pub struct Program {
    child: Child,
    lines: Receiver<Value>,
}

impl Program {
    /// Starts it; what it says on standard error goes to a file.
    pub fn start(args: &[&str], errors: &Path) -> Self {
        let errors = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(errors)
            .unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_zizhi"))
            .args(args)
            .env("ZIZHI_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = sync_channel(100_000);
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// The next line within `wait`; `Err(true)` when the program has ended.
    pub fn line(&self, wait: Duration) -> Result<Value, bool> {
        let next = self.lines.recv_timeout(wait);
        next.map_err(|e| e == RecvTimeoutError::Disconnected)
    }

    /// Kills it as `kill -9` does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&mut self) {
        let id = self.child.id().to_string();
        let _ = Command::new("kill").arg(id).status();
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if self.child.try_wait().unwrap().is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not stop");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The agents' processes, by name.
pub struct Fleet {
    folder: PathBuf,
    url: String,
    network: &'static str,
    pub running: BTreeMap<&'static str, Program>,
}

impl Fleet {
    /// Nothing runs yet. Who says nothing for the time of a lease counts as lost: short where processes are killed, long
    /// where a slow machine must not look like a dead one.
    pub fn new(folder: &Path, url: String, network: &'static str, lease_s: u32) -> Self {
        std::fs::create_dir_all(folder.join("data")).unwrap();
        let settings = format!(
            "lease_s = {lease_s}.0\nclock = \"bus\"\nmode = \"auto\"\nnetwork = \"{network}\"\n[bus]\nurl = \"{url}\"\nredeliver_ms = 1000\n[bus.stream]\nmax_bytes = 268435456\n"
        );
        std::fs::write(folder.join("zizhi.toml"), settings).unwrap();
        Self {
            folder: folder.to_owned(),
            url,
            network,
            running: BTreeMap::new(),
        }
    }

    /// Starts the process of one domain, or of all for `swarm`, and waits until it runs.
    pub fn start(&mut self, name: &'static str) {
        let own = self.folder.join(format!("{name}.toml"));
        let common = self.folder.join("zizhi.toml");
        let config = if own.exists() { own } else { common };
        let data = self.data();
        let mut args = vec![
            "run",
            "--json",
            "--config",
            config.to_str().unwrap(),
            "--data",
            data.to_str().unwrap(),
        ];
        if name != "swarm" {
            args.extend(["--domain", name]);
        }
        let errors = self.folder.join(format!("{name}.err"));
        let program = Program::start(&args, &errors);
        let until = Instant::now() + PATIENCE;
        loop {
            match program.line(Duration::from_millis(100)) {
                Ok(line) if line.get("started").is_some() => break,
                Ok(_) | Err(false) => assert!(
                    Instant::now() < until,
                    "{name} does not start: {}",
                    std::fs::read_to_string(&errors).unwrap_or_default()
                ),
                Err(true) => panic!(
                    "{name} ended: {}",
                    std::fs::read_to_string(&errors).unwrap_or_default()
                ),
            }
        }
        self.running.insert(name, program);
    }

    /// The simulated network.
    pub fn network(&self, more: &[&str]) -> Program {
        let journal = self.folder.join("combined.jsonl");
        let mut args = vec![
            "demo",
            "--json",
            "--speed",
            "0",
            "--network",
            self.network,
            "--bus",
            &self.url,
            "--journal",
            journal.to_str().unwrap(),
        ];
        args.extend(more);
        Program::start(&args, &self.folder.join("network.err"))
    }

    /// Where the journals are.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What a program complained of.
    pub fn errors(&self) -> String {
        let mut all = String::new();
        for name in DOMAINS.iter().chain(&["swarm", "network"]) {
            let text = std::fs::read_to_string(self.folder.join(format!("{name}.err")));
            for line in text.unwrap_or_default().lines().rev().take(12) {
                let _ = writeln!(all, "{name}: {line}");
            }
        }
        all
    }

    /// The records of a journal that may be written to at this moment.
    pub fn written(&self, name: &str) -> Vec<Value> {
        let path = self.data().join(format!("{name}.jsonl"));
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let whole = text
            .lines()
            .filter_map(|l| serde_json::from_str::<Value>(l).ok());
        whole.map(|line| line["record"].clone()).collect()
    }

    /// The records of one journal, whose chain and signatures are checked.
    pub fn records(&self, name: &str) -> Vec<Value> {
        let path = self.data().join(format!("{name}.jsonl"));
        let (path, keys) = (path.to_str().unwrap(), self.data().join("keys"));
        let verified = Command::new(env!("CARGO_BIN_EXE_zizhi"))
            .args(["audit", "verify", "--json", path])
            .args(["--keys", keys.to_str().unwrap()])
            .output()
            .unwrap();
        assert!(
            verified.status.success(),
            "{}{}",
            String::from_utf8_lossy(&verified.stdout),
            String::from_utf8_lossy(&verified.stderr)
        );
        let text = std::fs::read_to_string(path).unwrap();
        text.lines()
            .map(|l| serde_json::from_str::<Value>(l).unwrap()["record"].clone())
            .collect()
    }
}

/// The kind of a record's body.
pub fn kind(record: &Value) -> &str {
    record["body"]["kind"].as_str().unwrap_or_default()
}
