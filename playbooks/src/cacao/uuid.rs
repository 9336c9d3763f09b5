//! Which id does a thing have in CACAO?
//!
//! In: a kind and a name. Out: `kind--uuid`. The same thing has the same id in every export, so two exports can be
//! compared. Its bits come from SHA-256 over kind and name; it has the form of version 4, which CACAO asks for.

use sha2::{Digest, Sha256};

pub(super) fn id(kind: &str, name: &str) -> String {
    let digest = Sha256::digest(format!("{kind}/{name}").as_bytes());
    let mut hex: Vec<char> = digest
        .iter()
        .take(16)
        .flat_map(|byte| format!("{byte:02x}").chars().collect::<Vec<_>>())
        .collect();
    for (place, digit) in [(12, '4'), (16, 'a')] {
        if let Some(at) = hex.get_mut(place) {
            *at = digit;
        }
    }
    let mut out = format!("{kind}--");
    for (place, digit) in hex.into_iter().enumerate() {
        if [8, 12, 16, 20].contains(&place) {
            out.push('-');
        }
        out.push(digit);
    }
    out
}
