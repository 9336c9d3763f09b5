//! What the tests of the drivers share: a network from a file, a gate with its memory, a server that answers from a list.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file uses a part, and stops at the first surprise"
)]

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use zizhi_playbooks::door::{Answer, Question};
use zizhi_playbooks::drivers::{Gate, Memory, OwnNetwork, check};
use zizhi_playbooks::{DriverError, Recall};
use zizhi_types::action::{Action, Receipt, Value};
use zizhi_types::{Term, Verb};

/// The network of a file's text, which must be good.
pub fn network(text: &str) -> Arc<OwnNetwork> {
    let drivers = check("drivers.yaml", text).unwrap_or_else(|f| panic!("{f:#?}"));
    Arc::new(OwnNetwork::new(drivers, "/nonexistent/zizhi".into()))
}

/// Its gate, with a memory in `folder`.
pub fn gate(text: &str, folder: &Path) -> Gate {
    let memory = Memory::open(&folder.join("drivers.keys")).unwrap();
    Gate::new(network(text), memory)
}

pub fn action(verb: Verb, object: &str) -> Action {
    Action::new(verb, object.parse().unwrap())
}

pub fn number(verb: Verb, object: &str, name: &str, value: f64) -> Action {
    action(verb, object).with(name, Value::Number(value))
}

pub async fn apply(
    gate: &Gate,
    term: u64,
    key: &str,
    action: &Action,
) -> Result<Receipt, DriverError> {
    let question = Question {
        term: Term(term),
        key: key.to_owned(),
        action: Some(action.clone()),
    };
    match gate.ask(question).await {
        Answer::Applied(result) => result,
        Answer::Recalled(found) => panic!("{found:?}"),
    }
}

pub async fn recall(gate: &Gate, key: &str) -> Recall {
    let question = Question {
        term: Term(u64::MAX),
        key: key.to_owned(),
        action: None,
    };
    match gate.ask(question).await {
        Answer::Recalled(found) => found,
        Answer::Applied(answer) => panic!("{answer:?}"),
    }
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Came {
    pub line: String,
    pub head: String,
    pub body: String,
}

/// Status and body of an answer; none keeps the line open and says nothing.
pub type Reply = Option<(u16, String)>;

/// A server on a port of its own.
pub struct Server {
    pub url: String,
    pub came: Arc<Mutex<Vec<Came>>>,
}

impl Server {
    /// The requests so far, by their first lines.
    pub fn lines(&self) -> Vec<String> {
        self.came
            .lock()
            .unwrap()
            .iter()
            .map(|c| c.line.clone())
            .collect()
    }

    /// Those that change something.
    pub fn changes(&self) -> Vec<Came> {
        let came = self.came.lock().unwrap();
        came.iter()
            .filter(|c| !c.line.starts_with("GET"))
            .cloned()
            .collect()
    }
}

/// Starts a server that answers with what `reply` says.
pub async fn serve(reply: impl Fn(&Came) -> Reply + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let came = Arc::new(Mutex::new(vec![]));
    let (kept, reply) = (Arc::clone(&came), Arc::new(reply));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream, Arc::clone(&kept), Arc::clone(&reply)));
        }
    });
    Server { url, came }
}

/// Starts such a server behind TLS, for `localhost`; its authority's certificate is `ca.pem` of the folder. `None` without the
/// `openssl` command.
pub async fn serve_tls(
    folder: &Path,
    reply: impl Fn(&Came) -> Reply + Send + Sync + 'static,
) -> Option<Server> {
    let certificates = certificates(folder)?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates.0, certificates.1)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let came = Arc::new(Mutex::new(vec![]));
    let (kept, reply) = (Arc::clone(&came), Arc::new(reply));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, kept, reply) = (acceptor.clone(), Arc::clone(&kept), Arc::clone(&reply));
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    talk(stream, kept, reply).await;
                }
            });
        }
    });
    let url = format!("https://localhost:{port}");
    Some(Server { url, came })
}

type Certificates = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn certificates(folder: &Path) -> Option<Certificates> {
    let make = |words: &str| {
        let mut command = Command::new("openssl");
        command
            .current_dir(folder)
            .args(["req", "-x509", "-days", "2", "-nodes"]);
        command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
        command.args(words.split(' ')).output()
    };
    if make("-subj /CN=authority -keyout ca.key -out ca.pem").is_err() {
        eprintln!("SKIPPED: tests of drivers behind TLS: no openssl command");
        return None;
    }
    let own = "-CA ca.pem -CAkey ca.key -subj /CN=localhost -addext subjectAltName=DNS:localhost";
    let plain = "-addext basicConstraints=critical,CA:FALSE -keyout own.key -out own.pem";
    assert!(make(&format!("{own} {plain}")).unwrap().status.success());
    let chain = CertificateDer::pem_file_iter(folder.join("own.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("own.key")).unwrap();
    Some((chain.map(Result::unwrap).collect(), key))
}

async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    kept: Arc<Mutex<Vec<Came>>>,
    reply: Arc<impl Fn(&Came) -> Reply>,
) {
    while let Some(request) = request(&mut stream).await {
        kept.lock().unwrap().push(request.clone());
        let Some((status, body)) = reply(&request) else {
            tokio::time::sleep(std::time::Duration::from_secs(30)).await;
            return;
        };
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Came> {
    let (mut bytes, mut block) = (vec![], [0; 4096]);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end;
        }
        let read = stream.read(&mut block).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&block[..read]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length: usize = head
        .lines()
        .find_map(|l| {
            l.to_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0);
    while bytes.len() < end + 4 + length {
        let read = stream.read(&mut block).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&block[..read]);
    }
    let line = head
        .lines()
        .next()?
        .trim_end_matches(" HTTP/1.1")
        .to_owned();
    let body = String::from_utf8_lossy(&bytes[end + 4..end + 4 + length]).into_owned();
    Some(Came { line, head, body })
}
