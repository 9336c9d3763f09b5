//! How bad do others find it? Their words and numbers as perceived severities.

use zizhi_types::Severity;

/// The severity of a syslog code (RFC 5424 table 2). Our choice along X.733: emergency, alert and critical are
/// critical; error is major; warning is minor; notice is a warning; informational and debug are indeterminate, since
/// they claim no trouble at all.
pub(crate) const fn of_syslog(code: u8) -> Severity {
    match code {
        0..=2 => Severity::Critical,
        3 => Severity::Major,
        4 => Severity::Minor,
        5 => Severity::Warning,
        _ => Severity::Indeterminate,
    }
}

/// The severity of a word that alerting rules and log lines use; `None` for an unknown one.
pub(crate) fn of_word(word: &str) -> Option<Severity> {
    Some(match word.to_ascii_lowercase().as_str() {
        "critical" | "crit" | "emergency" | "emerg" | "alert" | "fatal" | "panic" | "page"
        | "disaster" => Severity::Critical,
        "major" | "error" | "err" | "high" => Severity::Major,
        "minor" | "average" | "medium" => Severity::Minor,
        "warning" | "warn" | "notice" | "low" => Severity::Warning,
        "cleared" | "clear" | "ok" | "resolved" | "normal" => Severity::Cleared,
        "info" | "informational" | "information" | "debug" | "trace" | "none" | "indeterminate" => {
            Severity::Indeterminate
        }
        _ => return None,
    })
}

/// The severity of one of syslog's keywords, as senders write it instead of the code.
pub(crate) fn of_syslog_word(word: &str) -> Option<Severity> {
    let code = match word.to_ascii_lowercase().as_str() {
        "emerg" | "panic" | "emergency" => 0,
        "alert" => 1,
        "crit" | "critical" => 2,
        "err" | "error" => 3,
        "warning" | "warn" => 4,
        "notice" => 5,
        "info" | "informational" => 6,
        "debug" => 7,
        _ => return None,
    };
    Some(of_syslog(code))
}
