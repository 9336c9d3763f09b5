//! Is the journal untouched, and who signed it?
//!
//! A journal, its head file, its signatures and the public keys can be taken away as they are: with them `zizhi audit
//! verify` says the same on any machine.

use super::Asked;
use super::frame::Frame;
use crate::failure::Failure;
use crate::phrases::text;
use crate::sheet::{Cell, Part, Sheet, to};
use axum::extract::Path as Named;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use std::path::{Path, PathBuf};
use zizhi_bus::JournalError;
use zizhi_bus::journal::{self, Audit, Keys, Signatures, State, Trust};

/// One journal and what was found.
struct Checked {
    path: PathBuf,
    found: Result<Audit, JournalError>,
}

/// Every line and signature is checked anew for each look.
fn check(path: &Path) -> Result<Vec<Checked>, JournalError> {
    let one = |path: PathBuf| {
        let keys = Keys::read(&path.with_file_name("keys")).unwrap_or_default();
        let trust = Trust {
            keys,
            must_be_signed: false,
        };
        let found = journal::audit_by(&path, &trust);
        Checked { path, found }
    };
    Ok(journal::files(path)?.into_iter().map(one).collect())
}

async fn checked(asked: &Asked) -> Result<Vec<Checked>, Failure> {
    let path = asked.house.source.path().to_owned();
    let work = tokio::task::spawn_blocking(move || check(&path)).await;
    match work {
        Ok(found) => Ok(found?),
        Err(_) => Err(Failure::NoPage("/audit".to_owned())),
    }
}

/// What was found.
pub async fn show(asked: Asked) -> Response {
    let found = match checked(&asked).await {
        Ok(found) => found,
        Err(failure) => return asked.fail(&failure),
    };
    let title = asked.words().audit;
    asked
        .draw(title, |_, frame| {
            let words = frame.words;
            let rows = found.iter().map(|c| row(c, &frame)).collect();
            let heads = vec![
                words.journal,
                words.records,
                words.chain,
                words.signatures,
                words.take_away,
            ];
            let sheet = Sheet {
                title: words.audit.to_owned(),
                lead: vec![words.audit_means.to_owned()],
                parts: vec![
                    Part::new(words.journals)
                        .table(heads, rows)
                        .text(words.check_elsewhere),
                ],
                ..Sheet::default()
            };
            sheet.render(frame)
        })
        .await
}

fn row(checked: &Checked, frame: &Frame) -> Vec<Cell> {
    let words = frame.words;
    let name = file_name(&checked.path);
    let (records, chain, signatures) = match &checked.found {
        Err(error) => (String::new(), format!("✗ {error}"), String::new()),
        Ok(audit) => {
            let chain = match (&audit.damage, audit.state) {
                (Some(damage), _) => format!("✗ {damage}"),
                (None, Some(State::Open)) => format!("✓ {}", words.whole_open),
                (None, _) => format!("✓ {}", words.whole_sealed),
            };
            (
                audit.entries.to_string(),
                chain,
                signed(&audit.signatures, frame),
            )
        }
    };
    let files = takeable(&checked.path).into_iter().map(|path| {
        let name = file_name(&path);
        to(format!("/audit/files/{name}"), name)
    });
    vec![
        Cell::text(name),
        Cell::number(records),
        Cell::text(chain),
        Cell::text(signatures),
        Cell::links(files.collect()),
    ]
}

fn signed(signatures: &Signatures, frame: &Frame) -> String {
    let count = |n: &u64| n.to_string();
    match signatures {
        Signatures::None => frame.words.unsigned.to_owned(),
        Signatures::Unchecked { checkpoints } => text(
            frame.language,
            "signed-unchecked",
            &[("count", &count(checkpoints))],
        ),
        Signatures::Verified {
            checkpoints,
            up_to,
            by,
        } => text(
            frame.language,
            "signed-by",
            &[
                ("count", &count(checkpoints)),
                ("record", &count(up_to)),
                ("by", &by.join(", ")),
            ],
        ),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The journal, its head, its signatures and the public keys beside it: what is there of them.
fn takeable(journal: &Path) -> Vec<PathBuf> {
    let mut files = vec![
        journal.to_owned(),
        journal::head_path(journal),
        journal::sig_path(journal),
    ];
    let keys = std::fs::read_dir(journal.with_file_name("keys"));
    let keys = keys.into_iter().flatten().filter_map(Result::ok);
    let public = keys
        .map(|k| k.path())
        .filter(|p| p.extension().is_some_and(|e| e == "pub"));
    files.extend(public);
    files.retain(|f| f.is_file());
    files
}

/// One of those files. Only a name on the list is read, so a path leads nowhere else.
pub async fn file(asked: Asked, Named(name): Named<String>) -> Response {
    let path = asked.house.source.path().to_owned();
    let wanted = name.clone();
    let read = tokio::task::spawn_blocking(move || {
        let journals = journal::files(&path).ok()?;
        let mut all = journals.iter().flat_map(|j| takeable(j));
        let found = all.find(|f| file_name(f) == wanted)?;
        std::fs::read(found).ok()
    });
    match read.await.ok().flatten() {
        Some(bytes) => (
            [
                (CONTENT_TYPE, "application/octet-stream".to_owned()),
                (CONTENT_DISPOSITION, "attachment".to_owned()),
            ],
            bytes,
        )
            .into_response(),
        None => asked.fail(&Failure::NoPage(format!("/audit/files/{name}"))),
    }
}
