//! `zizhi search`: playbooks and past incidents by their words.

use super::{json_line, pick};
use crate::args::SearchArgs;
use crate::fail::Failure;
use crate::journals;
use std::process::ExitCode;
use zizhi_bus::journal;
use zizhi_knowledge::{Document, Hit, TextIndex};
use zizhi_playbooks::Catalog;
use zizhi_types::text::{Language, label, object, sentence};
use zizhi_types::topology::Bilingual;
use zizhi_types::{Body, Incident, Record, incident};

/// Hits that are printed.
const HITS: usize = 10;

/// Searches.
pub fn run(args: SearchArgs, lang: Language) -> Result<ExitCode, Failure> {
    let journal = match args.journal {
        Some(path) => Some(path),
        None => journals::existing(None).ok(),
    };
    let entries = journal.map_or(Ok(vec![]), |path| journal::read_all(&path))?;
    let records: Vec<&Record> = entries.iter().map(|e| &e.record).collect();
    let shelf = Shelf::with(&incident::fold(records.iter().copied()), &records)?;
    let hits = wanted(&shelf, &args.words.join(" "), lang)?;
    for hit in &hits {
        if args.json {
            json_line(&serde_json::json!({
                "id": hit.id, "kind": hit.kind, "title": hit.title, "score": hit.score,
            }))?;
        } else {
            println!("{:<40} {}", hit.id, hit.title);
        }
    }
    if hits.is_empty() && !args.json {
        println!(
            "{}",
            pick(
                lang,
                "nothing found: try fewer or other words",
                "没有结果：请减少或更换关键词"
            )
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Everything that has words.
pub struct Shelf(TextIndex);

impl Shelf {
    /// The shipped playbooks, and these incidents with their records.
    pub fn with(incidents: &[Incident], records: &[&Record]) -> Result<Self, Failure> {
        let mut documents = playbooks(&Catalog::builtin()?);
        documents.extend(incidents.iter().map(|i| told(i, records)));
        let mut index = TextIndex::in_memory()?;
        index.index(documents)?;
        Ok(Self(index))
    }
}

/// People type in either language whatever they read: the wanted one first, then the other.
pub fn wanted(shelf: &Shelf, words: &str, lang: Language) -> Result<Vec<Hit>, Failure> {
    let other = match lang {
        Language::En => Language::Zh,
        Language::Zh => Language::En,
    };
    let hits = shelf.0.search(words, lang, HITS)?;
    if hits.is_empty() {
        return Ok(shelf.0.search(words, other, HITS)?);
    }
    Ok(hits)
}

fn playbooks(catalog: &Catalog) -> Vec<Document> {
    let one = |p: &zizhi_playbooks::Playbook| Document {
        id: p.reference(),
        kind: "playbook".to_owned(),
        title: p.title.clone(),
        body: Bilingual {
            en: format!("{} {}", p.what.en, words(p, Language::En)),
            zh: format!("{} {}", p.what.zh, words(p, Language::Zh)),
        },
    };
    catalog.playbooks().iter().map(one).collect()
}

fn words(playbook: &zizhi_playbooks::Playbook, lang: Language) -> String {
    let faults = playbook.faults.iter().map(|f| label(*f, lang));
    let verbs = playbook.steps.iter().map(|s| label(s.verb, lang));
    faults.chain(verbs).collect::<Vec<_>>().join(" ")
}

fn told(incident: &Incident, records: &[&Record]) -> Document {
    let title = |lang| {
        let cause = incident
            .cause
            .as_ref()
            .map(|(o, fault, _)| format!("{} {}", label(*fault, lang), object(o, lang)));
        let ending = incident.ending.map(|e| label(e, lang)).unwrap_or_default();
        format!("{} — {ending}", cause.unwrap_or_default())
    };
    let own = |r: &&&Record| {
        r.incident.as_ref() == Some(&incident.id) && !matches!(r.body, Body::Raw { .. })
    };
    let body = |lang| {
        records
            .iter()
            .filter(own)
            .map(|r| sentence(r, lang))
            .collect::<Vec<_>>()
            .join(" ")
    };
    Document {
        id: incident.id.to_string(),
        kind: "incident".to_owned(),
        title: Bilingual {
            en: title(Language::En),
            zh: title(Language::Zh),
        },
        body: Bilingual {
            en: body(Language::En),
            zh: body(Language::Zh),
        },
    }
}
