//! An assistant's side of `zizhi mcp`: what it is offered, what it gets, and what it can never do.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise"
)]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// One conversation.
struct Assistant {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    asked: u64,
}

impl Assistant {
    fn begin(journal: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zizhi"))
            .args(["mcp", "--journal", journal.to_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let to = child.stdin.take();
        let from = BufReader::new(child.stdout.take().unwrap());
        let mut assistant = Self {
            child,
            to,
            from,
            asked: 0,
        };
        let hello = json!({
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": { "name": "a test", "version": "1" },
        });
        let answer = assistant.ask("initialize", &hello);
        assert_eq!(answer["result"]["serverInfo"]["name"], "zizhi", "{answer}");
        assert!(answer["result"]["instructions"].is_string(), "{answer}");
        assistant.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        assistant
    }

    fn say(&mut self, message: &Value) {
        let to = self.to.as_mut().unwrap();
        writeln!(to, "{message}").unwrap();
        to.flush().unwrap();
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "it ended");
            let answer: Value = serde_json::from_str(&line).unwrap();
            if answer["id"] == id {
                return answer;
            }
        }
    }

    /// What a tool answers: its structure, or the error's text.
    fn call(&mut self, tool: &str, arguments: &Value) -> Result<Value, String> {
        let params = json!({ "name": tool, "arguments": arguments });
        let answer = self.ask("tools/call", &params);
        let result = &answer["result"];
        if result.is_object() && result["isError"] != true {
            return Ok(result["structuredContent"].clone());
        }
        Err(answer.to_string())
    }
}

impl Drop for Assistant {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.to.take());
        let _ = self.child.wait();
    }
}

fn journal(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("run.jsonl");
    let ran = Command::new(env!("CARGO_BIN_EXE_zizhi"))
        .args([
            "demo",
            "--json",
            "--no-dashboard",
            "--no-record",
            "--network",
            "village",
        ])
        .args(["--incidents", "1", "--fault", "link-down", "--seed", "3"])
        .arg("--journal")
        .arg(&path)
        .output()
        .unwrap();
    assert!(ran.status.success());
    path
}

#[test]
fn an_assistant_reads_from_an_action_to_its_raw_message_and_can_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut assistant = Assistant::begin(&journal(folder.path()));
    let tools = assistant.ask("tools/list", &json!({}));
    let tools = tools["result"]["tools"].as_array().unwrap().clone();
    assert!(tools.len() >= 6, "{tools:?}");
    for tool in &tools {
        assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
        assert!(
            tool["description"].as_str().is_some_and(|d| d.len() > 20),
            "{tool}"
        );
        let name = tool["name"].as_str().unwrap();
        assert!(
            !["approve", "reject", "kill", "stop"]
                .iter()
                .any(|w| name.contains(w)),
            "{name}"
        );
    }
    let listed = assistant
        .call("list_incidents", &json!({ "state": "over" }))
        .unwrap();
    let incident = listed["incidents"][0]["id"].as_str().unwrap().to_owned();
    assert!(
        listed["incidents"][0]["cause"]["says"]
            .as_str()
            .unwrap()
            .contains("link")
    );
    let asked = json!({ "incident": incident, "language": "zh" });
    let told = assistant.call("explain_incident", &asked).unwrap();
    let because = told["actions"][0]["because"].as_array().unwrap();
    assert!(
        because[0]["says"]
            .as_str()
            .unwrap()
            .chars()
            .any(|c| c > '\u{4e00}'),
        "{told}"
    );
    let raw = because.iter().find(|l| l["payload"].is_string()).unwrap();
    let record = assistant
        .call("get_record", &json!({ "record": raw["record"] }))
        .unwrap();
    assert_eq!(record["record"]["body"]["kind"], "raw");
    assert!(
        !record["effects"].as_array().unwrap().is_empty(),
        "{record}"
    );
    let waiting = assistant.call("waiting_decisions", &json!({})).unwrap();
    assert_eq!(waiting["waiting"], json!([]));
    let books = assistant.call("list_playbooks", &json!({})).unwrap();
    assert!(books["playbooks"].as_array().unwrap().len() >= 25);
    let hits = assistant
        .call("search", &json!({ "words": "link reset" }))
        .unwrap();
    assert!(!hits["hits"].as_array().unwrap().is_empty(), "{hits}");
}

#[test]
fn what_an_assistant_gets_wrong_is_said_and_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut assistant = Assistant::begin(&journal(folder.path()));
    for (tool, arguments, says) in [
        ("list_incidents", json!({ "limit": 0 }), "1 to 100"),
        ("list_incidents", json!({ "stat": "open" }), "stat"),
        (
            "explain_incident",
            json!({ "incident": "inc-transport-999" }),
            "list_incidents",
        ),
        (
            "explain_incident",
            json!({ "incident": "../../etc/passwd" }),
            "incident",
        ),
        ("explain_incident", json!({}), "incident"),
        (
            "get_record",
            json!({ "record": "rec-transport-999999" }),
            "no record",
        ),
        (
            "approve",
            json!({ "plan": "plan-transport-1" }),
            "not found",
        ),
    ] {
        let refused = assistant.call(tool, &arguments).unwrap_err();
        assert!(refused.contains(says), "{tool} {arguments}: {refused}");
    }
    assistant.call("list_incidents", &json!({})).unwrap();
}
