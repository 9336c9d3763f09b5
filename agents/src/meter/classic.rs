//! The same page in the Prometheus text format 0.0.4, for scrapers that do not ask for `OpenMetrics`.

use std::collections::BTreeSet;

/// Rewrites an `OpenMetrics` page: the family of a counter is named with `_total`, and there are no UNIT lines and no end
/// mark, which the older format does not have.
pub fn classic(openmetrics: &str) -> String {
    let counters: BTreeSet<&str> = openmetrics
        .lines()
        .filter_map(|l| l.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut page = String::with_capacity(openmetrics.len());
    for line in openmetrics.lines() {
        if line == "# EOF" || line.starts_with("# UNIT ") {
            continue;
        }
        let (mark, rest) = match line.get(..7) {
            Some(mark @ ("# HELP " | "# TYPE ")) => (mark, &line[7..]),
            _ => ("", line),
        };
        let (name, after) = rest.split_once(' ').unwrap_or((rest, ""));
        page.push_str(mark);
        page.push_str(name);
        if !mark.is_empty() && counters.contains(name) {
            page.push_str("_total");
        }
        page.push(' ');
        page.push_str(after);
        page.push('\n');
    }
    page
}
