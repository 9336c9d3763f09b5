//! Where does one syslog message of a TCP stream end?
//!
//! RFC 6587: either the message's length in decimal digits and a space come before it (octet counting), or a line feed comes
//! after it. A message begins with `<`, so a digit can only be a length: each message is told by its first byte.
//!
//! Pure; holds at most one message.

/// Digits of a length: no message is longer.
const DIGITS: usize = 7;

/// Cuts a stream into messages.
#[derive(Debug)]
pub struct Frames {
    held: Vec<u8>,
    most: usize,
    /// In the middle of a line that is too long: the rest of it is passed over.
    is_skipping: bool,
    is_broken: bool,
    dropped: u64,
}

impl Frames {
    /// For messages of at most so many bytes.
    pub const fn new(most: usize) -> Self {
        Self {
            held: vec![],
            most,
            is_skipping: false,
            is_broken: false,
            dropped: 0,
        }
    }

    /// The messages that are whole with these bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        if self.is_broken {
            return vec![];
        }
        let mut found = vec![];
        self.held.extend_from_slice(bytes);
        let mut from = 0;
        while !self.is_broken
            && let Some((message, next)) = self.next(from)
        {
            found.extend(message);
            from = next;
        }
        self.held.drain(..from.min(self.held.len()));
        self.bound();
        found
    }

    /// The last message, if the stream ended without a line feed after it.
    pub fn end(&mut self) -> Vec<Vec<u8>> {
        let rest = std::mem::take(&mut self.held);
        let rest = trim(&rest);
        let is_half = self.is_skipping || rest.first().is_some_and(u8::is_ascii_digit);
        if is_half {
            self.dropped += u64::from(!self.is_skipping);
        }
        if is_half || rest.is_empty() {
            vec![]
        } else {
            vec![rest.to_vec()]
        }
    }

    /// Messages too long to be taken, since the last call.
    pub const fn take_dropped(&mut self) -> u64 {
        std::mem::replace(&mut self.dropped, 0)
    }

    /// Whether the stream cannot be followed any more: a length that is none, or beyond the bound.
    pub const fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// The message at `from`, if it is whole, and where the next one begins.
    fn next(&mut self, from: usize) -> Option<(Option<Vec<u8>>, usize)> {
        let rest = self.held.get(from..)?;
        match rest.first()? {
            b'0'..=b'9' if !self.is_skipping => self.counted(from),
            _ => self.line(from),
        }
    }

    fn counted(&mut self, from: usize) -> Option<(Option<Vec<u8>>, usize)> {
        let rest = &self.held[from..];
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > DIGITS || rest.get(digits).is_some_and(|b| *b != b' ') {
            return self.give_up();
        }
        rest.get(digits)?;
        let number = std::str::from_utf8(&rest[..digits]).ok()?;
        let length: usize = number.parse().ok()?;
        if length > self.most {
            return self.give_up();
        }
        let begin = digits + 1;
        let message = rest.get(begin..begin + length)?;
        let whole = Some(trim(message).to_vec()).filter(|m| !m.is_empty());
        Some((whole, from + begin + length))
    }

    fn line(&mut self, from: usize) -> Option<(Option<Vec<u8>>, usize)> {
        let rest = &self.held[from..];
        let length = rest.iter().position(|b| *b == b'\n')?;
        let next = from + length + 1;
        if std::mem::replace(&mut self.is_skipping, false) {
            return Some((None, next));
        }
        if length > self.most {
            self.dropped += 1;
            return Some((None, next));
        }
        let message = trim(&rest[..length]).to_vec();
        Some((Some(message).filter(|m| !m.is_empty()), next))
    }

    fn give_up(&mut self) -> Option<(Option<Vec<u8>>, usize)> {
        self.is_broken = true;
        self.dropped += 1;
        self.held.clear();
        None
    }

    /// Forgets a line that is too long, before it takes memory.
    fn bound(&mut self) {
        let is_line = !self.held.first().is_some_and(u8::is_ascii_digit);
        if self.is_skipping || (is_line && self.held.len() > self.most) {
            self.dropped += u64::from(!self.is_skipping);
            self.is_skipping = true;
            self.held.clear();
        }
    }
}

