//! `zizhi audit verify`: was the journal touched, and who signed it?

use super::{FOUND, json_line, pick};
use crate::args::{AuditArgs, AuditCommand};
use crate::fail::Failure;
use crate::journals;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zizhi_bus::journal::{self, Audit, Keys, Signatures, State, Trust};
use zizhi_types::text::Language;

/// One journal's line for programs.
#[derive(Serialize)]
struct Verdict<'a> {
    journal: &'a Path,
    #[serde(flatten)]
    audit: &'a Audit,
}

/// Audits a journal, or every journal of a folder.
pub fn run(command: AuditCommand, lang: Language) -> Result<ExitCode, Failure> {
    let AuditCommand::Verify(AuditArgs { file, keys, json }) = command;
    let path = journals::existing(file)?;
    let given = keys.as_deref().map(trusted).transpose()?;
    let mut damaged = false;
    for journal in journal::files(&path)? {
        let trust = match &given {
            Some(trust) => trust.clone(),
            None => beside(&journal)?,
        };
        let audit = journal::audit_by(&journal, &trust)?;
        damaged |= audit.damage.is_some();
        if json {
            json_line(&Verdict {
                journal: &journal,
                audit: &audit,
            })?;
        } else {
            tell(&journal, &audit, lang);
        }
    }
    Ok(if damaged {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

/// Keys that were named on the command line: a journal without their signatures proves nothing.
fn trusted(folder: &Path) -> Result<Trust, Failure> {
    let keys = Keys::read(folder)?;
    if keys.is_empty() {
        return Err(format!(
            "there is no public key (*.pub) in {}: name the folder that the auditor keeps",
            folder.display()
        )
        .into());
    }
    Ok(Trust {
        keys,
        must_be_signed: true,
    })
}

/// Keys that lie where the swarm puts them.
fn beside(journal: &Path) -> Result<Trust, Failure> {
    let folder: PathBuf = journal.with_file_name("keys");
    let keys = if folder.is_dir() {
        Keys::read(&folder)?
    } else {
        Keys::default()
    };
    Ok(Trust {
        keys,
        must_be_signed: false,
    })
}

fn tell(path: &Path, audit: &Audit, lang: Language) {
    let entries = audit.entries;
    let records = pick(lang, "records", "条记录");
    let verdict = match (&audit.damage, audit.state) {
        (Some(damage), _) => {
            let word = pick(lang, "DAMAGED", "已损坏");
            format!("{word}: {damage}")
        }
        (None, state) => {
            let state = match state {
                Some(State::Open) => pick(
                    lang,
                    "whole, but not closed: a swarm is writing it, or its process was killed",
                    "完整，但未封存：仍在写入，或进程曾被终止",
                ),
                _ => pick(lang, "whole and sealed", "完整且已封存"),
            };
            format!("{state}; {}", signatures(audit, lang))
        }
    };
    println!("{}: {entries} {records}, {verdict}", path.display());
}

fn signatures(audit: &Audit, lang: Language) -> String {
    match (&audit.signatures, lang) {
        (Signatures::None, _) => pick(
            lang,
            "there are no signatures to check: only the chain of hashes was checked",
            "没有可供验证的签名：仅验证了哈希链",
        )
        .to_owned(),
        (Signatures::Unchecked { checkpoints }, Language::En) => format!(
            "{checkpoints} signed checkpoints NOT checked: name the folder of public keys with --keys"
        ),
        (Signatures::Unchecked { checkpoints }, Language::Zh) => {
            format!("{checkpoints} 个签名检查点未验证：请用 --keys 指定公钥文件夹")
        }
        (
            Signatures::Verified {
                checkpoints,
                up_to,
                by,
            },
            Language::En,
        ) => format!(
            "{checkpoints} checkpoints up to record {up_to} signed by {}",
            by.join(", ")
        ),
        (
            Signatures::Verified {
                checkpoints,
                up_to,
                by,
            },
            Language::Zh,
        ) => format!(
            "{checkpoints} 个检查点（至第 {up_to} 条记录）签名有效，签名者：{}",
            by.join("、")
        ),
    }
}
