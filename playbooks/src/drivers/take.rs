//! Where in an answer is the value?
//!
//! In: an answer's text and a [`Take`]. Out: the value as text, or what was missing. Pure.

use super::script::Take;
use super::{ansible, kubernetes, network};
use serde_json::Value as Json;

/// Longest value, in characters (our choice: a receipt is read by people).
const CHARS_MAX: usize = 400;

/// The value in an answer.
pub fn take(answer: &str, take: &Take) -> Result<String, String> {
    let value = match take {
        Take::Text => answer.trim().to_owned(),
        Take::Pointer(path, absent) => pointer(&json(answer)?, path, absent.as_deref())?,
        Take::Setting {
            block,
            words,
            default,
        } => setting(answer, block, words, *default)?,
        Take::Rate => rate(&json(answer)?)?,
        Take::Rollout => kubernetes::rollout(&json(answer)?).to_owned(),
        Take::Evictable => evictable(&json(answer)?)?,
        Take::Changes => ansible::changes(answer)
            .map(|n| n.to_string())
            .ok_or("the run ended without a recap of any host")?,
    };
    Ok(value.chars().take(CHARS_MAX).collect())
}

fn json(answer: &str) -> Result<Json, String> {
    serde_json::from_str(answer).map_err(|e| format!("the answer is no JSON: {e}"))
}

fn pointer(answer: &Json, path: &str, absent: Option<&str>) -> Result<String, String> {
    match (answer.pointer(path), absent) {
        (Some(Json::String(text)), _) => Ok(text.clone()),
        (Some(Json::Null) | None, Some(absent)) => Ok(absent.to_owned()),
        (Some(Json::Null) | None, None) => Err(format!("the answer has nothing at {path}")),
        (Some(other), _) => Ok(other.to_string()),
    }
}

fn setting(answer: &str, block: &str, words: &str, default: u32) -> Result<String, String> {
    if !answer.lines().any(|line| line.trim_end() == block) {
        return Err(format!("the configuration has no `{block}`"));
    }
    let number = network::setting(answer, block, words).unwrap_or(default);
    Ok(number.to_string())
}

fn rate(queues: &Json) -> Result<String, String> {
    let all = queues.as_array().into_iter().flatten();
    let shaped = all
        .filter(|q| q["kind"] == "tbf")
        .find_map(|q| q["options"]["rate"].as_f64());
    let bytes =
        shaped.ok_or("the interface has no token bucket (tbf) whose rate could be set back")?;
    Ok((bytes * 8.0 / 1e6).to_string())
}

fn evictable(pods: &Json) -> Result<String, String> {
    let items = pods["items"]
        .as_array()
        .ok_or("the answer is no list of pods")?;
    let count = items.iter().filter(|p| kubernetes::is_evictable(p)).count();
    Ok(count.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_or_its_absence_is_said() {
        let found = |answer: &str, t: &Take| take(answer, t);
        let cost = Take::pointer("/interfaces/eth1/cost");
        let answer = r#"{"interfaces":{"eth1":{"cost":10}}}"#;
        assert_eq!(found(answer, &cost).unwrap(), "10");
        assert!(
            found(r#"{"noSuchIface":true}"#, &cost)
                .unwrap_err()
                .contains("/interfaces/eth1/cost")
        );
        assert!(
            found("% Unknown command", &cost)
                .unwrap_err()
                .contains("no JSON")
        );
        let flag = Take::Pointer("/spec/unschedulable".into(), Some("false".into()));
        assert_eq!(found(r#"{"spec":{}}"#, &flag).unwrap(), "false");
        assert_eq!(found(" up \n", &Take::Text).unwrap(), "up");
    }

    #[test]
    fn a_rate_is_in_mbit_per_second_and_must_be_there() {
        let shaped = r#"[{"kind":"tbf","options":{"rate":6250000}}]"#;
        assert_eq!(take(shaped, &Take::Rate).unwrap(), "50");
        assert!(take(r#"[{"kind":"noqueue","options":{}}]"#, &Take::Rate).is_err());
    }

    #[test]
    fn an_absent_metric_is_isis_own_default_but_an_absent_interface_is_an_error() {
        let metric = Take::Setting {
            block: "interface eth1".into(),
            words: "isis metric ".into(),
            default: 10,
        };
        assert_eq!(
            take("interface eth1\n ip router isis x\nexit\n", &metric).unwrap(),
            "10"
        );
        assert!(take("interface eth2\nexit\n", &metric).is_err());
    }
}
