//! The screens that only show: what a person finds on each, and that both languages and hostile text are held.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[allow(dead_code, reason = "each test file uses a part of the common story")]
mod common;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use common::{HOSTILE, whole};
use std::path::Path;
use tower::ServiceExt as _;
use zizhi_dashboard::{House, Source, app};

async fn page_of(house: House, uri: &str) -> String {
    let request = Request::get(uri).body(Body::empty()).unwrap();
    let response = app(house).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{uri}");
    let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(!text.contains(HOSTILE), "{uri}");
    assert!(!text.contains("style=\""), "inline style on {uri}");
    text
}

async fn page(journal: &Path, uri: &str) -> String {
    page_of(House::new(Source::new(journal)), uri).await
}

fn in_order(text: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        let found = text[from..].find(part);
        from += found.unwrap_or_else(|| panic!("`{part}` is missing, or comes too early"));
    }
}

#[tokio::test]
async fn the_records_of_one_agent_can_be_looked_at_alone_and_each_row_has_its_link() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let all = page(&journal, "/incidents/inc-transport-1").await;
    in_order(
        &all,
        &[
            "all agents (",
            "Transport agent (",
            "id=\"rec-transport-5\"",
            "href=\"#rec-transport-5\"",
        ],
    );
    let none = page(&journal, "/incidents/inc-transport-1?agent=access&lang=zh").await;
    in_order(&none, &["全部记录 (0 / ", "按智能体筛选"]);
    assert!(!none.contains("id=\"rec-transport-5\""));
    // The other language is asked for in the same way.
    assert!(
        none.contains("/incidents/inc-transport-1?lang=en&#38;agent=access"),
        "{none}"
    );
}

#[tokio::test]
async fn a_negotiation_tells_who_wanted_what_and_what_decided() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let told = page(&journal, "/incidents/inc-transport-1/negotiation").await;
    in_order(
        &told,
        &[
            "Who wanted what",
            "transport.link.drain@1.0.0",
            "1 → 0",
            "✓ chosen",
            "Access agent",
            "declines",
            "What decided",
            "Best of 1 offers",
            "in order",
        ],
    );
    let chinese = page(&journal, "/incidents/inc-transport-1/negotiation?lang=zh").await;
    in_order(&chinese, &["各方诉求", "裁定依据", "完整协商过程"]);
}

#[tokio::test]
async fn the_cause_graph_draws_what_its_table_says() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let drawn = page(&journal, "/incidents/inc-transport-1/causes").await;
    assert_eq!(drawn.matches("class=\"edge ").count(), 2);
    in_order(
        &drawn,
        &[
            "<svg role=\"img\"",
            "edge strong chief",
            "#1 ",
            "link ATLA-HSTN → ",
            "strong (80 %)",
            "lossy link",
        ],
    );
}

#[tokio::test]
async fn the_twin_shows_before_and_after_with_its_own_error() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let shown = page(&journal, "/incidents/inc-transport-1/twin").await;
    in_order(
        &shown,
        &[
            "This time the twin was off by 4 %",
            "off by 6 % on the last 14",
            "91.2 %",
            "<rect class=\"before\"",
            "class=\"range\"",
            "Difference",
            "99.7 %",
        ],
    );
}

/// Abilene as the story of the tests has it: two routers, one link, and a group.
fn network() -> zizhi_types::topology::Network {
    use zizhi_types::topology::{Link, Network, Router, Tier};
    let mut network = Network::empty("abilene");
    for id in ["ATLA", "HSTN"] {
        network.routers.push(Router {
            id: id.into(),
            tier: Tier::Core,
            lat: None,
            lon: None,
            weight: 1.0,
        });
    }
    network.links.push(Link {
        id: "ATLA-HSTN".into(),
        a: "ATLA".into(),
        b: "HSTN".into(),
        capacity_mbps: 1000.0,
        delay_ms: 1.0,
        cost: 10,
    });
    network
}

#[tokio::test]
async fn the_topology_shows_trouble_where_it_was_at_that_moment() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, journal) = common::Writer::new(folder.path());
    common::first_half(&mut writer);
    common::asked(&mut writer);
    let house = || House::new(Source::new(&journal)).with_network(network());
    let now = page_of(house(), "/topology").await;
    in_order(
        &now,
        &[
            "type=\"range\"",
            "class=\"halo\"",
            "spot critical",
            "▲",
            "badge critical",
        ],
    );
    // Before the incident was opened nothing was wrong, and nobody had planned anything.
    let before = page_of(house(), "/topology?at=4&lang=zh").await;
    assert!(!before.contains("spot critical") && !before.contains("class=\"halo\""));
    in_order(
        &before,
        &["name=\"lang\" value=\"zh\"", "第 4 条记录", "无未关闭事件"],
    );
    let without = page(&journal, "/topology").await;
    in_order(&without, &["--network", "spot critical"]);
}

#[tokio::test]
async fn a_large_network_is_shown_in_areas_of_which_one_can_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, journal) = common::Writer::new(folder.path());
    common::first_half(&mut writer);
    let mut large = network();
    for n in 0..2000 {
        let mut router = large.routers[0].clone();
        router.id = format!("E{n}");
        router.tier = zizhi_types::topology::Tier::Edge;
        large.routers.push(router);
        let mut link = large.links[0].clone();
        link.id = format!("L{n}");
        link.b = format!("E{n}");
        large.links.push(link);
    }
    let house = || House::new(Source::new(&journal)).with_network(large.clone());
    let all = page_of(house(), "/topology").await;
    in_order(&all, &["4003 objects", "48 areas", "ATLA ("]);
    assert!(
        all.matches("<g class=\"spot").count() <= 48,
        "one box an area"
    );
    let one = page_of(house(), "/topology?cluster=ATLA").await;
    in_order(&one, &["ATLA (300 /", "link ATLA-HSTN"]);
}

