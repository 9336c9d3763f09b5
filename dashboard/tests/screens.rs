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
            "transport agent (",
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
            "access agent",
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
