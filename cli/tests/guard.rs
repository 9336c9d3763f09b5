//! What a person says to the guards: the kill switch, a policy, an answer, a promotion.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise; not every file needs everything of `common`"
)]

mod common;

use common::{DEMO, lines, said, told, zizhi};
use zizhi_types::plan::Mode;

#[test]
fn the_kill_switch_is_pressed_told_and_released_without_any_network() {
    let folder = tempfile::tempdir().unwrap();
    let status = || zizhi(folder.path(), &["kill", "status", "--json"]);
    assert_eq!(status().status.code(), Some(0), "{}", told(&status()));
    let on = ["kill", "on", "--by", "Li Na", "--reason", "storm"];
    assert!(said(&zizhi(folder.path(), &on)).contains("kill.json"));
    assert_eq!(status().status.code(), Some(3));
    let told_on = lines(&String::from_utf8(status().stdout).unwrap());
    assert_eq!(told_on[0]["order"]["by"], "Li Na");
    let off = [
        "kill", "off", "--by", "Li Na", "--reason", "over", "--lang", "zh",
    ];
    assert!(said(&zizhi(folder.path(), &off)).contains("紧急停止已解除"));
    assert_eq!(status().status.code(), Some(0));
    std::fs::write(folder.path().join("zizhi-data/kill.json"), "{").unwrap();
    assert_eq!(status().status.code(), Some(3), "what means nothing stops");
}

#[test]
fn a_policy_is_checked_with_place_and_fix() {
    let folder = tempfile::tempdir().unwrap();
    let good = "apiVersion: zizhi/v1\nkind: Policy\nlimits: {runs_per_domain_hour: 4}\n";
    std::fs::write(folder.path().join("good.yaml"), good).unwrap();
    std::fs::write(folder.path().join("bad.yaml"), good.replace("per", "pro")).unwrap();
    assert!(said(&zizhi(folder.path(), &["policy", "check", "good.yaml"])).contains("good"));
    let bad = zizhi(folder.path(), &["policy", "check", "bad.yaml"]);
    assert_eq!(bad.status.code(), Some(3));
    let text = String::from_utf8(bad.stdout).unwrap();
    assert!(
        text.contains("line 3") && text.contains("runs_pro_domain_hour") && text.contains("fix:"),
        "{text}"
    );
}

#[test]
fn an_answer_to_what_nobody_asked_is_not_sent() {
    assert!(said(&DEMO.read(&["approvals"])).contains("no plan waits"));
    let args = ["approve", "plan-transport-1", "--by", "Li Na"];
    let output = DEMO.read(&args);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        error.contains("plan-transport-1 waits for nobody"),
        "{error}"
    );
}

#[test]
fn a_promotion_shows_its_case_and_names_what_is_missing() {
    let output = DEMO.read(&["playbook", "promote", "transport.link.drain", "--json"]);
    let shown = lines(&said(&output)).remove(0);
    let proposal = &shown["proposal"];
    assert_eq!(proposal["from"], serde_json::json!(Mode::Auto));
    assert!(proposal["success"]["lower"].is_number(), "{shown}");
    assert!(shown["record"].is_null());
    let mine = [
        "playbook",
        "promote",
        "transport.link.drain",
        "--apply",
        "--by",
        "NOC-transport",
    ];
    let output = DEMO.read(&mine);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let own = [
        "playbook",
        "promote",
        "transport.link.drain",
        "--apply",
        "--by",
        "Li Na",
    ];
    assert_eq!(DEMO.read(&own).status.code(), Some(3), "nothing was earned");
}

/// Five good rehearsals of a playbook that nobody has seen at work lift it to suggest, once, with a record.
#[test]
fn what_was_earned_is_set_with_a_record_and_then_asks_for_new_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let playbooks = folder.path().join("playbooks");
    std::fs::create_dir(&playbooks).unwrap();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../playbooks/catalog");
    let text =
        std::fs::read_to_string(format!("{shipped}/transport.link-down.reset.yaml")).unwrap();
    std::fs::write(playbooks.join("mine.yaml"), format!("{text}# mine\n")).unwrap();
    let demo = [
        "demo",
        "--network",
        "metro",
        "--fault",
        "link-down",
        "--incidents",
        "5",
        "--seed",
        "2",
        "--mode",
        "suggest",
        "--json",
        "--no-record",
        "--journal",
        "merit.jsonl",
    ];
    said(&zizhi(folder.path(), &demo));
    let promote = |more: &[&str]| {
        let mut args = vec![
            "playbook",
            "promote",
            "transport.link-down.reset",
            "--journal",
            "merit.jsonl",
            "--playbooks",
            "playbooks",
            "--json",
        ];
        args.extend(more);
        zizhi(folder.path(), &args)
    };
    let shown = lines(&said(&promote(&[]))).remove(0);
    assert_eq!(shown["proposal"]["from"], "observe");
    assert_eq!(shown["proposal"]["to"], "suggest", "{shown}");
    let set = lines(&said(&promote(&["--apply", "--by", "Li Na"]))).remove(0);
    assert_eq!(set["record"], "rec-autonomy-1");
    let overlay = std::fs::read_to_string(folder.path().join("zizhi-data/autonomy.yaml")).unwrap();
    assert!(
        overlay.contains("Li Na") && overlay.contains("suggest"),
        "{overlay}"
    );
    let again = lines(&said(&promote(&[]))).remove(0);
    assert_eq!(again["proposal"]["from"], "suggest");
    assert_eq!(again["proposal"]["to"], "suggest", "new evidence is needed");
}
