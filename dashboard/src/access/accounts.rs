//! Who has an account, and with which role?
//!
//! In and out: `accounts.json` in a folder, readable by its owner only, written whole or not at all. The command line
//! changes it while a dashboard reads it: each change is made under a lock, and a reader looks whether the file is
//! another one. An account's stamp changes with its password and its role, and with it every session of it ends.

use super::password::{self, Unhashed, Weak};
use super::role::Role;
use super::secret::Token;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use zizhi_types::NetTime;

/// The file in its folder.
pub const FILE: &str = "accounts.json";

/// Longest name, in bytes.
pub const NAME_MAX: usize = 32;

/// Most accounts. Our choice: a team, not a directory service.
const ACCOUNTS_MAX: usize = 1000;

/// One person's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// As records name the person.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// Argon2id, in the PHC string format.
    password: String,
    /// Another one after each change of password or role.
    pub stamp: String,
    /// When that was, in ms since 1970.
    pub changed: NetTime,
}

/// Why accounts cannot be read or changed. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The file or its folder.
    #[error("cannot use {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others on this machine can read it.
    #[error("{0} can be read by others on this machine: chmod 600 it")]
    Open(PathBuf),
    /// It is not what this program writes.
    #[error("{path} is not a file of accounts")]
    Shape {
        /// Which.
        path: PathBuf,
        /// Where.
        source: serde_json::Error,
    },
    /// A name that is not plain.
    #[error("a name has 1 to 32 characters: a-z, 0-9, '.', '-' and '_', a letter first")]
    Name,
    /// The name is taken.
    #[error("there is an account {0} already")]
    Taken(String),
    /// There is none.
    #[error("there is no account {0}")]
    Unknown(String),
    /// Nobody could give roles any more.
    #[error("{0} is the last admin: make another one first")]
    LastAdmin(String),
    /// More than this file is made for.
    #[error("there are 1000 accounts already")]
    Full,
    /// The password breaks the rules.
    #[error(transparent)]
    Weak(#[from] Weak),
    /// The password cannot be kept.
    #[error(transparent)]
    Unhashed(#[from] Unhashed),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
}

/// The file's content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    version: u32,
    accounts: Vec<Account>,
}

impl Accounts {
    /// Everybody, by name.
    pub fn all(&self) -> &[Account] {
        &self.accounts
    }

    /// One account.
    pub fn find(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|a| a.name == name)
    }

    /// Adds one.
    pub fn add(
        &mut self,
        name: &str,
        role: Role,
        password: &str,
        now: NetTime,
    ) -> Result<(), AccountsError> {
        if !plain(name) {
            return Err(AccountsError::Name);
        }
        if self.find(name).is_some() {
            return Err(AccountsError::Taken(name.to_owned()));
        }
        if self.accounts.len() >= ACCOUNTS_MAX {
            return Err(AccountsError::Full);
        }
        password::check(name, password)?;
        self.accounts.push(Account {
            name: name.to_owned(),
            role,
            password: password::hash(password)?,
            stamp: Token::new()?.tell().to_owned(),
            changed: now,
        });
        self.accounts.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }

    /// Takes one away.
    pub fn remove(&mut self, name: &str) -> Result<(), AccountsError> {
        self.known(name)?;
        self.admin_stays(name)?;
        self.accounts.retain(|a| a.name != name);
        Ok(())
    }

    /// Gives another role.
    pub fn set_role(&mut self, name: &str, role: Role, now: NetTime) -> Result<(), AccountsError> {
        self.known(name)?;
        if role != Role::Admin {
            self.admin_stays(name)?;
        }
        let stamp = Token::new()?.tell().to_owned();
        if let Some(account) = self.accounts.iter_mut().find(|a| a.name == name) {
            (account.role, account.stamp, account.changed) = (role, stamp, now);
        }
        Ok(())
    }

    /// Gives another password.
    pub fn set_password(
        &mut self,
        name: &str,
        password: &str,
        now: NetTime,
    ) -> Result<(), AccountsError> {
        self.known(name)?;
        password::check(name, password)?;
        let (hash, stamp) = (password::hash(password)?, Token::new()?.tell().to_owned());
        if let Some(account) = self.accounts.iter_mut().find(|a| a.name == name) {
            (account.password, account.stamp, account.changed) = (hash, stamp, now);
        }
        Ok(())
    }

    /// What is kept of a password; for [`password::verify`].
    pub(super) fn kept(&self, name: &str) -> Option<String> {
        self.find(name).map(|a| a.password.clone())
    }

    fn known(&self, name: &str) -> Result<(), AccountsError> {
        let known = self.find(name).map(|_| ());
        known.ok_or_else(|| AccountsError::Unknown(name.to_owned()))
    }

    fn admin_stays(&self, without: &str) -> Result<(), AccountsError> {
        let mut admins = self.accounts.iter().filter(|a| a.role == Role::Admin);
        let is_admin = self.find(without).is_some_and(|a| a.role == Role::Admin);
        if is_admin && admins.all(|a| a.name == without) {
            return Err(AccountsError::LastAdmin(without.to_owned()));
        }
        Ok(())
    }
}

