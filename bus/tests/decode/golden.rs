//! Each fixture means what stands beside it in `name.expected.jsonl`: one item a line, then the rejects.
//!
//! `ZIZHI_BLESS=1 cargo test -p zizhi-bus --test decode` writes the expectations anew.

use crate::fixture;
use zizhi_bus::decode::{Decoded, Limits, decode, sniff};

fn lines(decoded: &Decoded) -> String {
    let items = decoded
        .items
        .iter()
        .map(|item| serde_json::to_string(item).unwrap());
    let rejects = decoded.rejects.iter().map(|reject| {
        let reject = serde_json::json!({"reject": reject.reason, "sample": reject.sample});
        reject.to_string()
    });
    items.chain(rejects).map(|line| line + "\n").collect()
}

#[test]
fn every_fixture_means_what_is_written_beside_it() {
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever runs the test says whether to rewrite what it expects"
    )]
    let bless = std::env::var_os("ZIZHI_BLESS").is_some();
    let fixtures = fixture::all();
    assert!(
        fixtures.len() >= 8,
        "only {} fixtures were found",
        fixtures.len()
    );
    for fixture in fixtures {
        let found = lines(&decode(
            fixture.format,
            &fixture.raw(&fixture.payload),
            &Limits::default(),
        ));
        let path = fixture.path.with_extension("expected.jsonl");
        if bless {
            std::fs::write(&path, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, expected, "{}", fixture.path.display());
    }
}

#[test]
fn every_fixture_is_recognised() {
    for fixture in fixture::all() {
        let found = sniff(&fixture.raw(&fixture.payload));
        assert_eq!(found, Some(fixture.format), "{}", fixture.path.display());
    }
}
