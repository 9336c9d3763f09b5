//! In which order are the steps of a CACAO workflow done when all goes well?
//!
//! In: a CACAO playbook. Out: its steps from start to end, each once. A workflow that turns in a circle, or points to a
//! step that is not there, is refused.

use serde_json::Value as Json;
use std::collections::BTreeSet;

/// A step and its id.
pub(super) type Step<'j> = (&'j str, &'j Json);

/// The way from `workflow_start` along `on_completion` and `on_success`; start and end are left out.
pub(super) fn in_order(json: &Json) -> Result<Vec<Step<'_>>, String> {
    let workflow = json.get("workflow").and_then(Json::as_object);
    let workflow = workflow.ok_or("it has no `workflow`")?;
    let mut next = json.get("workflow_start").and_then(Json::as_str);
    if next.is_none() {
        return Err("it has no `workflow_start`".to_owned());
    }
    let mut seen = BTreeSet::new();
    let mut steps = vec![];
    while let Some(id) = next {
        let step = workflow
            .get(id)
            .ok_or(format!("step `{id}` is not in the workflow"))?;
        if !seen.insert(id) {
            return Err(format!("the workflow comes back to step `{id}`"));
        }
        let kind = step.get("type").and_then(Json::as_str).unwrap_or("");
        if kind != "start" && kind != "end" {
            steps.push((id, step));
        }
        let after = ["on_completion", "on_success"];
        next = after.iter().find_map(|key| step.get(key)?.as_str());
    }
    Ok(steps)
}