/// Names stand in records, logs and forms: plain ones only.
fn plain(name: &str) -> bool {
    let fits =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
    name.len() <= NAME_MAX
        && name.bytes().all(fits)
        && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
}

/// The folder that accounts live in.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

/// Which file it was: another one after each change, since each change is renamed into place.
pub type Mark = (u64, i64, i64, u64);

impl Folder {
    /// A folder, which is made at the first change.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file.
    pub fn file(&self) -> PathBuf {
        self.path.join(FILE)
    }

    /// Which file is there now; `None` where there is none.
    pub fn mark(&self) -> Option<Mark> {
        let meta = fs::metadata(self.file()).ok()?;
        Some((meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.size()))
    }

    /// Everybody; nobody where there is no file yet.
    pub fn read(&self) -> Result<Accounts, AccountsError> {
        let path = self.file();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Accounts::default()),
            Err(source) => return Err(AccountsError::File { path, source }),
        };
        let meta = fs::metadata(&path).map_err(|source| AccountsError::File {
            path: path.clone(),
            source,
        })?;
        if meta.permissions().mode() & 0o077 != 0 {
            return Err(AccountsError::Open(path));
        }
        serde_json::from_slice(&text).map_err(|source| AccountsError::Shape { path, source })
    }

    /// Changes the file while nobody else does.
    pub fn change<T>(
        &self,
        change: impl FnOnce(&mut Accounts) -> Result<T, AccountsError>,
    ) -> Result<T, AccountsError> {
        let failed = |source| AccountsError::File {
            path: self.path.clone(),
            source,
        };
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path);
        made.map_err(failed)?;
        let lock = private()
            .open(self.path.join("accounts.lock"))
            .map_err(failed)?;
        lock.lock().map_err(failed)?;
        let mut accounts = self.read()?;
        let done = change(&mut accounts)?;
        accounts.version = 1;
        self.write(&accounts).map_err(failed)?;
        Ok(done)
    }

    fn write(&self, accounts: &Accounts) -> io::Result<()> {
        let beside = self.path.join("accounts.new");
        // What a killed writer left is not written through: it could be readable by others.
        match fs::remove_file(&beside) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = private().create_new(true).open(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(accounts)?)?;
        file.sync_all()?;
        fs::rename(&beside, self.file())?;
        File::open(&self.path)?.sync_all()
    }
}

/// For the owner's eyes only.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "green tea at dawn";

    fn two() -> (tempfile::TempDir, Folder) {
        let folder = tempfile::tempdir().unwrap();
        let accounts = Folder::new(folder.path().join("data"));
        accounts
            .change(|all| {
                all.add("li", Role::Admin, GOOD, NetTime(1))?;
                all.add("wang", Role::Viewer, GOOD, NetTime(1))
            })
            .unwrap();
        (folder, accounts)
    }

    #[test]
    fn the_file_is_the_owners_alone_and_holds_no_password() {
        let (_kept, folder) = two();
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder.file()), 0o600);
        assert_eq!(mode(folder.path().to_owned()), 0o700);
        let text = fs::read_to_string(folder.file()).unwrap();
        assert!(
            !text.contains(GOOD) && text.contains("$argon2id$"),
            "{text}"
        );
        fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(folder.read(), Err(AccountsError::Open(_))));
    }

    #[test]
    fn a_change_of_role_or_password_changes_the_stamp_and_the_file() {
        let (_kept, folder) = two();
        let stamp = |folder: &Folder| folder.read().unwrap().find("wang").unwrap().stamp.clone();
        let (first, mark) = (stamp(&folder), folder.mark());
        folder
            .change(|a| a.set_role("wang", Role::Operator, NetTime(2)))
            .unwrap();
        let second = stamp(&folder);
        assert!(first != second && mark != folder.mark());
        folder
            .change(|a| a.set_password("wang", "another cup of tea", NetTime(3)))
            .unwrap();
        assert_ne!(second, stamp(&folder));
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let (_kept, folder) = two();
        let before = fs::read(folder.file()).unwrap();
        for name in ["", "Li", "a/../b", "<b>", "9li", "a b", &"a".repeat(33)] {
            let refused = folder.change(|a| a.add(name, Role::Viewer, GOOD, NetTime(2)));
            assert!(matches!(refused, Err(AccountsError::Name)), "{name}");
        }
        let refused = [
            folder.change(|a| a.add("li", Role::Viewer, GOOD, NetTime(2))),
            folder.change(|a| a.add("zhao", Role::Viewer, "password1", NetTime(2))),
            folder.change(|a| a.remove("li")),
            folder.change(|a| a.set_role("li", Role::Approver, NetTime(2))),
            folder.change(|a| a.remove("nobody")),
        ];
        assert!(refused.iter().all(Result::is_err), "{refused:?}");
        assert_eq!(fs::read(folder.file()).unwrap(), before);
    }

    #[test]
    fn a_file_with_something_unknown_in_it_is_not_guessed_at() {
        let (_kept, folder) = two();
        let text = fs::read_to_string(folder.file()).unwrap();
        fs::write(folder.file(), text.replace("\"version\"", "\"versions\"")).unwrap();
        assert!(matches!(folder.read(), Err(AccountsError::Shape { .. })));
    }
}
