//! How does somebody come in, stay in and go out?
//!
//! In: names and passwords, tokens. Out: sessions. The engines beside this file decide; here they meet the accounts' file, the
//! clock and the security log. A file that cannot be read opens to nobody.

use super::accounts::{Accounts, AccountsError, Folder, Mark};
use super::brake::Brake;
use super::diary::{By, Diary, Event};
use super::password;
use super::refusal::Refusal;
use super::role::Role;
use super::secret::{Hash, Token};
use super::session::Sessions;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;
use zizhi_types::NetTime;

/// Passwords looked at at the same time: each takes 19 MiB.
const LOOKED_AT_ONCE: usize = 2;

/// What time it is; a test has its own.
pub type Clock = Arc<dyn Fn() -> NetTime + Send + Sync>;

/// Accounts, sessions and who tried.
pub struct Door {
    folder: Folder,
    read: Mutex<(Option<Mark>, Accounts)>,
    sessions: Mutex<Sessions>,
    brake: Mutex<Brake>,
    looks: Semaphore,
    diary: Arc<Diary>,
    clock: Clock,
}

/// Somebody who is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// The account.
    pub name: String,
    /// Its role now.
    pub role: Role,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Door {
    /// Over the accounts in a folder, which must be readable, and to which the security log is written.
    pub fn new(folder: Folder, clock: Clock) -> Result<Self, AccountsError> {
        let mark = folder.mark();
        let accounts = folder.read()?;
        let diary = Diary::open(folder.path()).map_err(|source| AccountsError::File {
            path: folder.path().to_owned(),
            source,
        })?;
        Ok(Self {
            folder,
            read: Mutex::new((mark, accounts)),
            sessions: Mutex::default(),
            brake: Mutex::default(),
            looks: Semaphore::new(LOOKED_AT_ONCE),
            diary: Arc::new(diary),
            clock,
        })
    }

    /// Where events are written.
    pub fn diary(&self) -> &Arc<Diary> {
        &self.diary
    }

    /// The time.
    pub fn now(&self) -> NetTime {
        (self.clock)()
    }

    /// The accounts as the file has them now.
    pub fn accounts(&self) -> Result<Accounts, AccountsError> {
        let mut read = held(&self.read);
        let mark = self.folder.mark();
        if read.0 != mark || mark.is_none() {
            *read = (mark, self.folder.read()?);
        }
        Ok(read.1.clone())
    }

    /// Looks at a name and a password; a new session begins if they are right.
    pub async fn sign_in(
        self: &Arc<Self>,
        name: &str,
        password: String,
        from: &str,
    ) -> Result<Token, Refusal> {
        let accounts = self.accounts().map_err(closed)?;
        let known = accounts.find(name);
        let by = By {
            by: known.map(|a| a.name.clone()),
            from: Some(from.to_owned()),
        };
        if let Err(refused) = self.look(name, accounts.kept(name), password, from).await {
            let event = match &refused {
                Refusal::Wait(seconds) => Event::SignInBraked {
                    wait_ms: seconds * 1000,
                },
                _ => Event::SignInFailed,
            };
            self.diary.write(&event, &by, self.now());
            return Err(refused);
        }
        let account = known.ok_or(Refusal::Wrong)?;
        let token = Token::new().map_err(|_| Refusal::Closed)?;
        held(&self.sessions).begin(token.hash(), name, &account.stamp, self.now());
        self.diary.write(&Event::SignedIn, &by, self.now());
        Ok(token)
    }

    /// Whether the password is right, at the pace that the brake allows.
    async fn look(
        &self,
        name: &str,
        kept: Option<String>,
        password: String,
        from: &str,
    ) -> Result<(), Refusal> {
        {
            let mut brake = held(&self.brake);
            if let Some(wait) = brake.wait_ms(name, from, self.now()) {
                return Err(Refusal::Wait(wait.div_ceil(1000)));
            }
            brake.tried(name, from, self.now());
        }
        let _turn = self.looks.acquire().await.map_err(|_| Refusal::Closed)?;
        let right =
            tokio::task::spawn_blocking(move || password::verify(kept.as_deref(), &password)).await;
        if !right.unwrap_or(false) {
            return Err(Refusal::Wrong);
        }
        held(&self.brake).right(name, from);
        Ok(())
    }

    /// Whose session this is, if it goes on. The account is asked every time: one that is gone or changed is out.
    pub fn enter(&self, hash: &Hash, by_hand: bool) -> Option<Inside> {
        let session = held(&self.sessions)
            .find(hash, self.now(), by_hand)
            .cloned()?;
        let accounts = self.accounts().map_err(closed).ok()?;
        let account = accounts
            .find(&session.name)
            .filter(|a| a.stamp == session.stamp);
        if account.is_none() {
            held(&self.sessions).end(hash);
        }
        account.map(|a| Inside {
            name: a.name.clone(),
            role: a.role,
        })
    }

    /// Ends a session.
    pub fn sign_out(&self, hash: &Hash, from: &str) {
        let by = held(&self.sessions).end(hash);
        let from = Some(from.to_owned());
        self.diary
            .write(&Event::SignedOut, &By { by, from }, self.now());
    }

    /// Gives a person another password, who knows the one so far. Every session of that person ends.
    pub async fn change_password(
        self: &Arc<Self>,
        name: &str,
        old: String,
        new: String,
        from: &str,
    ) -> Result<(), Refusal> {
        let kept = self.accounts().map_err(closed)?.kept(name);
        let changed = match self.look(name, kept, old, from).await {
            Ok(()) => {
                let (door, name) = (Arc::clone(self), name.to_owned());
                self.changed(move |now| {
                    door.folder.change(|all| all.set_password(&name, &new, now))
                })
                .await
            }
            Err(refused) => Err(refused),
        };
        if changed.is_ok() {
            held(&self.sessions).end_all_of(name);
        }
        let by = By {
            by: Some(name.to_owned()),
            from: Some(from.to_owned()),
        };
        let event = Event::PasswordChanged {
            done: changed.is_ok(),
        };
        self.diary.write(&event, &by, self.now());
        changed
    }

    /// Gives an account another role, or takes it away where none is named. Every session of it ends.
    pub async fn change_role(
        self: &Arc<Self>,
        by: By,
        name: &str,
        role: Option<Role>,
    ) -> Result<(), Refusal> {
        let (door, whose) = (Arc::clone(self), name.to_owned());
        let change = move |now| {
            door.folder.change(|all| match role {
                Some(role) => all.set_role(&whose, role, now),
                None => all.remove(&whose),
            })
        };
        self.changed(change).await?;
        held(&self.sessions).end_all_of(name);
        let account = name.to_owned();
        let event = match role {
            Some(role) => Event::RoleChanged {
                account,
                role: role.to_string(),
            },
            None => Event::AccountRemoved { account },
        };
        self.diary.write(&event, &by, self.now());
        Ok(())
    }

    /// Files and password hashes are nothing for an async thread.
    async fn changed(
        &self,
        change: impl FnOnce(NetTime) -> Result<(), AccountsError> + Send + 'static,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let done = tokio::task::spawn_blocking(move || change(now)).await;
        match done.map_err(|_| Refusal::Closed)? {
            Ok(()) => Ok(()),
            Err(AccountsError::Weak(weak)) => Err(Refusal::Weak(weak)),
            Err(AccountsError::LastAdmin(name)) => Err(Refusal::LastAdmin(name)),
            Err(AccountsError::Unknown(name)) => Err(Refusal::NoAccount(name)),
            Err(error) => Err(closed(error)),
        }
    }
}

/// What is wrong with a file is for the program's log, not for whoever stands before the door.
fn closed(error: AccountsError) -> Refusal {
    let source = std::error::Error::source(&error).map(ToString::to_string);
    tracing::error!(%error, ?source, "the accounts cannot be used");
    Refusal::Closed
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}
