//! Writes a scenario as the file that [`super::parse`] reads.

use super::{Lie, Scenario};
use std::fmt::Write as _;
use zizhi_types::topology::Bilingual;

/// Text between quotation marks; a JSON string is a YAML string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn number(value: f64) -> String {
    format!("{value}")
}

/// The text of `scenario.yaml`.
pub fn to_yaml(s: &Scenario) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "schema: {}\nname: {}", s.schema, s.name);
    bilingual(&mut out, "title", &s.title);
    bilingual(&mut out, "description", &s.description);
    let _ = writeln!(
        out,
        "network: {}\nseed: {}\nshape: {}\nwarm_up_s: {}",
        quoted(&s.network),
        s.seed,
        s.shape.as_str(),
        s.warm_up_s
    );
    faults(&mut out, s);
    lies(&mut out, s);
    for (key, decoys) in [("decoys", &s.decoys), ("double", &s.double)] {
        if !decoys.is_empty() {
            let _ = writeln!(out, "{key}:");
        }
        for d in decoys {
            let _ = writeln!(out, "  - {{ kind: {}, at_s: {} }}", d.kind, d.at_s);
        }
    }
    let (o, b) = (s.objectives, s.budget);
    let _ = writeln!(
        out,
        "objectives: {{ detect_s: {}, restore_s: {} }}",
        o.detect_s, o.restore_s
    );
    let _ = writeln!(
        out,
        "budget: {{ actions: {}, watch_s: {} }}",
        b.actions, b.watch_s
    );
    out
}

fn bilingual(out: &mut String, key: &str, text: &Bilingual) {
    let (en, zh) = (quoted(&text.en), quoted(&text.zh));
    let _ = writeln!(out, "{key}:\n  en: {en}\n  zh: {zh}");
}

fn faults(out: &mut String, s: &Scenario) {
    let _ = writeln!(out, "faults:");
    for f in &s.faults {
        let object = quoted(&f.object.to_string());
        let _ = writeln!(
            out,
            "  - kind: {}\n    object: {object}\n    at_s: {}",
            f.kind, f.at_s
        );
        if !f.params.is_empty() {
            let each = f.params.iter().map(|(k, v)| format!("{k}: {}", number(*v)));
            let _ = writeln!(
                out,
                "    params: {{ {} }}",
                each.collect::<Vec<_>>().join(", ")
            );
        }
        if f.ramp_s > 0 {
            let _ = writeln!(out, "    ramp_s: {}", f.ramp_s);
        }
        if !f.cures.is_empty() {
            let each: Vec<String> = f.cures.iter().map(ToString::to_string).collect();
            let _ = writeln!(out, "    cures: [{}]", each.join(", "));
        }
    }
}

fn lies(out: &mut String, s: &Scenario) {
    if !s.lies.is_empty() {
        let _ = writeln!(out, "lies:");
    }
    for l in &s.lies {
        let says = match l.says {
            Lie::Frozen => "frozen".to_owned(),
            Lie::Mute => "mute".to_owned(),
            Lie::Value(v) => format!("{{ value: {} }}", number(v)),
            Lie::Times(v) => format!("{{ times: {} }}", number(v)),
        };
        let _ = writeln!(
            out,
            "  - object: {}\n    metric: {}\n    says: {says}\n    at_s: {}\n    lasts_s: {}",
            quoted(&l.object.to_string()),
            l.metric.as_str(),
            l.at_s,
            l.lasts_s
        );
    }
}
