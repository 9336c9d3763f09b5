//! Can every time do its work?
//!
//! In: the file and the playbook made from it. Out: warnings about times that are legal and yet of no use.

use crate::compile::Compiler;
use crate::playbook::Playbook;
use crate::problem::{Code, Place};
use crate::schema::File;
use zizhi_types::plan::Mode;

/// A person needs this long to read a request (our choice: two languages, one plan, one rehearsal).
const READ_MS: u64 = 30_000;

/// The verifier lets a change settle for this long before it judges: two intervals of telemetry and a reconvergence.
const SETTLE_MS: u64 = 25_000;

/// The longest that one step keeps all others waiting (our choice: the length of a restart of a large router).
const STEP_MS: u64 = 1_800_000;

/// The longest that success is waited for (our choice: the longest hold).
const VERIFY_MS: u64 = 3_600_000;

/// The shortest time in which a device takes a change and says so (our choice: one round of a management session).
const ANSWER_MS: u64 = 1_000;

pub(super) fn check(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    if playbook.mode == Mode::Approve && playbook.approval_ms < READ_MS {
        let place = Place::from(read.spec.autonomy.timeout.referenced);
        let message = "a request for approval that ends so soon can be read by nobody";
        to.report(place, Code::BadTime, message, "write 30s or more");
    }
    if let Some(verify) = &read.spec.verify
        && playbook.verify_ms < SETTLE_MS
        && !to.told(verify.within.referenced.line())
    {
        let place = Place::from(verify.within.referenced);
        let message =
            "a change is given 25 s to settle before it is judged: this window is over before";
        to.report(place, Code::BadTime, message, "write 60s or more");
    }
    if let Some(verify) = &read.spec.verify
        && playbook.verify_ms > VERIFY_MS
    {
        let place = Place::from(verify.within.referenced);
        let message =
            "success is waited for longer than an hour: a change that failed stands as long";
        let fix = "write the time in which the cure shows, 1h at most";
        to.report(place, Code::BadTime, message, fix);
    }
    for (step, written) in playbook.steps.iter().zip(&read.spec.steps) {
        if step.timeout_ms < ANSWER_MS {
            let place = Place::from(written.timeout.referenced);
            let message =
                "no device answers in so short a time: every step would be of unknown effect";
            to.report(place, Code::BadTime, message, "write 1s or more");
        }
        if step.timeout_ms > STEP_MS {
            let place = Place::from(written.timeout.referenced);
            let message = "one step may keep the object busy for more than half an hour";
            let fix = "write the longest time that the action really takes, 30m at most";
            to.report(place, Code::BadTime, message, fix);
        }
    }
}
