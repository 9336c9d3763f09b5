//! Is this a password that may be used, and is it the right one?
//!
//! Rules after OWASP ASVS 5.0 section 6.2: 8 to 128 characters of any sort, nothing that everybody tries first, and not
//! the account's own name. Kept as Argon2id with the parameters of the OWASP password storage cheat sheet.

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::LazyLock;

/// Shortest, in characters (ASVS 6.2.1).
pub const MIN: usize = 8;

/// Longest, in characters; ASVS 6.2.9 asks for 64 at least. It bounds the work of one try.
pub const MAX: usize = 128;

/// Memory in KiB, passes and lanes: 19 MiB, 2, 1 (OWASP password storage cheat sheet).
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// What people take first, without the digits and signs before and after it, which are tried as well.
const COMMON: &[&str] = &[
    "password",
    "passwort",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "pass",
    "qwerty",
    "qwertyuiop",
    "qwertyui",
    "qwer",
    "asdfghjkl",
    "asdfghjk",
    "asdfasdf",
    "asdf",
    "zxcvbnm",
    "azerty",
    "qazwsx",
    "qazwsxedc",
    "letmein",
    "welcome",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "batman",
    "trustno",
    "monkey",
    "dragon",
    "shadow",
    "master",
    "michael",
    "jordan",
    "charlie",
    "computer",
    "internet",
    "whatever",
    "starwars",
    "default",
    "secret",
    "changeme",
    "changeit",
    "admin",
    "administrator",
    "root",
    "toor",
    "guest",
    "test",
    "testtest",
    "user",
    "login",
    "temp",
    "hello",
    "abc",
    "abcd",
    "abcdef",
    "abcdefg",
    "abcdefgh",
    "abcabc",
    "aa",
    "a",
    "woaini",
    "aini",
    "wodemima",
    "mima",
    "nihao",
    "zhang",
    "wang",
    "asd",
    "zxc",
    "qwe",
    "qweasd",
    "qweasdzxc",
    "cisco",
    "huawei",
    "juniper",
    "router",
    "switch",
    "network",
    "operator",
    "support",
    "service",
    "server",
    "system",
    "monitor",
    "manager",
    "zizhi",
    "noc",
    "q",
    "w",
    "z",
    "x",
    "q1w2e3r4t5",
    "q1w2e3r4",
    "1q2w3e4r5t",
    "1q2w3e4r",
    "1qaz2wsx",
    "1qazxsw2",
    "zaq12wsx",
    "qwe123qwe",
    "q1w2e3",
    "1q2w3e",
    "admin888",
    "abc123abc",
    "password1password",
];

/// Runs that fingers and calendars make.
const RUNS: &[&str] = &[
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "!@#$%^&*()_+",
];

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Shorter than [`MIN`].
    #[error("the password is shorter than 8 characters")]
    Short,
    /// Longer than [`MAX`].
    #[error("the password is longer than 128 characters")]
    Long,
    /// One of those that are tried first.
    #[error("the password is one of those that are tried first")]
    Common,
    /// Made of the account's name.
    #[error("the password is made of the account's name")]
    Name,
}

/// Whether `password` may be used for `name`.
pub fn check(name: &str, password: &str) -> Result<(), Weak> {
    let characters = password.chars().count();
    if characters < MIN {
        return Err(Weak::Short);
    }
    if characters > MAX {
        return Err(Weak::Long);
    }
    let lower = password.to_lowercase();
    let core = lower.trim_matches(|c: char| !c.is_alphabetic());
    if !name.is_empty() && core == name.to_lowercase() {
        return Err(Weak::Name);
    }
    let listed = COMMON.contains(&core) || COMMON.contains(&lower.as_str());
    // Digits and signs alone are a date, a number, or little better.
    let bare = core.is_empty() && characters < 12;
    if listed || bare || is_run(&lower) || repeats(&lower) {
        return Err(Weak::Common);
    }
    Ok(())
}

fn is_run(lower: &str) -> bool {
    RUNS.iter().any(|run| run.contains(lower))
}

/// The same few characters over and over: `aaaaaaaa`, `abababab`, `123123123`.
fn repeats(lower: &str) -> bool {
    let all: Vec<char> = lower.chars().collect();
    (1..=4).any(|period| all.iter().zip(all.iter().skip(period)).all(|(a, b)| a == b))
}

/// A password cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct Unhashed(String);

fn argon() -> Result<Argon2<'static>, argon2::Error> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// What is kept of a password: takes tens of milliseconds on purpose.
pub fn hash(password: &str) -> Result<String, Unhashed> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|e| Unhashed(e.to_string()))?;
    let salt = SaltString::encode_b64(&bytes).map_err(|e| Unhashed(e.to_string()))?;
    let argon = argon().map_err(|e| Unhashed(e.to_string()))?;
    let hash = argon.hash_password(password.as_bytes(), &salt);
    Ok(hash.map_err(|e| Unhashed(e.to_string()))?.to_string())
}

/// A hash of nobody's password, so that a name that does not exist costs the same time.
static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| hash("nobody signs in with this").ok());

/// Whether `password` belongs to `kept`; the same work where nothing is kept.
pub fn verify(kept: Option<&str>, password: &str) -> bool {
    if password.chars().count() > MAX {
        return false;
    }
    let Some(against) = kept.or(NOBODYS.as_deref()) else {
        return false;
    };
    let right = PasswordHash::new(against).is_ok_and(|parsed| {
        argon().is_ok_and(|argon| argon.verify_password(password.as_bytes(), &parsed).is_ok())
    });
    right && kept.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_what_counts_and_every_character_is_allowed() {
        for good in [
            "correct horse battery",
            "今天天气很好我们去爬山",
            "kT9#x!qL2",
            "  spaces at both ends  ",
            "烧烤-pangolin",
        ] {
            assert_eq!(check("li", good), Ok(()), "{good}");
        }
        assert_eq!(check("li", "kT9#x!q"), Err(Weak::Short));
        assert_eq!(check("li", &"ab3d".repeat(33)), Err(Weak::Long));
        assert_eq!(check("li", &"kT9#x!qL".repeat(8)), Ok(()), "64");
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for bad in [
            "password",
            "Password123",
            "P@ssw0rd!",
            "12345678",
            "87654321",
            "20241231",
            "qwertyuiop",
            "1qaz2wsx",
            "11111111",
            "abcabcabc",
            "iloveyou2024",
            "admin888",
            "Admin@123",
            "Huawei@123",
            "Cisco123!",
            "woaini1314",
            "5201314520",
            "!@#$%^&*",
            "zizhi2026",
            "a1234567",
        ] {
            assert_eq!(check("li", bad), Err(Weak::Common), "{bad}");
        }
        assert_eq!(check("zhangwei", "ZhangWei1990"), Err(Weak::Name));
    }

    #[test]
    fn a_hash_is_argon2id_with_the_published_cost_and_a_salt_of_its_own() {
        let (a, b) = (
            hash("correct horse").unwrap(),
            hash("correct horse").unwrap(),
        );
        assert!(a.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{a}");
        assert_ne!(a, b);
        assert!(verify(Some(&a), "correct horse"));
        assert!(!verify(Some(&a), "correct horsf"));
        assert!(!verify(None, "nobody signs in with this"));
    }
}
