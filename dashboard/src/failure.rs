//! Why a request has no answer, as a status and a sentence.

use crate::access::refusal::Refusal;
use crate::desk::DeskError;
use axum::http::StatusCode;
use zizhi_bus::JournalError;
use zizhi_types::ids::BadId;

/// What went wrong with one request.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The journal cannot be read at all.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The path has no id of the wanted sort.
    #[error(transparent)]
    BadId(#[from] BadId),
    /// There is no such incident in the journal.
    #[error("no incident {0} in this journal")]
    NoIncident(String),
    /// There is no such record in the journal.
    #[error("no record {0} in this journal")]
    NoRecord(String),
    /// There is no such page.
    #[error("no page at {0}")]
    NoPage(String),
    /// There is no such plan in the journal.
    #[error("no decision about {0} in this journal")]
    NoPlan(String),
    /// Nobody is asked about the plan, or not any more.
    #[error("{0} waits for nobody: it was answered, or its time is over; nothing was changed")]
    NotWaiting(String),
    /// The dashboard only looks at a journal.
    #[error(
        "no swarm is behind this dashboard: it only shows a journal, and cannot order anything"
    )]
    NoDesk,
    /// An order without a reason.
    #[error("a reason is missing: it stands in the journal, and the swarm learns from it")]
    NoReason,
    /// A reason that is too long.
    #[error("the reason is longer than {0} characters")]
    LongReason(usize),
    /// Whoever asks may not.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The order did not leave.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The level of autonomy could not be reckoned.
    #[error("the level of autonomy cannot be reckoned: {0}")]
    Score(String),
    /// A page could not be drawn.
    #[error("the page cannot be drawn")]
    Page(#[from] askama::Error),
}

impl Failure {
    /// The status to answer with.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::BadId(_) => StatusCode::BAD_REQUEST,
            Self::NoIncident(_) | Self::NoRecord(_) | Self::NoPlan(_) | Self::NoPage(_) => {
                StatusCode::NOT_FOUND
            }
            Self::NotWaiting(_) | Self::NoDesk => StatusCode::CONFLICT,
            Self::NoReason | Self::LongReason(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Refused(refusal) | Self::Desk(DeskError::Refused(refusal)) => refusal.status(),
            Self::Journal(_) | Self::Desk(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Page(_) | Self::Score(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Why whoever asks may not, where that is what went wrong.
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) | Self::Desk(DeskError::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }

    /// The whole story: the failure and what lies below it.
    pub fn explain(&self) -> String {
        let mut text = self.to_string();
        let mut below = std::error::Error::source(self);
        while let Some(source) = below {
            text.push_str(": ");
            text.push_str(&source.to_string());
            below = source.source();
        }
        text
    }
}
