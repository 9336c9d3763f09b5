//! What does YAML make of one line or one bare value?
//!
//! In: a line, or a value without quotes. Out: where and why it is a trap, and what to write instead. Columns count from 0.

use crate::problem::Code;

/// The value in double quotes, or in single ones where it has double ones itself.
pub(super) fn quoted(text: &str) -> String {
    if text.contains('"') {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        format!("\"{text}\"")
    }
}

/// Octal, hexadecimal, grouped and sexagesimal numbers, and versions that lose a zero.
pub(super) fn number_like(field: &str, text: &str) -> Option<(String, String)> {
    let digits = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_ascii_digit());
    let unsigned = text.trim_start_matches(['-', '+']);
    if field == "version" {
        let (whole, part) = text.split_once('.')?;
        let lossy = digits(whole) && digits(part) && part.len() > 1 && part.ends_with('0');
        let short = part.trim_end_matches('0');
        return lossy.then(|| {
            let message = format!("version {text} is read as the number {whole}.{short}");
            (message, format!("write three numbers: {text}.0"))
        });
    }
    let octal = unsigned.len() > 1 && unsigned.starts_with('0') && digits(unsigned);
    if octal || unsigned.starts_with("0o") || unsigned.starts_with("0x") {
        let plain = unsigned.trim_start_matches('0');
        let message = format!("`{text}` is octal or hexadecimal to some readers");
        return Some((
            message,
            format!("write {plain} as a decimal number, or quote it"),
        ));
    }
    let grouped = unsigned.contains('_') && digits(&unsigned.replace('_', ""));
    let minutes = unsigned.split_once(':');
    let sexagesimal = minutes.is_some_and(|(a, b)| digits(a) && digits(&b.replace(':', "")));
    if grouped {
        let plain = unsigned.replace('_', "");
        return Some((
            format!("`{text}` is a number to some readers, a text to others"),
            format!("write {plain}"),
        ));
    }
    sexagesimal.then(|| {
        let message = format!("`{text}` is a number to the base of 60 to some readers");
        (
            message,
            "write a duration such as 90s, or put it in quotes".to_owned(),
        )
    })
}

/// The value of a `key: value` line, or of a `- value` line, and its column from 0.
pub(super) fn value_of(line: &str) -> Option<(usize, &str)> {
    let key = line
        .char_indices()
        .find(|(i, c)| *c == ':' && line.get(i + 1..).is_some_and(|r| r.starts_with(' ')));
    let start = match key {
        Some((i, _)) => i + 2,
        None => line.find("- ")? + 2,
    };
    let value = line.get(start..)?;
    let trimmed = value.trim_start();
    let column = line
        .get(..start + value.len() - trimmed.len())?
        .chars()
        .count();
    Some((column, trimmed.trim_end()))
}

/// Why YAML cannot read a line, for the ways in which expressions and texts break it.
pub(super) fn taken_apart(line: &str) -> Option<(usize, String, String)> {
    let (column, value) = value_of(line)?;
    let whole = || format!("put the whole value in quotes: {}", quoted(value));
    let quote = value.chars().next().filter(|c| "\"'".contains(*c));
    if let Some(quote) = quote {
        let closing = value.get(1..)?.find(quote)? + 2;
        let after = value.get(closing..)?.trim();
        let ends = after.is_empty() || after.starts_with(['#', ',', '}', ']']);
        return (!ends).then(|| {
            let message = format!("YAML ends the value at the second {quote}");
            (column, message, whole())
        });
    }
    if value.starts_with(['%', '@', '`']) {
        let message = format!("`{value}` starts with a character that YAML keeps for itself");
        return Some((column, message, whole()));
    }
    if let Some(at) = bare_braces(line) {
        let message = "an expression in `{{ }}` is a map to YAML unless it stands in quotes";
        let fix = "put quotes around it: \"${{ ... }}\"";
        return Some((at, message.to_owned(), fix.to_owned()));
    }
    if value.starts_with(['{', '[', '*', '&', '!']) {
        return None;
    }
    if value.contains(" ? ") && value.contains(" : ") {
        let message =
            "a ternary `a ? b : c` without quotes is a key and a value to YAML".to_owned();
        return Some((column, message, whole()));
    }
    value.contains(": ").then(|| {
        let message = format!("`{value}` contains `: `, which starts a value in YAML");
        (column, message, whole())
    })
}