/// Without the line feeds, carriage returns and zero bytes that some senders put around a message.
fn trim(message: &[u8]) -> &[u8] {
    let is_filler = |b: &u8| matches!(b, b'\n' | b'\r' | 0);
    let begin = message
        .iter()
        .position(|b| !is_filler(b))
        .unwrap_or(message.len());
    let end = message
        .iter()
        .rposition(|b| !is_filler(b))
        .map_or(begin, |n| n + 1);
    &message[begin..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(chunks: &[&[u8]]) -> (Vec<String>, Frames) {
        let mut frames = Frames::new(50);
        let mut found = vec![];
        for chunk in chunks {
            found.extend(frames.push(chunk));
        }
        found.extend(frames.end());
        let text = |m: Vec<u8>| String::from_utf8(m).unwrap();
        (found.into_iter().map(text).collect(), frames)
    }

    #[test]
    fn both_framings_are_told_apart_message_by_message() {
        let (found, _) = all(&[b"<1>a\r\n5 <2>b\n<3>c\n7 <4>1 d ", b"<5>last"]);
        assert_eq!(found, ["<1>a", "<2>b", "<3>c", "<4>1 d ", "<5>last"]);
    }

    #[test]
    fn a_message_may_come_byte_by_byte_and_hold_line_feeds_when_counted() {
        let stream = b"8 <2>a\nb\nc<3>d\n";
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(all(&bytes).0, ["<2>a\nb\nc", "<3>d"]);
    }

    #[test]
    fn a_line_too_long_is_dropped_and_the_next_one_is_read() {
        let long = [b"<1>".as_slice(), &[b'x'; 500]].concat();
        let (found, mut frames) = all(&[&long, b"more\n<2>b\n"]);
        assert_eq!(found, ["<2>b"]);
        assert_eq!(frames.take_dropped(), 1);
        assert!(!frames.is_broken());
    }

    #[test]
    fn a_length_that_is_none_or_too_large_ends_the_stream() {
        for stream in [&b"99 <1>"[..], b"5x<1>a\n", b"12345678 <1>", b"999 "] {
            let (found, mut frames) = all(&[stream]);
            assert!(found.is_empty(), "{found:?}");
            assert!(frames.is_broken());
            assert!(frames.take_dropped() > 0);
        }
    }

    proptest! {
        #[test]
        fn cutting_the_stream_elsewhere_changes_nothing(
            messages in prop::collection::vec(("[a-z \n]{1,20}", any::<bool>()), 1..10),
            cuts in prop::collection::vec(1..9_usize, 1..40),
        ) {
            let mut stream = vec![];
            let mut expected = vec![];
            for (text, is_counted) in messages {
                let text = if is_counted { format!("<1>{text}") } else { format!("<1>{}", text.replace('\n', "")) };
                expected.push(text.trim_matches('\n').to_owned());
                stream.extend(if is_counted { format!("{} {text}", text.len()) } else { format!("{text}\n") }.bytes());
            }
            let mut chunks = vec![];
            let mut rest = &stream[..];
            for cut in cuts.into_iter().cycle() {
                if rest.is_empty() { break; }
                let (chunk, after) = rest.split_at(cut.min(rest.len()));
                chunks.push(chunk);
                rest = after;
            }
            prop_assert_eq!(all(&chunks).0, expected);
        }

        #[test]
        fn no_stream_makes_it_panic_or_hold_more_than_it_may(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..20)) {
            let mut frames = Frames::new(50);
            for chunk in chunks {
                frames.push(&chunk);
                prop_assert!(frames.held.len() <= 80 + 60);
            }
            frames.end();
        }
    }
}
