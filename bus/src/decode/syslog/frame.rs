//! Where does one syslog message end in a stream of bytes?
//!
//! Both framings of RFC 6587, told apart at the start of each message: octet counting (`MSG-LEN SP <PRI>...`) and one
//! message a line (ended by LF or NUL). Pure: bytes in, messages out, whatever the chunks were.

/// Most digits of a length that are believed (our choice: ten megabytes less one byte).
const DIGITS: usize = 7;

/// Cuts a stream into messages.
#[derive(Debug)]
pub struct Framer {
    most: usize,
    buffer: Vec<u8>,
    state: State,
    cut: u64,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Between messages.
    Start,
    /// Digits that may be a length.
    Digits,
    /// Digits and a space; a `<` makes them a length.
    Space,
    /// This many bytes are left of a counted message.
    Counted(usize),
    /// Until the end of the line.
    Line,
}

impl Framer {
    /// A framer whose messages have at most `most` bytes: longer ones are cut there, and counted.
    pub const fn new(most: usize) -> Self {
        Self {
            most,
            buffer: vec![],
            state: State::Start,
            cut: 0,
        }
    }

    /// Messages that were longer than allowed, so far.
    pub const fn cut(&self) -> u64 {
        self.cut
    }

    /// Takes bytes as they come; gives the messages that end in them.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        bytes.iter().filter_map(|byte| self.step(*byte)).collect()
    }

    /// The stream has ended: what is left is a message too, though maybe not all of it.
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        self.emit()
    }

    fn step(&mut self, byte: u8) -> Option<Vec<u8>> {
        match self.state {
            State::Start => match byte {
                b'\n' | b'\r' | 0 => return None,
                b'1'..=b'9' => self.to(State::Digits, byte),
                _ => self.to(State::Line, byte),
            },
            State::Digits => match byte {
                b'0'..=b'9' if self.buffer.len() < DIGITS => self.to(State::Digits, byte),
                b' ' => self.to(State::Space, byte),
                _ => return self.line(byte),
            },
            State::Space if byte == b'<' => {
                let left = self.length();
                self.buffer.clear();
                return self.counted(left, byte);
            }
            State::Counted(left) => return self.counted(left, byte),
            State::Space | State::Line => return self.line(byte),
        }
        None
    }

    fn to(&mut self, state: State, byte: u8) {
        self.state = state;
        self.keep(byte);
    }

    fn line(&mut self, byte: u8) -> Option<Vec<u8>> {
        if matches!(byte, b'\n' | 0) {
            return self.emit();
        }
        self.to(State::Line, byte);
        None
    }

    fn counted(&mut self, left: usize, byte: u8) -> Option<Vec<u8>> {
        self.to(State::Counted(left.saturating_sub(1)), byte);
        if left <= 1 { self.emit() } else { None }
    }

    fn keep(&mut self, byte: u8) {
        // The first byte beyond the bound is kept as a mark that there were more.
        if self.buffer.len() <= self.most {
            self.buffer.push(byte);
        }
    }

    fn length(&self) -> usize {
        let digits = self.buffer.iter().filter(|b| b.is_ascii_digit());
        digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'))
    }

    fn emit(&mut self) -> Option<Vec<u8>> {
        self.state = State::Start;
        let mut message = std::mem::take(&mut self.buffer);
        if message.len() > self.most {
            message.truncate(self.most);
            self.cut += 1;
        }
        while matches!(message.last(), Some(b'\r' | b'\n' | 0)) {
            message.pop();
        }
        (!message.is_empty()).then_some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(bytes: &[u8], most: usize) -> Vec<String> {
        let mut framer = Framer::new(most);
        let mut messages = framer.push(bytes);
        messages.extend(framer.finish());
        messages
            .iter()
            .map(|m| String::from_utf8_lossy(m).into_owned())
            .collect()
    }

    #[test]
    fn both_framings_are_told_apart_message_by_message() {
        assert_eq!(
            whole(b"6 <1>a\nb<2>line\r\n7 <3>cdef\n", 99),
            ["<1>a\nb", "<2>line", "<3>cdef"]
        );
        assert_eq!(whole(b"<1>a\0<2>b\n\n\n<3>c", 99), ["<1>a", "<2>b", "<3>c"]);
    }

    #[test]
    fn a_line_that_begins_with_digits_is_no_length() {
        assert_eq!(
            whole(b"123: *Nov 20\n2026-11-20T08:00:03Z x\n12 monkeys\n", 99),
            ["123: *Nov 20", "2026-11-20T08:00:03Z x", "12 monkeys"]
        );
        assert_eq!(whole(b"99999999 <1>x\n", 99), ["99999999 <1>x"]);
    }

    #[test]
    fn a_message_too_long_is_cut_and_the_next_one_is_whole() {
        let mut framer = Framer::new(5);
        assert_eq!(
            framer.push(b"<1>abcdef\n<2>a\n9 <3>abcdef<4>b\n"),
            [&b"<1>ab"[..], b"<2>a", b"<3>ab", b"<4>b"]
        );
        assert_eq!(framer.cut(), 2);
    }

    proptest! {
        #[test]
        fn messages_are_the_same_whatever_the_chunks(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'<'), Just(b' '), Just(b'1'), Just(b'7'), any::<u8>()], 0..200),
            cuts in proptest::collection::vec(0usize..200, 0..12),
        ) {
            let mut framer = Framer::new(20);
            let mut messages = framer.push(&bytes);
            messages.extend(framer.finish());
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut chunked = Framer::new(20);
            let mut again: Vec<Vec<u8>> = cuts.windows(2).flat_map(|w| chunked.push(&bytes[w[0]..w[1]])).collect();
            again.extend(chunked.finish());
            prop_assert_eq!(messages, again);
            prop_assert_eq!(framer.cut(), chunked.cut());
        }
    }
}
