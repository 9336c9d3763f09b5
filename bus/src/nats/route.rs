//! Which way does a subject travel?
//!
//! Telemetry (`zizhi.v1.*.obs.>`) goes by core NATS. The lasting planes are kept by one stream, so that the order of a
//! publisher holds over all of them. Questions go beside the stream, under the plane `ask`: a stream would answer a question
//! that it keeps with its own receipt.

/// Planes whose messages must last.
pub const LASTING: [&str; 5] = ["evt", "neg", "plan", "act", "audit"];

/// The plane of questions, put in before the plane of the subject.
const ASK: &str = "ask";

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Core NATS; may be lost, and the loss is counted.
    Telemetry,
    /// Kept until everyone has it.
    Lasting,
    /// Nobody carries it.
    None,
}

/// How a message under `subject` travels.
pub fn way(subject: &str) -> Way {
    let mut tokens = subject.split('.');
    let root = (tokens.next(), tokens.next());
    let plane = tokens.nth(1);
    match (root, plane, tokens.next()) {
        ((Some("zizhi"), Some("v1")), Some("obs"), Some(_)) => Way::Telemetry,
        ((Some("zizhi"), Some("v1")), Some(plane), Some(_)) if LASTING.contains(&plane) => {
            Way::Lasting
        }
        _ => Way::None,
    }
}

/// Subjects that the stream keeps.
pub fn kept() -> Vec<String> {
    LASTING.iter().map(|p| of_plane(p)).collect()
}

/// The parts of `patterns` that core NATS carries, none covering another.
pub fn telemetry_part(patterns: &[&str]) -> Vec<String> {
    uncovered(meets(patterns, &[of_plane("obs")]))
}

/// The parts of `patterns` that the stream keeps. No subject is in two of them, as JetStream demands, so they may cover more than `patterns`:
/// whoever uses them looks at the patterns again.
pub fn lasting_part(patterns: &[&str]) -> Vec<String> {
    let mut parts = uncovered(meets(patterns, &kept()));
    while let Some((i, j)) = first_overlap(&parts) {
        let cover = cover(&parts[i], &parts[j]);
        parts.swap_remove(j);
        parts[i] = cover;
        parts = uncovered(parts);
    }
    parts
}

/// Where a question about `subject` travels: `zizhi.v1.network.act.apply` is asked under `zizhi.v1.network.ask.act.apply`.
pub fn asked(subject: &str) -> String {
    let tokens: Vec<&str> = subject.split('.').collect();
    match tokens.as_slice() {
        ["zizhi", "v1", who, rest @ ..] if !rest.is_empty() => {
            format!("zizhi.v1.{who}.{ASK}.{}", rest.join("."))
        }
        _ => format!("{ASK}.{subject}"),
    }
}

fn of_plane(plane: &str) -> String {
    format!("zizhi.v1.*.{plane}.>")
}

fn meets(patterns: &[&str], planes: &[String]) -> Vec<String> {
    let of = |p: &&str| planes.iter().filter_map(|q| meet(p, q)).collect::<Vec<_>>();
    patterns.iter().flat_map(of).collect()
}

/// The pattern of what both cover.
fn meet(a: &str, b: &str) -> Option<String> {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split('.').collect(), b.split('.').collect());
    let mut both = vec![];
    let mut at = 0;
    loop {
        match (a.get(at), b.get(at)) {
            (None, None) => return Some(both.join(".")),
            (Some(&">"), Some(_)) => {
                both.extend_from_slice(&b[at..]);
                return Some(both.join("."));
            }
            (Some(_), Some(&">")) => {
                both.extend_from_slice(&a[at..]);
                return Some(both.join("."));
            }
            (Some(x), Some(y)) if x == y || *y == "*" => both.push(*x),
            (Some(&"*"), Some(y)) => both.push(*y),
            _ => return None,
        }
        at += 1;
    }
}

/// Without those that another one covers.
fn uncovered(mut patterns: Vec<String>) -> Vec<String> {
    patterns.sort();
    patterns.dedup();
    let all = patterns.clone();
    let is_covered = |p: &String| all.iter().any(|q| q != p && covers(q, p));
    patterns.retain(|p| !is_covered(p));
    patterns
}

fn covers(wide: &str, narrow: &str) -> bool {
    meet(wide, narrow).as_deref() == Some(narrow)
}

