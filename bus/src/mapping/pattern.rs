//! Does a text fit a pattern, and what does a template become? No expressions: stars, braces, and nothing else.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Longest text that a brace takes from a message, in bytes.
const CAPTURE: usize = 200;

/// Whether `text` fits `pattern`, in which `*` stands for any text and `?` for one character.
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Whether a pattern is more than the text itself.
pub(super) fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// This text.
    Literal(String),
    /// A word without blanks, kept under this name.
    Word(String),
    /// Any text.
    Any,
    /// The end, or a blank and any text.
    Rest,
}

/// A sentence of a log line with gaps: `neighbor {peer} Down*`.
///
/// `{name}` takes a word without blanks up to the text that follows it in the pattern, `*` takes anything. A blank and a
/// star at the end may both be missing in the text. A gap ends at the
/// first place where what follows fits; nothing is tried again, so matching costs no more than reading the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence(Vec<Piece>);

impl Sentence {
    /// Reads a pattern.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let mut pieces = vec![];
        let mut rest = pattern;
        while let Some(first) = rest.chars().next() {
            let gap = matches!(pieces.last(), Some(Piece::Word(_) | Piece::Any));
            if let Some(after) = rest.strip_prefix('*') {
                pieces.push(Piece::Any);
                rest = after;
            } else if first == '{' {
                let (name, after) = rest[1..]
                    .split_once('}')
                    .ok_or_else(|| format!("`{pattern}`: a brace is not closed"))?;
                pieces.push(Piece::Word(variable(name)?.to_owned()));
                rest = after;
            } else {
                let end = rest.find(['*', '{']).unwrap_or(rest.len());
                pieces.push(Piece::Literal(rest[..end].to_owned()));
                rest = &rest[end..];
                continue;
            }
            if gap {
                return Err(format!("`{pattern}`: two gaps without text between them"));
            }
        }
        if pieces.is_empty() {
            return Err("an empty pattern".to_owned());
        }
        if let [.., Piece::Word(_), Piece::Literal(blank), Piece::Any] = &pieces[..]
            && blank == " "
        {
            pieces.truncate(pieces.len() - 2);
            pieces.push(Piece::Rest);
        }
        Ok(Self(pieces))
    }

    /// What the gaps hold, if `text` fits.
    pub fn read(&self, text: &str) -> Option<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        let mut rest = text;
        let mut pieces = self.0.iter().peekable();
        while let Some(piece) = pieces.next() {
            let end = match (piece, pieces.peek()) {
                (Piece::Literal(literal), _) => {
                    rest = rest.strip_prefix(literal.as_str())?;
                    continue;
                }
                (Piece::Rest, _) => return Some(found),
                (_, Some(Piece::Literal(next))) => rest.find(next.as_str())?,
                (_, Some(Piece::Rest)) => rest.find(' ').unwrap_or(rest.len()),
                _ => rest.len(),
            };
            let (gap, after) = rest.split_at(end);
            if let Piece::Word(name) = piece {
                if gap.is_empty() || gap.len() > CAPTURE || gap.contains(char::is_whitespace) {
                    return None;
                }
                found.insert(name.clone(), gap.to_owned());
            }
            rest = after;
        }
        rest.is_empty().then_some(found)
    }
}

/// A text with variables: `port/{@host}:{ifName|ifDescr}`, each the first that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable(Vec<String>),
}

impl Template {
    /// Reads a template.
    pub fn new(text: &str) -> Result<Self, String> {
        let mut parts = vec![];
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (names, after) = after
                .split_once('}')
                .ok_or_else(|| format!("`{text}`: a brace is not closed"))?;
            if !before.is_empty() {
                parts.push(Part::Literal(before.to_owned()));
            }
            let names: Result<Vec<String>, String> = names
                .split('|')
                .map(|n| Ok(variable(n)?.to_owned()))
                .collect();
            parts.push(Part::Variable(names?));
            rest = after;
        }
        if rest.contains('}') {
            return Err(format!("`{text}`: a brace is closed that was not opened"));
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The text with its variables; `None` where one is not there or empty.
    pub fn fill<'v>(&self, value: impl Fn(&str) -> Option<Cow<'v, str>>) -> Option<String> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Variable(names) => {
                    let mut found = names.iter().filter_map(|name| value(name));
                    text.push_str(&found.find(|v| !v.is_empty())?);
                }
            }
        }
        Some(text)
    }
}

/// The name of a variable: anything but braces, bars and blanks.
fn variable(name: &str) -> Result<&str, String> {
    if name.is_empty() || name.contains(['{', '}', '|', ' ', '\n']) {
        return Err(format!(
            "`{{{name}}}` is no variable: write the name of a tag"
        ));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, expected) in [
            ("a*c", "abbbc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("*", "", true),
            ("?", "好", true),
            ("*a*b*", "xxaxxbxx", true),
            ("ab", "abc", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} on {text}");
        }
        assert!(!fits(&"*a".repeat(50), &"a".repeat(49)));
    }

    #[test]
    fn a_sentence_gives_its_words() {
        let sentence = Sentence::new("*neighbor {peer}(*) in vrf {vrf} {state} *").unwrap();
        let found = sentence
            .read("x neighbor 10.0.0.2(Unknown) in vrf default Down Peer closed")
            .unwrap();
        assert_eq!(found["peer"], "10.0.0.2");
        assert_eq!(found["state"], "Down");
        assert!(
            sentence
                .read("neighbor 10.0.0.2(x) in vrf default Up")
                .is_some()
        );
        assert_eq!(sentence.read("neighbor 10.0.0.2 Down"), None);
        assert!(Sentence::new("a {b").is_err());
        assert!(Sentence::new("{a}{b}").is_err());
        assert!(Sentence::new("").is_err());
    }

    #[test]
    fn a_template_takes_the_first_variable_that_is_there() {
        let template = Template::new("port/{a|b}:{c}").unwrap();
        let of = |name: &str| match name {
            "a" => Some(Cow::Borrowed("")),
            "b" => Some(Cow::Borrowed("pe1")),
            "c" => Some(Cow::Borrowed("et-1")),
            _ => None,
        };
        assert_eq!(template.fill(of).as_deref(), Some("port/pe1:et-1"));
        assert_eq!(Template::new("{d}").unwrap().fill(of), None);
        for bad in ["{", "a}", "{}", "{a b}"] {
            assert!(Template::new(bad).is_err(), "{bad}");
        }
    }
}
