//! Who may say, hear and keep what: over a real server that runs the configuration we ship.

use crate::keys::{Nkey, Role, certificates};
use crate::nats_server::NatsServer;
use crate::place::{NOW, PATIENCE, config, heard, listen, next};
use async_nats::{Client, ConnectOptions, Event};
use futures_util::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use zizhi_bus::nats::{NatsTap, TapConfig, TlsConfig};
use zizhi_bus::{Bus, LeaseError, Leases, NatsBus, NatsConfig};

/// Everybody with a key. The sender has subjects of its own.
const USERS: [&str; 9] = [
    "transport",
    "compute",
    "service",
    "access",
    "network",
    "ingest",
    "dashboard",
    "operator",
    "sender",
];

const PLANES: [&str; 6] = ["obs", "evt", "neg", "plan", "act", "audit"];

/// The rules in a sentence each: own subjects; telemetry by those who bring it; approvals by a person.
fn may_publish(who: &str, domain: &str, plane: &str) -> bool {
    who == domain
        || (plane == "obs" && ["network", "ingest"].contains(&who))
        || (plane == "plan" && who == "operator")
}

/// The shipped configuration with this folder's paths and keys, and no fixed address.
fn shipped(folder: &Path) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/nats/zizhi.conf");
    let text = std::fs::read_to_string(file).unwrap();
    let rendered = [
        ("listen: \"0.0.0.0:4222\"\n", String::new()),
        ("http: \"127.0.0.1:8222\"\n", String::new()),
        ("/var/lib/nats", folder.join("store").display().to_string()),
        ("/etc/nats/", format!("{}/", folder.display())),
    ]
    .iter()
    .fold(text, |text, (from, to)| {
        assert!(text.contains(from), "the shipped file lacks {from}");
        text.replace(from, to)
    });
    let key = |who: &&str| {
        let public = Nkey::of(who, Role::User, folder).public();
        format!("KEY_{}: {public}", who.to_uppercase())
    };
    let keys: Vec<String> = USERS.iter().map(key).collect();
    std::fs::write(folder.join("zizhi-keys.conf"), keys.join("\n")).unwrap();
    rendered
}

fn start(test: &str) -> Option<NatsServer> {
    let mut has_openssl = true;
    let server = NatsServer::start_as_written(test, |folder| {
        has_openssl = certificates(folder, &["server"]);
        if has_openssl {
            shipped(folder)
        } else {
            String::new()
        }
    })?;
    if !has_openssl {
        eprintln!("SKIPPED: {test}: no openssl 3 command");
        return None;
    }
    Some(server)
}

fn config_of(server: &NatsServer, who: &str) -> NatsConfig {
    let seed = server.folder().join(format!("{who}.seed"));
    std::fs::write(&seed, Nkey::of(who, Role::User, server.folder()).seed()).unwrap();
    NatsConfig {
        nkey_seed: Some(seed),
        tls: Some(TlsConfig {
            ca: Some(server.folder().join("ca.pem")),
            ..TlsConfig::default()
        }),
        ..config(server, 256)
    }
}

async fn bus_of(server: &NatsServer, who: &str) -> NatsBus {
    NatsBus::connect(config_of(server, who), who).await.unwrap()
}

/// A program of its own that keeps to no rules, and what the server told it off for.
struct Rogue {
    client: Client,
    denied: Arc<Mutex<Vec<String>>>,
}

impl Rogue {
    async fn of(server: &NatsServer, who: &str) -> Self {
        let denied = Arc::new(Mutex::new(vec![]));
        let log = Arc::clone(&denied);
        let client = ConnectOptions::with_nkey(Nkey::of(who, Role::User, server.folder()).seed())
            .add_root_certificates(server.folder().join("ca.pem"))
            .require_tls(true)
            .custom_inbox_prefix(format!("_INBOX.{who}"))
            .event_callback(move |event| {
                if let Event::ServerError(error) = event {
                    log.lock().unwrap().push(error.to_string());
                }
                async {}
            })
            .connect(server.url())
            .await
            .unwrap();
        Self { client, denied }
    }

