//! Runs the lab as an ordinary user: the same program, started again inside namespaces where it may do everything.
//!
//! In: a command line. Out: a [`Command`] that runs it under `unshare`, and, inside, the folders that FRR expects.
//! Called by the command-line program before anything else. Nothing here changes the machine: all mounts are private to
//! the new namespaces, and when their first process ends, the kernel ends all others.

use super::error::LabError;
use nix::mount::{MsFlags, mount};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// Set inside; its value is the user's real id.
const INSIDE: &str = "ZIZHI_LAB_INSIDE";

/// Whether this process is already inside.
pub fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Whether this process may not make namespaces as it is.
pub fn is_needed() -> bool {
    !nix::unistd::geteuid().is_root() && !is_inside()
}

/// The command that runs `program` with `arguments` inside new user, mount and process namespaces.
pub fn command(program: &Path, arguments: &[OsString]) -> Command {
    let mut command = Command::new("unshare");
    command
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "--propagation",
            "private",
        ])
        .args(["--pid", "--fork", "--mount-proc", "--kill-child=SIGKILL"])
        .arg(program)
        .args(arguments)
        .env(INSIDE, nix::unistd::getuid().to_string());
    command
}

/// Makes private places where FRR and `ip netns` may write. Must be called once, first thing inside.
pub fn prepare() -> Result<(), LabError> {
    for place in ["/run", "/var/tmp"] {
        tmpfs(place)?;
    }
    if Path::new("/etc/frr").is_dir() {
        tmpfs("/etc/frr")?;
    }
    let names = Path::new(super::namespace::NAMES);
    std::fs::create_dir_all(names).map_err(LabError::file("create", names))?;
    // `ip netns exec` copies the mounts; shared, a namespace removed later is also removed from the copies.
    bind(names, names)?;
    let shared = mount(
        None::<&str>,
        names,
        None::<&str>,
        MsFlags::MS_SHARED,
        None::<&str>,
    );
    shared.map_err(|source| system("share", names, source))?;
    group_file()
}

/// FRR insists that its user is in the group `frrvty`; inside there is only root.
fn group_file() -> Result<(), LabError> {
    let real = Path::new("/etc/group");
    let text = std::fs::read_to_string(real).map_err(LabError::file("read", real))?;
    let copy = Path::new("/run/group");
    std::fs::write(copy, with_root_in_frr(&text)).map_err(LabError::file("write", copy))?;
    bind(copy, real)
}

fn with_root_in_frr(text: &str) -> String {
    let line = |line: &str| match line.split(':').collect::<Vec<_>>().as_slice() {
        [name @ ("frr" | "frrvty"), secret, id, _] => format!("{name}:{secret}:{id}:root\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

fn tmpfs(place: &str) -> Result<(), LabError> {
    let mode = Some("mode=0755,size=64m");
    mount(Some("tmpfs"), place, Some("tmpfs"), MsFlags::empty(), mode)
        .map_err(|source| system("mount a private", Path::new(place), source))
}

fn bind(from: &Path, to: &Path) -> Result<(), LabError> {
    mount(Some(from), to, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .map_err(|source| system("bind", to, source))
}

fn system(verb: &str, path: &Path, source: nix::Error) -> LabError {
    LabError::System {
        what: format!("{verb} {}", path.display()),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_frr_s_groups_get_a_member() {
        let text = "root:x:0:\nfrrvty:x:111:frr\nfrr:x:112:\n";
        let expected = "root:x:0:\nfrrvty:x:111:root\nfrr:x:112:root\n";
        assert_eq!(with_root_in_frr(text), expected);
    }
}
