//! Our own playbooks in CACAO, there and back.
//!
//! CACAO's own words win on the way back: a step that was moved, an action, target, time limit, name or default value
//! that was changed in the CACAO file is changed in the playbook.

use super::workflow::Step;
use super::{Draft, SPEC_VERSION, TIME, definition, extension, id, object, text};
use crate::duration::parse_ms;
use crate::tree;
use serde_json::{Map, Value as Json, json};
use zizhi_types::Verb;

/// The command type of a registered action; CACAO's list of command types is open.
const ACTION: &str = "x-zizhi-action";
/// The command type of a verification.
const VERIFY: &str = "x-zizhi-verify";
/// What agents and targets are to CACAO, whose list of such types is closed: a named group.
const PARTY: &str = "group";
/// Fields that are written first.
const FIRST: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "spec",
    "tests",
    "id",
    "name",
    "version",
    "title",
    "owner",
    "describe",
    "domain",
    "params",
    "trigger",
    "when",
    "guards",
    "blastRadius",
    "autonomy",
    "costTokens",
    "risk",
    "temporary",
    "irreversible",
    "steps",
    "verify",
    "rollback",
    "faults",
    "minProbability",
    "hold",
    "throttle",
    "within",
    "every",
    "minPass",
    "checks",
    "metric",
    "given",
    "expect",
    "en",
    "zh",
    "what",
    "whenNotToUse",
    "type",
    "run",
    "on",
    "with",
    "timeout",
    "retry",
    "undo",
    "max",
    "backoff",
    "once",
    "by",
    "check",
    "message",
    "pass",
    "fail",
];

pub(super) fn export(tree: &Json) -> Json {
    let mut made = whole(tree);
    // CACAO knows no empty dictionary.
    if let Some(fields) = made.as_object_mut() {
        fields.retain(|_, value| value.as_object().is_none_or(|o| !o.is_empty()));
    }
    made
}

fn whole(tree: &Json) -> Json {
    let own = text(tree, "/metadata/id").unwrap_or("");
    let domain = text(tree, "/spec/domain").unwrap_or("");
    let steps = steps_of(tree);
    let agent = id(PARTY, &format!("executor {domain}"));
    let targets = steps.iter().filter_map(|s| text(s, "/on")).map(target);
    let faults = tree
        .pointer("/spec/trigger/faults")
        .and_then(Json::as_array);
    let mut labels = vec![json!(own), json!(domain)];
    labels.extend(faults.into_iter().flatten().cloned());
    json!({
        "type": "playbook",
        "spec_version": SPEC_VERSION,
        "id": id("playbook", own),
        "name": text(tree, "/metadata/title/en"),
        "description": text(tree, "/spec/describe/what/en"),
        "playbook_types": ["remediation"],
        "playbook_activities": ["restore-capabilities"],
        "created_by": id("identity", text(tree, "/metadata/owner").unwrap_or("")),
        "created": TIME,
        "modified": TIME,
        "labels": labels,
        "playbook_variables": variables(tree),
        "workflow_start": id("start", own),
        "workflow": workflow(own, steps, &agent, tree),
        "agent_definitions": {
            agent: {"type": PARTY, "name": domain},
        },
        "target_definitions": object(targets),
        "extension_definitions": {extension(): definition()},
        "playbook_extensions": {extension(): rest(tree)},
    })
}

fn steps_of(tree: &Json) -> &[Json] {
    let steps = tree.pointer("/spec/steps").and_then(Json::as_array);
    steps.map_or(&[], Vec::as_slice)
}

fn target(on: &str) -> (String, Json) {
    (id(PARTY, on), json!({"type": PARTY, "name": on}))
}

/// Everything but the steps, which the workflow carries.
fn rest(tree: &Json) -> Json {
    let mut rest = tree.clone();
    if let Some(spec) = rest.get_mut("spec").and_then(Json::as_object_mut) {
        spec.remove("steps");
    }
    rest
}

fn variables(tree: &Json) -> Json {
    let params = tree.pointer("/spec/params").and_then(Json::as_object);
    let each = params.into_iter().flatten().map(|(name, param)| {
        let kind = if text(param, "/type") == Some("number") {
            "float"
        } else {
            "string"
        };
        let mut variable = json!({"type": kind, "constant": false, "external": false});
        if let (Some(fields), Some(value)) = (variable.as_object_mut(), param.get("default")) {
            fields.insert("value".to_owned(), json!(plain(value)));
        }
        (format!("__{name}__"), variable)
    });
    object(each)
}

/// CACAO writes every value as a text.
fn plain(value: &Json) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether the playbook takes a run back for a cause; without a word about it, it does.
fn takes_back(tree: &Json, cause: &str) -> bool {
    let on = tree.pointer("/spec/rollback/on").and_then(Json::as_array);
    on.is_none_or(|on| on.iter().any(|c| c.as_str() == Some(cause)))
}