    /// Until the server has told it off so many times, which it does in the order of what it got.
    async fn is_denied(&self, count: usize) {
        let waited = async {
            while self.denied.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let done = tokio::time::timeout(PATIENCE, waited).await;
        let denied = self.denied.lock().unwrap();
        assert!(done.is_ok(), "{count} denials expected: {denied:#?}");
        assert_eq!(denied.len(), count, "{denied:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_say_what_is_theirs_and_nothing_else() {
    let Some(server) = start("everybody_may_say") else {
        return;
    };
    let operator = bus_of(&server, "operator").await;
    let watcher = Rogue::of(&server, "operator").await;
    let mut heard = watcher.client.subscribe("zizhi.v1.>").await.unwrap();
    // It hears itself, so it hears the others.
    let own = "zizhi.v1.operator.ctl.marker";
    watcher.client.publish(own, "".into()).await.unwrap();
    let first = tokio::time::timeout(PATIENCE, heard.next()).await.unwrap();
    assert_eq!(first.unwrap().subject.as_str(), own);
    assert!(operator.facts().await.is_ok());

    let domains = &USERS[..8];
    let mut expected = BTreeSet::new();
    let mut kept: BTreeMap<String, usize> = BTreeMap::new();
    for who in USERS {
        let rogue = Rogue::of(&server, who).await;
        let mut denials = 0;
        for domain in domains {
            for plane in PLANES {
                let subject = format!("zizhi.v1.{domain}.{plane}.test");
                rogue
                    .client
                    .publish(subject.clone(), who.into())
                    .await
                    .unwrap();
                if !may_publish(who, domain, plane) {
                    denials += 1;
                    continue;
                }
                expected.insert((who.to_owned(), subject.clone()));
                if plane != "obs" {
                    *kept.entry(subject).or_default() += 1;
                }
            }
        }
        rogue.is_denied(denials).await;
    }
    let mut got = BTreeSet::new();
    while got.len() < expected.len() {
        let message = tokio::time::timeout(PATIENCE, heard.next())
            .await
            .unwrap()
            .unwrap();
        let who = String::from_utf8(message.payload.to_vec()).unwrap();
        if message.subject.ends_with(".test") {
            got.insert((who, message.subject.to_string()));
        }
    }
    assert_eq!(got, expected);
    // The stream has the same: each lasting subject as often as somebody may speak under it.
    let jetstream = async_nats::jetstream::new(watcher.client.clone());
    let stream = jetstream.get_stream("ZIZHI").await.unwrap();
    let mut subjects = stream.info_with_subjects(">").await.unwrap();
    let mut found = BTreeMap::new();
    while let Some(next) = subjects.next().await {
        let (subject, count) = next.unwrap();
        found.insert(subject, count);
    }
    assert_eq!(found, kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_cannot_touch_what_others_keep_or_hear_what_they_are_answered() {
    let Some(server) = start("an_agent_cannot_touch") else {
        return;
    };
    let operator = bus_of(&server, "operator").await;
    let rogue = Rogue::of(&server, "transport").await;
    let publishes = [
        "$JS.API.STREAM.CREATE.MINE",
        "$JS.API.STREAM.UPDATE.ZIZHI",
        "$JS.API.STREAM.DELETE.ZIZHI",
        "$JS.API.STREAM.PURGE.ZIZHI",
        "$JS.API.STREAM.MSG.GET.ZIZHI",
        "$JS.API.STREAM.MSG.DELETE.ZIZHI",
        "$JS.API.STREAM.NAMES",
        "$JS.API.DIRECT.GET.KV_zizhi_epochs.$KV.zizhi_epochs.compute",
        "$JS.API.CONSUMER.CREATE.ZIZHI",
        "$JS.API.CONSUMER.CREATE.ZIZHI.compute",
        "$JS.API.CONSUMER.CREATE.KV_zizhi_leases.transport",
        "$JS.API.CONSUMER.DURABLE.CREATE.ZIZHI.compute",
        "$JS.API.CONSUMER.DELETE.ZIZHI.compute",
        "$JS.API.CONSUMER.MSG.NEXT.ZIZHI.compute",
        "$JS.ACK.ZIZHI.compute.1.1.1.1.0",
        "$KV.zizhi_leases.agent.compute",
        "$KV.zizhi_epochs.compute",
        "$SYS.REQ.SERVER.PING",
        "_INBOX.compute.x",
        "telemetry.r1",
        "zizhi.v1.compute.ctl.answer.network.x",
        "zizhi.v1.compute.ctl.settled.x",
        "zizhi.v1.compute.ask.act.apply",
    ];
    for subject in publishes {
        rogue.client.publish(subject, "{}".into()).await.unwrap();
    }
    rogue.is_denied(publishes.len()).await;
    let subscribes = [
        ">",
        "zizhi.v1.>",
        "zizhi.v1.compute.>",
        "zizhi.v1.*.obs.telemetry",
        "_INBOX.>",
        "_INBOX.compute.>",
        "zizhi.v1.*.ctl.answer.compute.*",
        "$KV.>",
        "$JS.>",
        "telemetry.>",
    ];
    for subject in subscribes {
        drop(rogue.client.subscribe(subject).await.unwrap());
    }
    rogue.is_denied(publishes.len() + subscribes.len()).await;

    // The server itself can be made to answer under a subject of others, but never in the words of a message: it is passed over.
    let mut inbox = operator
        .subscribe("operator", &["zizhi.v1.compute.evt.>"])
        .await;
    for asked in ["$JS.API.STREAM.INFO.ZIZHI", "zizhi.v1.transport.evt.state"] {
        rogue
            .client
            .publish_with_reply(asked, "zizhi.v1.compute.evt.state", "".into())
            .await
            .unwrap();
    }
    rogue.client.flush().await.unwrap();
    let compute = bus_of(&server, "compute").await;
    let said = compute.publish(
        "compute",
        "zizhi.v1.compute.evt.state",
        NOW,
        b"true".to_vec(),
    );
    said.await.unwrap();
    assert_eq!(next(&mut inbox).await.message.payload, b"true");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_work_together_within_their_permissions() {
    let Some(server) = start("agents_work_together") else {
        return;
    };
    let operator = bus_of(&server, "operator").await;
    let transport = bus_of(&server, "transport").await;
    let compute = bus_of(&server, "compute").await;
    let network = bus_of(&server, "network").await;
    let ingest = bus_of(&server, "ingest").await;
    let dashboard = bus_of(&server, "dashboard").await;

    // As an agent listens.
    let patterns = |own: &str| {
        [
            format!("zizhi.v1.{own}.>"),
            "zizhi.v1.*.evt.>".to_owned(),
            "zizhi.v1.*.neg.>".to_owned(),
            "zizhi.v1.*.obs.inventory".to_owned(),
            "zizhi.v1.network.obs.clock".to_owned(),
            "zizhi.v1.operator.act.kill".to_owned(),
        ]
    };
    let own = patterns("compute");
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let mut at_compute = listen(compute.subscribe("compute", &own).await);
    let mut at_dashboard = listen(dashboard.subscribe("dashboard", &["zizhi.v1.>"]).await);
    let says = [
        (&transport, "zizhi.v1.transport.neg.say"),
        (&transport, "zizhi.v1.transport.evt.state"),
        (&ingest, "zizhi.v1.compute.obs.telemetry"),
        (&network, "zizhi.v1.network.obs.clock"),
        (&operator, "zizhi.v1.compute.plan.approval"),
        (&operator, "zizhi.v1.operator.act.kill"),
    ];
    for (bus, subject) in says {
        bus.publish("x", subject, NOW, vec![]).await.unwrap();
    }
    compute.settle().await;
    for log in [&mut at_compute, &mut at_dashboard] {
        let got: BTreeSet<String> = heard(log, says.len()).await.into_iter().collect();
        let expected = says.iter().map(|(_, s)| format!("{s} ")).collect();
        assert_eq!(got, expected);
    }

    let mut service = network.serve("zizhi.v1.network.act.apply").await.unwrap();
    tokio::spawn(async move {
        while let Some(request) = service.next().await {
            request.answer(b"done".to_vec());
        }
    });
    let asked = transport.request("transport", "zizhi.v1.network.act.apply", vec![], PATIENCE);
    assert_eq!(asked.await, Ok(b"done".to_vec()));

    let long = Duration::from_mins(10);
    let (own, other) = (transport.leases(), compute.leases());
    let term = own
        .take("agent.transport", "transport", long)
        .await
        .unwrap();
    own.renew("agent.transport", term).await.unwrap();
    let held = other.take("agent.transport", "compute", long).await;
    assert!(matches!(held, Err(LeaseError::Held { .. })), "{held:?}");
    assert_eq!(
        other
            .holding("agent.transport")
            .await
            .unwrap()
            .unwrap()
            .term,
        term
    );
    // A lease of another domain is not for it, and the reason is said.
    let denied = other
        .take("agent.access", "compute", long)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        denied.to_lowercase().contains("permissions violation"),
        "{denied}"
    );
    own.give_up("agent.transport", term).await.unwrap();
    assert!(compute.facts().await.unwrap().streams.len() >= 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_can_make_a_decision_of_others_look_like_a_copy() {
    let Some(server) = start("nobody_can_make_a_decision") else {
        return;
    };
    let operator = bus_of(&server, "operator").await;
    let compute = bus_of(&server, "compute").await;
    let mut log = listen(operator.subscribe("operator", &["zizhi.v1.*.neg.>"]).await);
    let subject = "zizhi.v1.compute.neg.say";
    let first = compute.publish("compute", subject, NOW, b"1".to_vec());
    let first = first.await.unwrap();
    // Under its own subject, but in the name of messages that compute has yet to publish.
    let rogue = Rogue::of(&server, "transport").await;
    for ahead in 1..=3 {
        let id = zizhi_types::MessageId::new("compute", first.number + ahead).to_string();
        let mut headers = async_nats::HeaderMap::new();
        for (name, value) in [
            ("ce-specversion", "1.0"),
            ("ce-time", "2026-08-01T00:00:00Z"),
            ("ce-id", id.as_str()),
            ("Nats-Msg-Id", id.as_str()),
        ] {
            headers.insert(name, value);
        }
        let own = "zizhi.v1.transport.neg.say";
        let sent = rogue.client.publish_with_headers(own, headers, "0".into());
        sent.await.unwrap();
    }
    rogue
        .client
        .publish("zizhi.v1.compute.neg.x", "".into())
        .await
        .unwrap();
    rogue.is_denied(1).await;
    for n in 2..=4 {
        let payload = n.to_string().into_bytes();
        compute
            .publish("compute", subject, NOW, payload)
            .await
            .unwrap();
    }
    let got = heard(&mut log, 7).await;
    let of_compute: Vec<&str> = got.iter().filter_map(|l| l.strip_prefix(subject)).collect();
    assert_eq!(of_compute, [" 1", " 2", " 3", " 4"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn senders_send_and_ingest_listens() {
    let Some(server) = start("senders_send") else {
        return;
    };
    let operator = Rogue::of(&server, "operator").await;
    let jetstream = async_nats::jetstream::new(operator.client.clone());
    let stream = async_nats::jetstream::stream::Config {
        name: "TELEMETRY".to_owned(),
        subjects: vec!["telemetry.kept.>".to_owned()],
        ..Default::default()
    };
    jetstream.create_stream(stream).await.unwrap();
    let tap = |subject: &str, stream: Option<&str>| TapConfig {
        subjects: vec![subject.to_owned()],
        stream: stream.map(str::to_owned),
        durable: "zizhi".to_owned(),
        queue: 16,
    };
    let open = async |tap| {
        NatsTap::open(config_of(&server, "ingest"), "ingest", tap)
            .await
            .unwrap()
    };
    let mut core = open(tap("telemetry.>", None)).await;
    let mut kept = open(tap("telemetry.kept.>", Some("TELEMETRY"))).await;
    let sender = Rogue::of(&server, "sender").await;
    sender
        .client
        .publish("telemetry.kept.r1", "1".into())
        .await
        .unwrap();
    sender
        .client
        .publish("zizhi.v1.transport.obs.telemetry", "2".into())
        .await
        .unwrap();
    sender.is_denied(1).await;
    for tap in [&mut core, &mut kept] {
        let got = tokio::time::timeout(PATIENCE, tap.next())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (got.subject.as_str(), got.payload.as_slice()),
            ("telemetry.kept.r1", &b"1"[..])
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_on_an_empty_server_is_told_who_must_come_first() {
    let Some(server) = start("an_agent_on_an_empty_server") else {
        return;
    };
    let early = NatsBus::connect(config_of(&server, "transport"), "transport").await;
    let text = early.err().unwrap().to_string();
    assert!(
        text.contains("start once as a user who may create streams"),
        "{text}"
    );
}
