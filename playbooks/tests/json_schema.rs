//! The JSON Schema that editors use is the shape that the parser reads.

#![allow(clippy::unwrap_used)] // a test that cannot go on should stop

use serde_json::Value;
use zizhi_playbooks::json_schema;

const COPY: &str = include_str!("../schema/playbook-v1.json");

#[test]
fn the_checked_in_copy_is_current() {
    assert_eq!(
        COPY,
        json_schema::text(),
        "run: zizhi playbook schema > playbooks/schema/playbook-v1.json"
    );
}

#[test]
fn it_is_a_closed_schema_with_a_sentence_for_every_field() {
    let schema: Value = serde_json::from_str(COPY).unwrap();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    let blocks = schema["$defs"]
        .as_object()
        .unwrap()
        .values()
        .chain([&schema]);
    let mut fields = 0;
    for block in blocks.filter(|b| b.get("properties").is_some()) {
        assert_eq!(block["additionalProperties"], false, "{block}");
        for (name, field) in block["properties"].as_object().unwrap() {
            assert!(field["description"].is_string(), "{name}");
            fields += 1;
        }
    }
    assert!(fields > 40);
    let text = COPY;
    assert!(text.contains("link.set-cost") && text.contains("port.utilization"));
    assert!(!text.contains("\"null\""));
}
