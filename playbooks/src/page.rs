//! The catalogue as a page: what is there, for what, how it is taken back, and what the twin says of it.
//!
//! In: playbook files, by name and text. Out: Markdown in one language. `docs/catalogue.md` and its Chinese twin are copies,
//! kept the same by a test.

use crate::catalog;
use crate::playbook::Playbook;
use crate::rehearsal::{self, Promise, Rehearsal};
use std::fmt::Write as _;
use zizhi_types::Domain;
use zizhi_types::plan::Mode;
use zizhi_types::text::{Language, label};

/// The page for files that the checker accepts; one that it refuses is left out.
pub fn page<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>, language: Language) -> String {
    let mut found: Vec<(Playbook, Option<Rehearsal>)> = vec![];
    for (file, text) in files {
        if let Some(playbook) = catalog::lint(file, text).0 {
            let own = rehearsal::read(file, text, &playbook).ok().flatten();
            found.push((playbook, own));
        }
    }
    let mut page = head(language, found.len());
    for domain in Domain::ALL {
        let own: Vec<_> = found.iter().filter(|(p, _)| p.domain == domain).collect();
        // Writing to a text cannot fail.
        let _ = write!(
            page,
            "\n## {} ({})\n\n{}",
            label(domain, language),
            own.len(),
            columns(language)
        );
        for (playbook, rehearsal) in own {
            page.push_str(&row(playbook, rehearsal.as_ref(), language));
        }
    }
    page
}

fn head(language: Language, count: usize) -> String {
    match language {
        Language::En => format!(
            "# The shipped playbooks\n\nThis page is made from the files in `playbooks/catalog` by `zizhi playbook list --page`; \
             a test keeps it current. [中文](catalogue.zh.md)\n\nThere are {count}. Each has tests of its own (`zizhi playbook test`) \
             and a situation in which the twin rehearses it (`zizhi playbook rehearse`).\nWhat is `approve` waits for a person, what is \
             `observe` is on trial and only shown; neither is tried before what is `auto`.\n"
        ),
        Language::Zh => format!(
            "# 随附预案目录\n\n本页由 `zizhi playbook list --page --lang zh` 根据 `playbooks/catalog` 中的文件生成，并由测试保证与文件一致。\
             [English](catalogue.md)\n\n共 {count} 个预案，每个都自带测试（`zizhi playbook test`）和孪生预演场景（`zizhi playbook rehearse`）。\n\
             `approve` 须经人工批准，`observe` 处于试用期、只提示不执行；二者都排在 `auto` 之后。\n"
        ),
    }
}

const fn columns(language: Language) -> &'static str {
    match language {
        Language::En => {
            "| playbook | what it does | for | taken back | mode | on the twin |\n|---|---|---|---|---|---|\n"
        }
        Language::Zh => {
            "| 预案 | 做什么 | 针对 | 如何退回 | 模式 | 孪生预演 |\n|---|---|---|---|---|---|\n"
        }
    }
}

fn row(playbook: &Playbook, rehearsal: Option<&Rehearsal>, language: Language) -> String {
    let (title, between) = match language {
        Language::En => (&playbook.title.en, ", "),
        Language::Zh => (&playbook.title.zh, "、"),
    };
    let faults: Vec<String> = playbook
        .faults
        .iter()
        .map(|f| label(*f, language))
        .collect();
    format!(
        "| `{}` | {title} | {} | {} | `{}` | {} |\n",
        playbook.id,
        faults.join(between),
        back(playbook, language),
        mode(playbook.mode),
        twin(rehearsal, language)
    )
}

fn mode(mode: Mode) -> String {
    mode.to_string()
}

/// What becomes of its changes.
fn back(playbook: &Playbook, language: Language) -> &'static str {
    let undone = playbook.steps.iter().filter(|s| s.can_undo()).count();
    let (en, zh) = match (playbook.temporary, undone) {
        (true, _) => (
            "when the suspect is healthy, or if it did not help",
            "对象恢复健康后自动退回；未见效也退回",
        ),
        (false, 0) => ("nothing to take back", "无可退回"),
        (false, n) if n < playbook.steps.len() => {
            ("in part, if it did not help", "未见效时部分退回")
        }
        (false, _) => ("if it did not help", "未见效时退回"),
    };
    match language {
        Language::En => en,
        Language::Zh => zh,
    }
}

fn twin(rehearsal: Option<&Rehearsal>, language: Language) -> String {
    let Some(own) = rehearsal else {
        return "-".to_owned();
    };
    let (en, zh) = match own.expect {
        Promise::Helps => ("helps", "有效"),
        Promise::NoEffect => ("shows no effect", "看不出效果"),
    };
    match language {
        Language::En => format!("{en}: {} ({})", own.suspect, own.network),
        Language::Zh => format!("{zh}：{}（{}）", own.suspect, own.network),
    }
}
