//! What can be taken over from a CACAO file of another maker?
//!
//! In: its steps in order. Out: a draft in observe mode. A step is taken over only if its command is the name of a
//! registered action and its target the name of an object; every other step is refused and stands in the draft as a
//! comment with the reason.

use super::workflow::Step;
use super::{Draft, text};
use serde_json::Value as Json;
use std::fmt::Write;
use zizhi_types::topology::Bilingual;
use zizhi_types::{ManagedObject, Verb};

/// The longest piece of foreign text in a draft, in characters.
const LONGEST: usize = 120;

struct Taken {
    name: String,
    verb: Verb,
    object: ManagedObject,
    timeout_ms: u64,
}

pub(super) fn import(json: &Json, steps: &[Step<'_>]) -> Draft {
    let mut notes = vec![];
    let mut body = String::new();
    let mut first = None;
    for (number, (id, step)) in steps.iter().enumerate() {
        match taken(json, step, number) {
            Ok(taken) => {
                write_step(&mut body, &taken);
                first.get_or_insert(taken.verb);
            }
            Err(why) => {
                let name = short(text(step, "/name").unwrap_or(id));
                let _ = writeln!(body, "    # refused: {name}: {}", why.en);
                notes.push(Bilingual {
                    en: format!("step `{name}` is refused: {}", why.en),
                    zh: format!("步骤 `{name}` 未导入：{}", why.zh),
                });
            }
        }
    }
    notes.push(Bilingual {
        en: "write trigger, when, blastRadius, retry, undo, verify, rollback and the Chinese texts: CACAO has no words for them"
            .to_owned(),
        zh: "请补写 trigger、when、blastRadius、retry、undo、verify、rollback 和中文文本：CACAO 没有对应的字段".to_owned(),
    });
    let text = draft(json, first, &body);
    Draft { text, notes }
}

fn taken(json: &Json, step: &Json, number: usize) -> Result<Taken, Bilingual> {
    let kind = text(step, "/type").unwrap_or("");
    if kind != "action" {
        return Err(both(
            format!(
                "a step of type `{}` has no counterpart: a playbook is a plain list of actions",
                short(kind)
            ),
            format!(
                "类型为 `{}` 的步骤没有对应物：预案是按顺序执行的动作列表",
                short(kind)
            ),
        ));
    }
    let commands = step
        .get("commands")
        .and_then(Json::as_array)
        .map_or(0, Vec::len);
    if commands != 1 {
        return Err(both(
            format!("it has {commands} commands; a step does one action"),
            format!("含有 {commands} 条命令；一个步骤只能执行一个动作"),
        ));
    }
    let (sort, command) = (
        text(step, "/commands/0/type"),
        text(step, "/commands/0/command"),
    );
    let verb = command
        .and_then(|c| c.parse::<Verb>().ok())
        .ok_or_else(|| {
            let (sort, command) = (short(sort.unwrap_or("?")), short(command.unwrap_or("")));
            both(
                format!("no registered action does `{sort}: {command}`"),
                format!("没有已注册的动作能执行 `{sort}: {command}`"),
            )
        })?;
    let target = text(step, "/targets/0");
    let named = target.and_then(|t| text(json, &format!("/target_definitions/{t}/name")));
    let object = named
        .or(target)
        .and_then(|n| n.parse::<ManagedObject>().ok());
    let object = object
        .filter(|o| o.kind() == verb.object_kind())
        .ok_or_else(|| {
            let (kind, named) = (verb.object_kind().as_str(), short(named.unwrap_or("?")));
            both(
                format!("its target `{named}` names no {kind}"),
                format!("目标 `{named}` 不是 {kind} 类对象"),
            )
        })?;
    Ok(Taken {
        name: step_id(text(step, "/name").unwrap_or(""), number),
        verb,
        object,
        timeout_ms: step.get("timeout").and_then(Json::as_u64).unwrap_or(60_000),
    })
}

fn both(en: String, zh: String) -> Bilingual {
    Bilingual { en, zh }
}

/// One line, without control characters, not too long: foreign text in a comment ends where the comment does.
fn short(text: &str) -> String {
    let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    line.take(LONGEST).collect()
}

/// Small letters, digits and dashes; numbered, so that no two are alike.
fn step_id(name: &str, number: usize) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = name.chars().take(40).map(plain).collect();
    let name = name.trim_matches('-');
    let name = if name.is_empty() { "step" } else { name };
    format!("{name}-s{}", number + 1)
}

fn write_step(out: &mut String, taken: &Taken) {
    let Taken {
        name,
        verb,
        object,
        timeout_ms,
    } = taken;
    let _ = writeln!(
        out,
        "    - id: {name}\n      run: {verb}\n      on: {object}"
    );
    let params = verb.params();
    if !params.is_empty() {
        let _ = writeln!(out, "      # with: {{{}: ...}}", params.join(": ..., "));
    }
    let _ = writeln!(out, "      timeout: {timeout_ms}ms");
}

fn draft(json: &Json, first: Option<Verb>, steps: &str) -> String {
    let quoted = |pointer: &str| Json::from(short(text(json, pointer).unwrap_or(""))).to_string();
    let domain = first.map_or("transport", |v| v.domain().as_str());
    let id = text(json, "/id")
        .unwrap_or("")
        .trim_start_matches("playbook--");
    let id: String = id
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .collect();
    let id = if id.is_empty() {
        "draft".to_owned()
    } else {
        id.to_ascii_lowercase()
    };
    format!(
        "# A draft from a CACAO playbook of another maker. It only observes until you have finished it.
apiVersion: zizhi/v1
kind: Playbook
metadata:
  id: {domain}.imported.{id}
  version: 0.1.0
  title: {{en: {title}, zh: \"\"}}
  owner: noc-{domain}
spec:
  describe:
    what: {{en: {what}, zh: \"\"}}
    whenNotToUse: {{en: \"\", zh: \"\"}}
  domain: {domain}
  trigger:
    faults: [] # which suspected causes is it a remedy for?
    minProbability: 0.5
  when: []
  blastRadius: {{maxObjects: 1, maxServices: 1}}
  autonomy: {{mode: observe, timeout: 5m, onTimeout: stop}}
  costTokens: 1
  risk: 0.5
  steps:{empty}
{steps}  verify:
    within: 2m
    checks: [] # what shows that it helped?
",
        title = quoted("/name"),
        what = quoted("/description"),
        empty = if steps.contains("- id:") { "" } else { " []" },
    )
}
