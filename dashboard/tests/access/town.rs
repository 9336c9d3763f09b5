//! A dashboard with one account for each role, and browsers that keep cookies.

use crate::common::{HOSTILE, Writer, asked, first_half};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::http::{Request, StatusCode, request};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;
use zizhi_dashboard::{Access, Desk, DeskError, Door, Folder, House, Order, Role, Source, app};
use zizhi_types::NetTime;
use zizhi_types::record::Who;

pub const PASSWORD: &str = "green tea at dawn";

/// Keeps what it was given.
#[derive(Default)]
struct Kept(Mutex<Vec<Order>>);

#[async_trait]
impl Desk for Kept {
    async fn send(&self, order: Order) -> Result<(), DeskError> {
        self.0.lock().unwrap().push(order);
        Ok(())
    }
}

pub struct Town {
    pub app: Router,
    pub writer: Writer,
    folder: tempfile::TempDir,
    desk: Arc<Kept>,
    now: Arc<AtomicU64>,
}

impl Town {
    /// With accounts, on loopback.
    pub fn new() -> Self {
        Self::build((true, None), |_| {})
    }

    /// With accounts, behind a proxy.
    pub fn behind_tls(host: &str) -> Self {
        Self::build((true, Some(host)), |_| {})
    }

    /// Without accounts.
    pub fn open() -> Self {
        Self::build((false, None), |_| {})
    }

    /// With texts in the journal that want to be scripts.
    pub fn hostile() -> Self {
        Self::build((true, None), |writer| {
            let who = Who::Human {
                name: HOSTILE.to_owned(),
            };
            let reason = format!("{HOSTILE}\u{1b}[2J\r\n\"'><img src=x onerror=alert(1)>");
            writer.add_by(
                36_070,
                who,
                zizhi_types::Body::KillSwitch { on: true, reason },
            );
        })
    }

    fn build((accounts, host): (bool, Option<&str>), more: impl FnOnce(&mut Writer)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, journal) = Writer::new(folder.path());
        first_half(&mut writer);
        asked(&mut writer);
        more(&mut writer);
        let desk = Arc::<Kept>::default();
        let now = Arc::new(AtomicU64::new(1_000_000));
        let mut house =
            House::new(Source::new(&journal)).with_desk(Arc::clone(&desk) as Arc<dyn Desk>);
        if accounts {
            let host = host.map(str::to_owned);
            let data = Folder::new(folder.path().join("data"));
            std::fs::create_dir_all(data.path()).unwrap();
            std::fs::copy(people().join("accounts.json"), data.file()).unwrap();
            let clock = Arc::clone(&now);
            let clock = Arc::new(move || NetTime(clock.load(Ordering::Relaxed)));
            let door = Arc::new(Door::new(data, clock).unwrap());
            house = house.with_access(Access::Accounts { door, host });
        }
        Self {
            app: app(house),
            writer,
            folder,
            desk,
            now,
        }
    }

    pub fn folder(&self) -> Folder {
        Folder::new(self.folder.path().join("data"))
    }

    pub fn later(&self, ms: u64) {
        self.now.fetch_add(ms, Ordering::Relaxed);
    }

    pub fn orders(&self) -> Vec<Order> {
        self.desk.0.lock().unwrap().clone()
    }

    pub fn browser(&self, from: &str) -> Browser {
        Browser {
            app: self.app.clone(),
            cookies: BTreeMap::new(),
            from: from.to_owned(),
        }
    }

    /// The account that is named after its role.
    pub async fn signed_in(&self, name: &str) -> Browser {
        let mut browser = self.browser("10.0.0.5");
        let seen = browser.sign_in(name, PASSWORD).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text);
        browser
    }
}

/// Hashing a password takes time on purpose: the accounts are made once for all tests.
fn people() -> &'static std::path::Path {
    static MADE: std::sync::LazyLock<tempfile::TempDir> = std::sync::LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let accounts = Folder::new(folder.path());
        let made = accounts.change(|all| {
            for role in Role::ALL {
                all.add(role.as_str(), role, PASSWORD, NetTime(1))?;
            }
            all.add("spare", Role::Viewer, PASSWORD, NetTime(1))
        });
        made.unwrap();
        folder
    });
    MADE.path()
}

/// What a form on this page carries.
pub fn token_in(page: &str) -> Option<String> {
    let (_, after) = page.split_once("name=\"form_token\" value=\"")?;
    after.split('"').next().map(str::to_owned)
}

#[derive(Clone)]
pub struct Browser {
    app: Router,
    pub cookies: BTreeMap<String, String>,
    from: String,
}

pub struct Seen {
    pub status: StatusCode,
    pub to: Option<String>,
    pub retry_after: Option<String>,
    pub text: String,
}

impl Browser {
    pub fn cookie_header(&self) -> String {
        let pairs = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    pub fn request(&self, method: &str, uri: &str) -> request::Builder {
        let peer = zizhi_dashboard::Peer {
            address: self.from.parse().unwrap(),
        };
        Request::builder()
            .method(method)
            .uri(uri)
            .header(HOST, "127.0.0.1:8080")
            .header(COOKIE, self.cookie_header())
            .extension(axum::extract::ConnectInfo(peer))
    }

    async fn send(&mut self, request: Request<Body>) -> Seen {
        let answer = self.app.clone().oneshot(request).await.unwrap();
        for set in answer.headers().get_all(SET_COOKIE) {
            let set = set.to_str().unwrap();
            assert!(set.contains("; Path=/; HttpOnly; SameSite=Strict"), "{set}");
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let header = |name| {
            answer
                .headers()
                .get(name)
                .map(|h| h.to_str().unwrap().to_owned())
        };
        let (status, to, retry_after) = (answer.status(), header(LOCATION), header(RETRY_AFTER));
        let bytes = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
        Seen {
            status,
            to,
            retry_after,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub async fn get(&mut self, uri: &str) -> Seen {
        let request = self.request("GET", uri).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// A form as it was typed, with nothing added.
    pub async fn post_raw(&mut self, uri: &str, form: &str) -> Seen {
        let request = self
            .request("POST", uri)
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()));
        self.send(request.unwrap()).await
    }

    /// What this session's forms carry.
    pub async fn token(&mut self) -> String {
        let page = self.get("/stop").await.text;
        let (_, after) = page
            .split_once("name=\"form-token\" content=\"")
            .unwrap_or_else(|| panic!("{page}"));
        after.split('"').next().unwrap().to_owned()
    }

    /// A form of a page of this session.
    pub async fn post(&mut self, uri: &str, form: &str) -> Seen {
        let token = self.token().await;
        self.post_raw(uri, &format!("{form}&form_token={token}"))
            .await
    }

    pub async fn sign_in(&mut self, name: &str, password: &str) -> Seen {
        self.sign_in_at("/sign-in", name, password).await
    }

    /// On the page at `uri`, as a browser without script does.
    pub async fn sign_in_at(&mut self, uri: &str, name: &str, password: &str) -> Seen {
        let page = self.get(uri).await.text;
        let token = token_in(&page).unwrap_or_else(|| panic!("{page}"));
        let (_, next) = page.split_once("name=\"next\" value=\"").unwrap();
        let next = next.split('"').next().unwrap();
        let password = password.replace(' ', "+");
        let form = format!("name={name}&password={password}&next={next}&form_token={token}");
        self.post_raw("/sign-in", &form).await
    }
}
