//! What does a boxed program see of the file system?
//!
//! In: what it may read and write. Out: a new root, made of mounts that only this namespace has: the system's programs and
//! libraries and what was named, read-only; devices that hold nothing; its own process list. All else is not there: no
//! home folders, no sockets of other services, no keys.

use rustix::fs::{Mode, symlink};
use rustix::io::Result as Sys;
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change,
    mount_remount, unmount,
};
use rustix::process::{chdir, pivot_root};
use std::ffi::CStr;
use std::path::{Path, PathBuf};

/// Where the machine's own root is while the new one is made.
const OLD: &str = "/old";

/// Where the new root is mounted at first. It hides what is there only from this namespace, and not from [`OLD`].
const BASE: &str = "/tmp";

/// The new root holds only names of folders.
const BASE_OPTIONS: &CStr = c"mode=0755,size=1m";

/// What every program needs: itself, its libraries, and the names of users and hosts.
const SYSTEM: [&str; 13] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/group",
];

/// Devices that hold nothing.
const DEVICES: [&str; 5] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
];

/// Makes the new root and enters it. What went wrong is said with the path.
pub fn change(program: &Path, read: &[PathBuf], write: &[PathBuf]) -> Result<(), String> {
    mount_change(
        "/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )
    .map_err(|e| format!("mounts cannot be made private: {e}"))?;
    base().map_err(|e| format!("no new root: {e}"))?;
    for path in SYSTEM.iter().chain(&DEVICES).map(Path::new) {
        if old(path).symlink_metadata().is_ok() {
            show(path)?;
        }
    }
    for path in read
        .iter()
        .chain(write)
        .map(PathBuf::as_path)
        .chain([program])
    {
        if !is_there(path) {
            show(path)?;
        }
    }
    own_processes();
    close(write)
}

fn base() -> Sys<()> {
    let none = MountFlags::NOSUID | MountFlags::NODEV;
    mount("tmpfs", BASE, "tmpfs", none, BASE_OPTIONS)?;
    rustix::fs::mkdir(format!("{BASE}{OLD}"), Mode::from_raw_mode(0o755))?;
    pivot_root(BASE, format!("{BASE}{OLD}"))?;
    chdir("/")
}

fn old(path: &Path) -> PathBuf {
    let inner = path.strip_prefix("/").unwrap_or(path);
    Path::new(OLD).join(inner)
}

/// Whether the new root has it already, itself and not a link to nothing.
fn is_there(path: &Path) -> bool {
    path.exists()
}

/// Shows a file or folder of the machine at the same place.
fn show(path: &Path) -> Result<(), String> {
    let failed = |why: &dyn std::fmt::Display| format!("{} cannot be shown: {why}", path.display());
    let from = old(path);
    let about = from.symlink_metadata().map_err(|e| failed(&e))?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| failed(&e))?;
    }
    if about.is_symlink() {
        let to = std::fs::read_link(&from).map_err(|e| failed(&e))?;
        return symlink(to, path).map_err(|e| failed(&e));
    }
    if about.is_dir() {
        std::fs::create_dir_all(path).map_err(|e| failed(&e))?;
    } else {
        std::fs::write(path, "").map_err(|e| failed(&e))?;
    }
    mount_bind_recursive(&from, path).map_err(|e| failed(&e))
}

/// Its own process list. Where the kernel refuses one (a container whose list is masked), it has none.
fn own_processes() {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    if std::fs::create_dir_all("/proc").is_ok() {
        let _ = mount("proc", "/proc", "proc", flags, None);
    }
}

/// Makes every mount read-only that is not named for writing, and lets the machine's own root go.
fn close(write: &[PathBuf]) -> Result<(), String> {
    let list = std::fs::read_to_string(format!("{OLD}/proc/self/mountinfo"))
        .map_err(|e| format!("the mounts cannot be listed: {e}"))?;
    for (place, options) in list.lines().filter_map(mounted) {
        if Path::new(&place).starts_with(OLD) {
            continue;
        }
        let writable = write.iter().any(|w| Path::new(&place).starts_with(w));
        remount(&place, &options, writable)
            .map_err(|e| format!("{place} cannot be closed: {e}"))?;
    }
    unmount(OLD, UnmountFlags::DETACH).map_err(|e| format!("the old root stays: {e}"))?;
    let _ = std::fs::remove_dir(OLD);
    remount("/", "nosuid,nodev", false).map_err(|e| format!("the new root stays open: {e}"))
}

fn remount(place: &str, options: &str, writable: bool) -> Sys<()> {
    // The root must take the removal of the old one's folder yet; it is closed last.
    if place == "/" && std::fs::exists(OLD).unwrap_or(false) {
        return Ok(());
    }
    let mut flags = MountFlags::BIND | MountFlags::NOSUID;
    for (word, flag) in [
        ("noexec", MountFlags::NOEXEC),
        ("noatime", MountFlags::NOATIME),
        ("nodiratime", MountFlags::NODIRATIME),
        ("relatime", MountFlags::RELATIME),
    ] {
        if options.split(',').any(|o| o == word) {
            flags |= flag;
        }
    }
    if !DEVICES.contains(&place) || options.split(',').any(|o| o == "nodev") {
        flags |= MountFlags::NODEV;
    }
    if !writable || options.split(',').any(|o| o == "ro") {
        flags |= MountFlags::RDONLY;
    }
    mount_remount(place, flags, "")
}

/// The place and the options of a line of `/proc/self/mountinfo` (proc(5)).
fn mounted(line: &str) -> Option<(String, String)> {
    let mut fields = line.split(' ').skip(4);
    let place = fields.next()?.replace("\\040", " ");
    Some((place, fields.next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_s_place_and_options_are_its_fifth_and_sixth_field() {
        let line =
            "36 35 98:0 /mnt1 /mnt\\0402 ro,noatime master:1 - ext3 /dev/root rw,errors=continue";
        let found = mounted(line).unwrap();
        assert_eq!(found, ("/mnt 2".to_owned(), "ro,noatime".to_owned()));
    }
}
