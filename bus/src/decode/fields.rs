//! Which fields does a protobuf message have, without decoding them?
//!
//! So that one bad part spoils itself and not its message, and so that the number of parts is known before memory is
//! taken for them: two bytes on the wire can become a hundred in memory.

use super::Limits;
use prost::encoding::{WireType, decode_key, decode_varint};

/// The bytes are no protobuf message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

/// A field with a length: its number and its bytes. Fields of other wire types are passed over.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Of one message.
    pub(crate) const fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    fn step(&mut self) -> Result<Option<(u32, &'a [u8])>, Broken> {
        let (tag, wire_type) = decode_key(&mut self.0).map_err(|_| Broken)?;
        let length = match wire_type {
            WireType::Varint => {
                decode_varint(&mut self.0).map_err(|_| Broken)?;
                return Ok(None);
            }
            WireType::ThirtyTwoBit => 4,
            WireType::SixtyFourBit => 8,
            WireType::LengthDelimited => {
                let length = decode_varint(&mut self.0).map_err(|_| Broken)?;
                usize::try_from(length).map_err(|_| Broken)?
            }
            WireType::StartGroup | WireType::EndGroup => return Err(Broken),
        };
        let (field, rest) = self.0.split_at_checked(length).ok_or(Broken)?;
        self.0 = rest;
        Ok((wire_type == WireType::LengthDelimited).then_some((tag, field)))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, &'a [u8]), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.0.is_empty() {
            match self.step() {
                Ok(None) => {}
                Ok(Some(field)) => return Some(Ok(field)),
                Err(broken) => {
                    self.0 = &[];
                    return Some(Err(broken));
                }
            }
        }
        None
    }
}

/// Which fields of a message are messages themselves, and what is in those.
pub(crate) struct Shape {
    /// The field's number.
    pub tag: u32,
    /// The shapes below it.
    pub inner: &'static [Shape],
}

/// A shape.
pub(crate) const fn shape(tag: u32, inner: &'static [Shape]) -> Shape {
    Shape { tag, inner }
}

/// Nested messages for each item that one message may have: our choice, a point has some attributes.
const PARTS_PER_ITEM: usize = 10;

/// The most nested messages that one message may have.
pub(crate) const fn parts_max(limits: &Limits) -> usize {
    limits.items.saturating_mul(PARTS_PER_ITEM)
}

/// Deepest nesting that is followed; prost stops at 100 itself.
const DEPTH_MAX: usize = 100;

/// How many messages are nested in a message, along `shapes`; stops counting above `most`.
pub(crate) fn nested(
    message: &[u8],
    shapes: &'static [Shape],
    most: usize,
) -> Result<usize, Broken> {
    let mut open = vec![(message, shapes, 0)];
    let mut found = 0;
    while let Some((message, shapes, depth)) = open.pop() {
        for field in Fields::of(message) {
            let (tag, bytes) = field?;
            if let Some(shape) = shapes.iter().find(|s| s.tag == tag) {
                found += 1;
                if depth < DEPTH_MAX && !shape.inner.is_empty() && !bytes.is_empty() {
                    open.push((bytes, shape.inner, depth + 1));
                }
            }
            if found > most {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_a_length_are_seen_and_others_passed_over() {
        // 1: varint 5; 2: "ab"; 3: fixed32; 4: fixed64
        let message = [
            8, 5, 18, 2, b'a', b'b', 29, 1, 2, 3, 4, 33, 1, 2, 3, 4, 5, 6, 7, 8,
        ];
        let fields: Vec<_> = Fields::of(&message).map(Result::unwrap).collect();
        assert_eq!(fields, [(2, b"ab".as_slice())]);
    }

    #[test]
    fn a_length_beyond_the_end_is_an_error_and_ends_it() {
        let mut fields = Fields::of(&[18, 200, 1, b'a']);
        assert_eq!(fields.next(), Some(Err(Broken)));
        assert_eq!(fields.next(), None);
    }

    #[test]
    fn nested_messages_are_counted_no_further_than_needed() {
        static LEAF: &[Shape] = &[Shape { tag: 1, inner: &[] }];
        static TREE: &[Shape] = &[Shape {
            tag: 1,
            inner: LEAF,
        }];
        let message = [10, 4, 10, 0, 10, 0, 10, 2, 10, 0];
        assert_eq!(nested(&message, TREE, 100), Ok(5));
        assert_eq!(nested(&message, TREE, 1), Ok(2));
    }
}