#[tokio::test]
async fn a_playbook_shows_how_often_it_helped() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let all = page(&journal, "/playbooks").await;
    in_order(
        &all,
        &["transport.link.drain", "100 % (1 / 1)", "0 % (0 / 1)"],
    );
    let one = page(&journal, "/playbooks/transport.link.drain?lang=zh").await;
    in_order(
        &one,
        &[
            "不适用情形",
            "100 % (1 / 1)",
            "inc-transport-1",
            "apiVersion",
        ],
    );
    let request = Request::get("/playbooks/nonsense").body(Body::empty());
    let answer = app(Source::new(&journal)).oneshot(request.unwrap()).await;
    assert_eq!(answer.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_audit_finds_a_changed_byte_and_gives_away_only_the_journals_files() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    std::fs::write(folder.path().join("secret.txt"), "no").unwrap();
    let whole = page(&journal, "/audit").await;
    in_order(
        &whole,
        &[
            "journal.jsonl",
            "✓ whole and sealed",
            "/audit/files/journal.jsonl",
        ],
    );
    let taken = page_bytes(&journal, "/audit/files/journal.jsonl").await;
    assert_eq!(taken.unwrap(), std::fs::read(&journal).unwrap());
    for name in ["secret.txt", "..%2Fsecret.txt", "%2Fetc%2Fpasswd"] {
        assert!(
            page_bytes(&journal, &format!("/audit/files/{name}"))
                .await
                .is_none()
        );
    }
    let good = std::fs::read_to_string(&journal).unwrap();
    let bad = good.replacen("\"observed\":0.912", "\"observed\":0.999", 1);
    std::fs::write(&journal, bad).unwrap();
    let damaged = page(&journal, "/audit?lang=zh").await;
    in_order(&damaged, &["✗ line 4 was changed"]);
}

async fn page_bytes(journal: &Path, uri: &str) -> Option<Vec<u8>> {
    let request = Request::get(uri).body(Body::empty()).unwrap();
    let response = app(Source::new(journal)).oneshot(request).await.unwrap();
    if response.status() != StatusCode::OK {
        return None;
    }
    let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
    Some(bytes.to_vec())
}

#[tokio::test]
async fn the_wall_says_what_waits_and_since_when_it_hears_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, journal) = common::Writer::new(folder.path());
    common::first_half(&mut writer);
    common::asked(&mut writer);
    let wall = page(&journal, "/wall").await;
    in_order(
        &wall,
        &[
            "class=\"wall\"",
            "data-stale=\"data stale since\"",
            "Waits for you: 1",
            "lossy link",
        ],
    );
}

/// Reckons one level: that of a swarm which did everything itself in each incident that was opened.
struct Counting;

impl zizhi_dashboard::autonomy::Scorer for Counting {
    fn score(
        &self,
        records: &[&zizhi_types::Record],
        language: zizhi_types::text::Language,
    ) -> Result<Vec<zizhi_dashboard::autonomy::Level>, String> {
        use zizhi_dashboard::autonomy::{Activity, Level};
        let opened =
            |r: &&&zizhi_types::Record| matches!(r.body, zizhi_types::Body::IncidentOpened { .. });
        let incidents: Vec<_> = records
            .iter()
            .filter(opened)
            .filter_map(|r| r.incident.clone())
            .collect();
        Ok(vec![Level {
            flow: format!("flow {HOSTILE}"),
            level: "L3".to_owned(),
            verdict: format!("L3 in {language}"),
            incidents: incidents.len(),
            activities: vec![Activity {
                scenario: "all".to_owned(),
                name: "A detection".to_owned(),
                by: [incidents.len(), 0, 0],
                actor: "S L3".to_owned(),
                ceiling: "class 2".to_owned(),
                because: "alone".to_owned(),
                incidents: incidents.clone(),
            }],
            holds: vec![("F prediction: nobody did it".to_owned(), incidents)],
            export: serde_json::json!({ "level": 3 }),
        }])
    }
}

#[tokio::test]
async fn the_level_of_autonomy_opens_its_incidents_and_shows_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let house = || House::new(Source::new(&journal)).with_scorer(std::sync::Arc::new(Counting));
    let text = page_of(house(), "/autonomy").await;
    in_order(
        &text,
        &[
            "L3 in en",
            "What holds it back",
            "F prediction",
            "href=\"/incidents/inc-transport-1\"",
            "A detection",
            "1 / 0 / 0",
            "href=\"/incidents/inc-transport-1\"",
            "Trend over this journal",
        ],
    );
    // At the first moments nothing had happened yet.
    assert!(text.matches(">L3<").count() >= 4, "{text}");
    let zh = page_of(house(), "/autonomy?lang=zh").await;
    in_order(
        &zh,
        &["自治等级", "L3 in zh", "等级受限之处", "本日志中的变化"],
    );
    let export = page_of(house(), "/autonomy/export").await;
    assert_eq!(export, r#"[{"level":3}]"#);
    // Where nobody reckons, there is no page.
    let request = Request::get("/autonomy").body(Body::empty()).unwrap();
    let none = app(House::new(Source::new(&journal)))
        .oneshot(request)
        .await;
    assert_eq!(none.unwrap().status(), StatusCode::NOT_FOUND);
}