fn first_overlap(patterns: &[String]) -> Option<(usize, usize)> {
    let pairs = (0..patterns.len()).flat_map(|i| (i + 1..patterns.len()).map(move |j| (i, j)));
    pairs
        .into_iter()
        .find(|&(i, j)| meet(&patterns[i], &patterns[j]).is_some())
}

/// A pattern that covers both.
fn cover(a: &str, b: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split('.').collect(), b.split('.').collect());
    let mut tokens = vec![];
    for at in 0..a.len().max(b.len()) {
        match (a.get(at), b.get(at)) {
            (Some(x), Some(y)) if *x != ">" && *y != ">" => {
                tokens.push(if x == y { *x } else { "*" });
            }
            _ => {
                tokens.push(">");
                break;
            }
        }
    }
    tokens.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::matches;
    use proptest::prelude::*;

    #[test]
    fn the_plane_decides_the_way() {
        for (subject, expected) in [
            ("zizhi.v1.transport.obs.telemetry", Way::Telemetry),
            ("zizhi.v1.transport.neg.say", Way::Lasting),
            ("zizhi.v1.operator.act.kill", Way::Lasting),
            ("zizhi.v1.transport.neg", Way::None),
            ("zizhi.v2.transport.neg.say", Way::None),
            ("a.b", Way::None),
        ] {
            assert_eq!(way(subject), expected, "{subject}");
        }
    }

    #[test]
    fn what_an_agent_listens_to_is_cut_into_parts_that_do_not_overlap() {
        let patterns = [
            "zizhi.v1.transport.>",
            "zizhi.v1.*.evt.>",
            "zizhi.v1.*.neg.>",
            "zizhi.v1.*.obs.inventory",
        ];
        assert_eq!(
            telemetry_part(&patterns),
            ["zizhi.v1.*.obs.inventory", "zizhi.v1.transport.obs.>"]
        );
        assert_eq!(
            lasting_part(&patterns),
            [
                "zizhi.v1.*.evt.>",
                "zizhi.v1.*.neg.>",
                "zizhi.v1.transport.act.>",
                "zizhi.v1.transport.audit.>",
                "zizhi.v1.transport.plan.>"
            ]
        );
        assert_eq!(lasting_part(&[">"]), {
            let mut kept = kept();
            kept.sort();
            kept
        });
    }

    #[test]
    fn a_partial_overlap_becomes_one_wider_part() {
        let parts = lasting_part(&["zizhi.v1.a.evt.*", "zizhi.v1.*.evt.x"]);
        assert_eq!(parts, ["zizhi.v1.*.evt.*"]);
    }

    #[test]
    fn questions_go_beside_what_is_kept() {
        let asked = asked("zizhi.v1.network.act.apply");
        assert_eq!(asked, "zizhi.v1.network.ask.act.apply");
        assert_eq!(way(&asked), Way::None);
        assert_eq!(super::asked("a.b"), "ask.a.b");
    }

    fn pattern() -> impl Strategy<Value = String> {
        let token = proptest::sample::select(vec!["a", "b", "*"]);
        let plane = proptest::sample::select(vec!["evt", "neg", "obs", "*"]);
        let tail = proptest::sample::select(vec!["x", "y", "*", ">", "x.>", "x.y"]);
        (token, plane, tail).prop_map(|(d, p, t)| format!("zizhi.v1.{d}.{p}.{t}"))
    }

    proptest! {
        /// Parts never overlap, and nothing that a pattern covers falls out of both.
        #[test]
        fn parts_lose_nothing(patterns in proptest::collection::vec(pattern(), 1..6)) {
            let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
            let (core, kept) = (telemetry_part(&patterns), lasting_part(&patterns));
            prop_assert!(first_overlap(&kept).is_none());
            for domain in ["a", "b", "c"] {
                for plane in ["evt", "neg", "obs"] {
                    for kind in ["x", "y", "x.y", "x.y.z"] {
                        let subject = format!("zizhi.v1.{domain}.{plane}.{kind}");
                        let wanted = patterns.iter().any(|p| matches(p, &subject));
                        let parts = if plane == "obs" { &core } else { &kept };
                        let got = parts.iter().any(|p| matches(p, &subject));
                        prop_assert!(got || !wanted, "{subject} of {patterns:?} in {parts:?}");
                    }
                }
            }
        }
    }
}
