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

/// Written by [`prepare`], so that a second program of the same inside does not prepare again.
const PREPARED: &str = "/run/zizhi-lab-inside";

/// Whether this process is root of a user namespace in which only root exists.
///
/// The kernel says so itself: such a namespace maps exactly one id.
pub fn is_inside() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    nix::unistd::geteuid().is_root() && maps_one_id(&map)
}

fn maps_one_id(map: &str) -> bool {
    map.split_whitespace().nth(2) == Some("1") && map.lines().count() == 1
}

/// Whether this process may not make namespaces as it is, and must start itself again with [`command`].
pub fn is_needed() -> bool {
    !nix::unistd::geteuid().is_root()
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
        .args(arguments);
    command
}

/// Makes private places where FRR and `ip netns` may write. Must be called first thing inside; a second call does nothing.
pub fn prepare() -> Result<(), LabError> {
    if Path::new(PREPARED).exists() {
        return Ok(());
    }
    if !is_inside() {
        // On the machine itself these mounts would hide everybody's files.
        return Err(LabError::Missing(
            "not inside a user namespace of our own".into(),
        ));
    }
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
    group_file()?;
    std::fs::write(PREPARED, "").map_err(LabError::file("create", PREPARED))
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
    fn inside_only_one_user_exists() {
        assert!(maps_one_id("         0       1000          1\n"));
        assert!(
            !maps_one_id("         0          0 4294967295\n"),
            "the machine's own root"
        );
        assert!(
            !maps_one_id("0 1000 1\n1 100000 65536\n"),
            "a container with more users"
        );
    }

    #[test]
    fn only_frr_s_groups_get_a_member() {
        let text = "root:x:0:\nfrrvty:x:111:frr\nfrr:x:112:\n";
        let expected = "root:x:0:\nfrrvty:x:111:root\nfrr:x:112:root\n";
        assert_eq!(with_root_in_frr(text), expected);
    }
}