/// The column of a colon that is stuck to its value: `risk:0.2`.
pub(super) fn glued(line: &str) -> Option<usize> {
    let trimmed = line.trim_start_matches([' ', '-']);
    let (key, value) = trimmed.split_once(':')?;
    let word = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric());
    let stuck = word && !value.is_empty() && !value.starts_with([' ', '/']);
    stuck.then(|| line.len() - trimmed.len() + key.len())
}

/// The column of a `{{` or `${{` that stands outside quotes.
fn bare_braces(line: &str) -> Option<usize> {
    let mut quote = None;
    let chars: Vec<char> = line.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        match quote {
            Some(q) if q == *c => quote = None,
            None if *c == '"' || *c == '\'' => quote = Some(*c),
            None if *c == '{' && chars.get(i + 1) == Some(&'{') => {
                let dollar = i > 0 && chars.get(i - 1) == Some(&'$');
                return Some(if dollar { i - 1 } else { i });
            }
            Some(_) | None => {}
        }
    }
    None
}

/// The first odd character in the indentation, after the key, or at the start of the value.
pub(super) fn look_alike(line: &str) -> Option<(usize, char)> {
    let chars: Vec<char> = line.chars().collect();
    let space = |c: &char| matches!(c, '\u{a0}' | '\u{3000}' | '\u{2003}');
    let indent = chars.iter().position(|c| *c != ' ' && *c != '-')?;
    let first = chars.get(indent)?;
    if space(first) {
        return Some((indent, *first));
    }
    let word = |c: &&char| c.is_ascii_alphanumeric() || **c == '_' || **c == '-';
    let end = indent + chars.iter().skip(indent).take_while(word).count();
    let colon = chars.get(end).filter(|_| end > indent)?;
    if *colon == '：' || space(colon) {
        return Some((end, *colon));
    }
    let after = chars.get(end + 1).filter(|_| *colon == ':')?;
    if space(after) {
        return Some((end + 1, *after));
    }
    let value = chars.get(end + 2).filter(|_| *after == ' ')?;
    "“”‘’＂＇｛［".contains(*value).then_some((end + 2, *value))
}

/// What a look-alike was meant to be.
pub(super) const fn meant(c: char) -> &'static str {
    match c {
        '：' => "a colon",
        '“' | '”' | '＂' => "a double quote",
        '‘' | '’' | '＇' => "a single quote",
        '｛' => "a brace",
        '［' => "a bracket",
        _ => "a space",
    }
}

/// What a line opens and does not close, once the reader has given up: a quote, or a brace with a full-width comma in it.
pub(super) fn unclosed(line: &str) -> Option<(usize, Code, &'static str, &'static str)> {
    if line.trim_start().starts_with('#') {
        return None;
    }
    let at = |c: char| line.chars().position(|found| found == c);
    let count = |c: char| line.chars().filter(|found| *found == c).count();
    if count('"') % 2 == 1 {
        let message = "a double quote is opened or closed without the other";
        return Some((at('"')?, Code::Yaml, message, "write both quotes"));
    }
    if line.contains('{') && line.contains('，') {
        let message = "`，` (U+FF0C) looks like a comma and is none";
        let fix = "write a comma and a space between the fields of a block";
        return Some((at('，')?, Code::LookAlike, message, fix));
    }
    (count('{') > count('}')).then_some((
        at('{')?,
        Code::Yaml,
        "a brace is opened and not closed on its line",
        "close it with }",
    ))
}
