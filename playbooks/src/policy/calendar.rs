//! May something be changed at this hour, in this domain?
//!
//! In: weekly windows and dated freezes in the operator's time zone. Out: open, closed (outside every window) or frozen. A
//! freeze wins over a window. Where no window is named for a domain, all hours are open.

use super::PolicyError;
use jiff::civil::{DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use zizhi_types::{Domain, NetTime};

/// The calendar as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CalendarFile {
    /// An IANA name, such as `Asia/Shanghai`; UTC if not written.
    pub time_zone: String,
    /// Hours in which changes need no further word.
    pub windows: Vec<WindowFile>,
    /// Days on which nothing is changed.
    pub freezes: Vec<FreezeFile>,
}

impl Default for CalendarFile {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            windows: vec![],
            freezes: vec![],
        }
    }
}

/// A weekly change window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowFile {
    /// For people.
    pub name: String,
    /// `mon` to `sun`; every day if not written. A window that passes midnight belongs to the day on which it begins.
    #[serde(default)]
    pub days: Vec<String>,
    /// `01:00`.
    pub from: String,
    /// `05:30`, not included; up to `from` it is the next day's.
    pub until: String,
    /// All domains if not written.
    #[serde(default)]
    pub domains: Vec<Domain>,
}

/// A dated freeze.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreezeFile {
    /// For people.
    pub name: String,
    /// `2026-02-14` or `2026-02-14T18:00`.
    pub from: String,
    /// Not included.
    pub until: String,
    /// All domains if not written.
    #[serde(default)]
    pub domains: Vec<Domain>,
}

/// What the calendar says of an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hour {
    /// Changes are allowed.
    Open,
    /// It is outside every change window.
    Closed,
    /// Changes are frozen, by the freeze of this name.
    Frozen(String),
}

/// A checked calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    zone: TimeZone,
    windows: Vec<Window>,
    freezes: Vec<Freeze>,
    closed: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
struct Window {
    days: Vec<Weekday>,
    from: Time,
    until: Time,
    domains: Vec<Domain>,
}

#[derive(Debug, Clone, PartialEq)]
struct Freeze {
    name: String,
    from: Timestamp,
    until: Timestamp,
    domains: Vec<Domain>,
}

impl Default for Calendar {
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            windows: vec![],
            freezes: vec![],
            closed: None,
        }
    }
}

impl Calendar {
    pub(super) fn closed(why: &str) -> Self {
        Self {
            closed: Some(why.to_owned()),
            ..Self::default()
        }
    }

    /// What it says of a moment.
    pub fn at(&self, now: NetTime, domain: Domain) -> Hour {
        if let Some(why) = &self.closed {
            return Hour::Frozen(why.clone());
        }
        let moment = i64::try_from(now.0).map(Timestamp::from_millisecond);
        let Ok(Ok(moment)) = moment else {
            return Hour::Frozen("the time cannot be told".to_owned());
        };
        let meant = |domains: &[Domain]| domains.is_empty() || domains.contains(&domain);
        let frozen = self
            .freezes
            .iter()
            .find(|f| meant(&f.domains) && f.from <= moment && moment < f.until);
        if let Some(freeze) = frozen {
            return Hour::Frozen(freeze.name.clone());
        }
        let local = moment.to_zoned(self.zone.clone()).datetime();
        let mut windows = self.windows.iter().filter(|w| meant(&w.domains)).peekable();
        if windows.peek().is_none() || windows.any(|w| w.has(local)) {
            return Hour::Open;
        }
        Hour::Closed
    }
}

impl Window {
    fn has(&self, local: DateTime) -> bool {
        let on = |day: Weekday| self.days.is_empty() || self.days.contains(&day);
        let (time, today) = (local.time(), local.weekday());
        if self.from < self.until {
            return on(today) && self.from <= time && time < self.until;
        }
        (on(today) && self.from <= time) || (on(today.previous()) && time < self.until)
    }
}

impl CalendarFile {
    pub(super) fn compile(&self) -> Result<Calendar, PolicyError> {
        let zone = match self.time_zone.as_str() {
            "UTC" => TimeZone::UTC,
            name => TimeZone::get(name).map_err(|e| {
                let what = format!("`{name}` is no time zone here: {e}");
                PolicyError::new(
                    "time_zone",
                    what,
                    "write an IANA name such as Asia/Shanghai",
                )
            })?,
        };
        let windows = self.windows.iter().map(WindowFile::compile);
        let freezes = self.freezes.iter().map(|f| f.compile(&zone));
        Ok(Calendar {
            windows: windows.collect::<Result<_, _>>()?,
            freezes: freezes.collect::<Result<_, _>>()?,
            zone: zone.clone(),
            closed: None,
        })
    }
}

impl WindowFile {
    fn compile(&self) -> Result<Window, PolicyError> {
        let place = format!("window `{}`", self.name);
        let time = |text: &str| {
            text.parse::<Time>().map_err(|_| {
                let what = format!("`{text}` is no time of day");
                PolicyError::new(&place, what, "write hours and minutes, such as \"01:00\"")
            })
        };
        let days = self.days.iter().map(|day| weekday(&place, day));
        Ok(Window {
            days: days.collect::<Result<_, _>>()?,
            from: time(&self.from)?,
            until: time(&self.until)?,
            domains: self.domains.clone(),
        })
    }
}

fn weekday(place: &str, day: &str) -> Result<Weekday, PolicyError> {
    let known = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let mut days = known.iter().zip(Weekday::Monday.cycle_forward());
    let found = days.find(|(name, _)| **name == day);
    found.map(|(_, weekday)| weekday).ok_or_else(|| {
        let what = format!("`{day}` is no day");
        PolicyError::new(place, what, format!("write one of {}", known.join(", ")))
    })
}

impl FreezeFile {
    fn compile(&self, zone: &TimeZone) -> Result<Freeze, PolicyError> {
        let place = format!("freeze `{}`", self.name);
        let moment = |text: &str| {
            let date = text.parse::<jiff::civil::Date>().map(DateTime::from);
            let when = text.parse::<DateTime>().or(date);
            let zoned = when.and_then(|when| when.to_zoned(zone.clone()));
            zoned.map(|z| z.timestamp()).map_err(|_| {
                let what = format!("`{text}` is no date");
                PolicyError::new(&place, what, "write 2026-02-14 or 2026-02-14T18:00")
            })
        };
        let (from, until) = (moment(&self.from)?, moment(&self.until)?);
        if until <= from {
            let what = "it ends before it begins";
            return Err(PolicyError::new(
                place,
                what,
                "write the later date in `until`",
            ));
        }
        let longest = from.checked_add((366 * 24).hours());
        if longest.is_ok_and(|longest| until > longest) {
            let what = "it lasts more than a year";
            let fix = "set the mode to suggest where nothing is ever to be changed";
            return Err(PolicyError::new(place, what, fix));
        }
        Ok(Freeze {
            name: self.name.clone(),
            from,
            until,
            domains: self.domains.clone(),
        })
    }
}
