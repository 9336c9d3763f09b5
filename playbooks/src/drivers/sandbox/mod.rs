//! How is a program kept from everything but its work?
//!
//! In: a program of the allow list and its [`Limits`]. Out: the argument vector that runs it in a box: namespaces of its own
//! for mounts, processes, network and IPC (`unshare` of util-linux makes them, as root or as an ordinary user), in which this very
//! binary, started again with [`COMMAND`], shows it the system's programs read-only, bounds its memory, time and
//! number of processes, gives up every privilege, runs it, and ends with it. Without user namespaces an ordinary
//! user's program is not run at all.

mod inside;
mod root;

pub use inside::{Inside, SandboxError, enter};

use super::hands::Trouble;
use super::script::Limits;
use std::path::Path;

/// The hidden command of `zizhi` that ends in [`enter`].
pub const COMMAND: &str = "sandbox-exec";

/// The box could not be made, so the program was not started.
pub const NOT_STARTED: u8 = 125;

/// A signal ended the program: this plus the signal's number.
pub const BY_SIGNAL: u8 = 128;

/// The vector that runs `argv` in a box; `helper` is the binary with [`COMMAND`].
pub fn wrap(helper: &Path, argv: &[String], limits: &Limits) -> Result<Vec<String>, SandboxError> {
    let inside = Inside {
        argv: argv.to_vec(),
        limits: limits.clone(),
    };
    let spec = serde_json::to_string(&inside).map_err(|e| SandboxError::Spec(e.to_string()))?;
    let helper = helper.to_str().ok_or_else(|| {
        SandboxError::Spec(format!(
            "{} is no name that can be passed on",
            helper.display()
        ))
    })?;
    let mut vector = vec!["unshare"];
    if !rustix::process::geteuid().is_root() {
        vector.extend(["--user", "--map-root-user"]);
    }
    vector.extend(["--mount", "--net", "--ipc", "--uts", "--pid", "--fork"]);
    vector.extend(["--kill-child=SIGKILL", "--", helper, COMMAND, &spec]);
    Ok(vector.into_iter().map(str::to_owned).collect())
}

/// What went wrong, told apart by how the box ended.
pub fn trouble(trouble: Trouble) -> Trouble {
    let Trouble::Refused(why) = trouble else {
        return trouble;
    };
    let ended = |code: u8| why.contains(&format!("exit status: {code}:"));
    if ended(NOT_STARTED) || why.contains("unshare: ") {
        return Trouble::NotSent(why);
    }
    // A limit struck in the middle of its work.
    if (BY_SIGNAL..=BY_SIGNAL + 64).any(ended) {
        return Trouble::Unknown(why);
    }
    Trouble::Refused(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_one_word_of_the_box_and_nothing_else() {
        let argv = ["/usr/bin/x", "a b"].map(str::to_owned);
        let vector = wrap(Path::new("/opt/zizhi"), &argv, &Limits::default()).unwrap();
        let at = vector.iter().position(|w| w == "--").unwrap();
        assert_eq!(vector[at + 1..at + 3], ["/opt/zizhi", COMMAND]);
        assert!(vector[at + 3].contains(r#"["/usr/bin/x","a b"]"#));
        for namespace in ["--mount", "--net", "--pid", "--ipc"] {
            assert!(vector[..at].iter().any(|w| w == namespace), "{namespace}");
        }
    }

    #[test]
    fn a_program_that_was_struck_down_may_have_done_something() {
        let ended = |code: u8| {
            let why = format!("unshare ended with exit status: {code}: killed");
            trouble(Trouble::Refused(why))
        };
        assert!(matches!(ended(137), Trouble::Unknown(_)));
        assert!(matches!(ended(3), Trouble::Refused(_)));
        assert!(matches!(ended(NOT_STARTED), Trouble::NotSent(_)));
    }
}