/// start, the steps, the verification, end; each failure goes to the undo of what was done before it, or to the end where
/// the playbook keeps what was done.
fn workflow(own: &str, steps: &[Json], agent: &str, tree: &Json) -> Json {
    let name = |s: &Json| text(s, "/id").unwrap_or("").to_owned();
    let at = |step: &str| id("action", &format!("{own}/{step}"));
    let undo = |n: usize| {
        let before = steps.iter().take(n).rev().find(|s| can_undo(s));
        before.map_or_else(|| id("end", own), |s| at(&format!("{}.undo", name(s))))
    };
    let after_failure = |n: usize, cause: &str| {
        if takes_back(tree, cause) {
            undo(n)
        } else {
            id("end", own)
        }
    };
    let check = at("verify");
    let first = steps
        .first()
        .map_or_else(|| check.clone(), |s| at(&name(s)));
    let mut all = Map::new();
    all.insert(
        id("start", own),
        json!({"type": "start", "on_completion": first}),
    );
    for (n, step) in steps.iter().enumerate() {
        let after = steps
            .get(n + 1)
            .map_or_else(|| check.clone(), |s| at(&name(s)));
        all.insert(
            at(&name(step)),
            done(step, agent, &after, &after_failure(n, "stepFailed")),
        );
        if can_undo(step) {
            all.insert(
                at(&format!("{}.undo", name(step))),
                taken_back(step, agent, &undo(n)),
            );
        }
    }
    all.insert(
        check,
        verification(
            tree.pointer("/spec/verify"),
            agent,
            &id("end", own),
            &after_failure(steps.len(), "verifyFailed"),
        ),
    );
    all.insert(id("end", own), json!({"type": "end"}));
    Json::Object(all)
}

fn can_undo(step: &Json) -> bool {
    let verb = text(step, "/run").and_then(|v| v.parse::<Verb>().ok());
    verb.is_some_and(Verb::can_undo)
}

fn done(step: &Json, agent: &str, after: &str, failed: &str) -> Json {
    let on = text(step, "/on").unwrap_or("");
    let mut own = step.clone();
    if let Some(fields) = own.as_object_mut() {
        for native in ["id", "run", "on"] {
            fields.remove(native);
        }
    }
    let mut made = json!({
        "type": "action",
        "name": text(step, "/id"),
        "commands": [{"type": ACTION, "command": text(step, "/run"), "playbook_activity": "restore-capabilities"}],
        "agent": agent,
        "targets": [id(PARTY, on)],
        "on_success": after,
        "on_failure": failed,
        "step_extensions": {extension(): own},
    });
    let ms = text(step, "/timeout").and_then(parse_ms);
    if let (Some(fields), Some(ms)) = (made.as_object_mut(), ms) {
        fields.insert("timeout".to_owned(), json!(ms));
    }
    made
}

fn taken_back(step: &Json, agent: &str, after: &str) -> Json {
    let (name, run) = (
        text(step, "/id").unwrap_or(""),
        text(step, "/run").unwrap_or(""),
    );
    json!({
        "type": "action",
        "name": format!("{name}.undo"),
        "description": "Takes the step back with what the driver's receipt says.",
        "commands": [{"type": "x-zizhi-undo", "command": run}],
        "agent": agent,
        "targets": [id(PARTY, text(step, "/on").unwrap_or(""))],
        "on_completion": after,
    })
}

fn verification(verify: Option<&Json>, agent: &str, good: &str, bad: &str) -> Json {
    json!({
        "type": "action",
        "name": "verify",
        "description": "The checks must hold in time and nothing else may have become worse.",
        "commands": [{"type": VERIFY, "command": verify.map(ToString::to_string)}],
        "agent": agent,
        "on_success": good,
        "on_failure": bad,
    })
}

pub(super) fn import(json: &Json, ours: &Json, steps: &[Step<'_>]) -> Draft {
    let mut tree = ours.clone();
    let read: Vec<Json> = steps
        .iter()
        .filter(|(_, s)| text(s, "/commands/0/type") != Some(VERIFY))
        .map(|(_, s)| step(json, s))
        .collect();
    if let Some(spec) = tree.get_mut("spec").and_then(Json::as_object_mut) {
        spec.insert("steps".to_owned(), Json::from(read));
    }
    put(&mut tree, "/metadata/title/en", json.get("name"));
    put(&mut tree, "/spec/describe/what/en", json.get("description"));
    defaults(&mut tree, json);
    Draft {
        text: tree::write(&tree, FIRST),
        notes: vec![],
    }
}

fn put(tree: &mut Json, pointer: &str, value: Option<&Json>) {
    if let (Some(place), Some(value)) = (tree.pointer_mut(pointer), value) {
        *place = value.clone();
    }
}

fn step(json: &Json, step: &Json) -> Json {
    let ours = step.pointer(&format!("/step_extensions/{}", extension()));
    let mut fields = ours.and_then(Json::as_object).cloned().unwrap_or_default();
    let target = text(step, "/targets/0");
    let on = target.and_then(|t| text(json, &format!("/target_definitions/{t}/name")));
    let native = [
        ("id", text(step, "/name")),
        ("run", text(step, "/commands/0/command")),
        ("on", on),
    ];
    for (key, value) in native {
        if let Some(value) = value {
            fields.insert(key.to_owned(), json!(value));
        }
    }
    let ms = step.get("timeout").and_then(Json::as_u64);
    let said = fields
        .get("timeout")
        .and_then(Json::as_str)
        .and_then(parse_ms);
    if let Some(ms) = ms.filter(|ms| said != Some(*ms)) {
        fields.insert("timeout".to_owned(), json!(format!("{ms}ms")));
    }
    Json::Object(fields)
}

/// Default values as the CACAO file has them now.
fn defaults(tree: &mut Json, json: &Json) {
    let params = tree
        .pointer_mut("/spec/params")
        .and_then(Json::as_object_mut);
    for (name, param) in params.into_iter().flatten() {
        let Some(value) = text(json, &format!("/playbook_variables/__{name}__/value")) else {
            continue;
        };
        if param.get("default").map(plain).as_deref() == Some(value) {
            continue;
        }
        if let Some(fields) = param.as_object_mut() {
            let number = value.parse::<f64>().ok().map(Json::from);
            let value = number.unwrap_or_else(|| json!(value));
            fields.insert("default".to_owned(), value);
        }
    }
}
