//! What did a whole swarm write? The journals of its processes as one list.
//!
//! In: a folder with one journal a process, or a single journal. Out: every entry once, each journal's own order kept,
//! causes before what follows from them, otherwise by time and then by file name. So the same files always give the same
//! list, and clocks that differ a little do not put an effect before its cause.

use super::entry::{read, read_lenient};
use super::{Damage, Entry, JournalError};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use zizhi_types::RecordId;

/// The journals at `path`: itself, or every `*.jsonl` of the folder, by name.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, JournalError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let open = |e| JournalError::open(path, e);
    let mut found = vec![];
    for file in std::fs::read_dir(path).map_err(open)? {
        let file = file.map_err(open)?.path();
        if file.extension().is_some_and(|x| x == "jsonl") {
            found.push(file);
        }
    }
    found.sort();
    if found.is_empty() {
        let path = path.to_owned();
        return Err(JournalError::NoJournals { path });
    }
    Ok(found)
}

/// Reads a journal, or all journals of a folder as one, and refuses them at the first damage.
pub fn read_all(path: &Path) -> Result<Vec<Entry>, JournalError> {
    let files = files(path)?;
    let entries: Result<Vec<Vec<Entry>>, JournalError> = files.iter().map(|f| read(f)).collect();
    let entries = entries?;
    refuse_copies(&files, &entries)?;
    Ok(merge(entries))
}

/// Reads a journal, or all journals of a folder, each up to its first damage; the first damage is told.
pub fn read_all_lenient(path: &Path) -> Result<(Vec<Entry>, Option<Damage>), JournalError> {
    let (mut journals, mut first) = (vec![], None);
    for file in files(path)? {
        let (entries, damage) = read_lenient(&file)?;
        journals.push(entries);
        first = first.or(damage);
    }
    Ok((merge(journals), first))
}

/// One list out of several journals, see the module.
pub fn merge(journals: Vec<Vec<Entry>>) -> Vec<Entry> {
    // How often each record is still to come; what is in no journal is not waited for.
    let mut to_come: BTreeMap<RecordId, u32> = BTreeMap::new();
    for entry in journals.iter().flatten() {
        *to_come.entry(entry.record.id.clone()).or_insert(0) += 1;
    }
    let mut queues: Vec<VecDeque<Entry>> = journals.into_iter().map(VecDeque::from).collect();
    let mut merged = vec![];
    while let Some(next) = choose(&queues, &to_come) {
        let Some(entry) = queues[next].pop_front() else {
            break;
        };
        if let Some(left) = to_come.get_mut(&entry.record.id) {
            *left -= 1;
        }
        merged.push(entry);
    }
    merged
}

/// The journal whose first entry comes next: the earliest of those whose causes are all told. If every first entry waits
/// for another (a record that names a later one, which no agent writes), simply the earliest.
fn choose(queues: &[VecDeque<Entry>], to_come: &BTreeMap<RecordId, u32>) -> Option<usize> {
    let told = |id: &RecordId| to_come.get(id).is_none_or(|left| *left == 0);
    let heads = queues.iter().enumerate();
    let heads = heads.filter_map(|(n, queue)| Some((n, queue.front()?)));
    let key = |(n, entry): (usize, &Entry)| {
        let waits = !entry.record.causes.iter().all(told);
        (waits, entry.record.at, n)
    };
    heads.map(key).min().map(|(_, _, n)| n)
}

/// A record has one writer: one that is in two journals shows that a journal lies there twice.
fn refuse_copies(files: &[PathBuf], journals: &[Vec<Entry>]) -> Result<(), JournalError> {
    let mut seen: BTreeMap<&RecordId, &PathBuf> = BTreeMap::new();
    for (file, entries) in files.iter().zip(journals) {
        for entry in entries.iter().filter(|e| e.record.domain.is_some()) {
            let id = &entry.record.id;
            if let Some(other) = seen.insert(id, file).filter(|other| *other != file) {
                return Err(JournalError::Twice {
                    id: id.to_string(),
                    one: other.clone(),
                    two: file.clone(),
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use zizhi_types::{Body, Domain, NetTime, Record, Stage, Who};

    fn entry(domain: Domain, number: u64, at: u64, causes: &[(Domain, u64)]) -> Entry {
        let id = |(d, n): &(Domain, u64)| RecordId::new(d.as_str(), *n);
        Entry {
            position: number,
            prev: String::new(),
            hash: String::new(),
            record: Record {
                id: id(&(domain, number)),
                at: NetTime(at),
                who: Who::System,
                domain: Some(domain),
                stage: Stage::Swarm,
                object: None,
                incident: None,
                causes: causes.iter().map(id).collect(),
                body: Body::Dropped { messages: number },
            },
        }
    }

    fn ids(entries: &[Entry]) -> Vec<String> {
        entries.iter().map(|e| e.record.id.to_string()).collect()
    }

    #[test]
    fn a_cause_comes_before_its_effect_even_if_the_clocks_disagree() {
        use Domain::{Compute, Transport};
        let transport = vec![
            entry(Transport, 1, 10, &[]),
            entry(Transport, 2, 11, &[(Compute, 1)]),
        ];
        let compute = vec![entry(Compute, 1, 12, &[(Transport, 1)])];
        let merged = ids(&merge(vec![compute, transport]));
        assert_eq!(
            merged,
            ["rec-transport-1", "rec-compute-1", "rec-transport-2"]
        );
    }

    #[test]
    fn records_that_wait_for_each_other_are_told_all_the_same() {
        use Domain::{Compute, Transport};
        let one = vec![entry(Transport, 1, 10, &[(Compute, 1)])];
        let two = vec![entry(Compute, 1, 12, &[(Transport, 1)])];
        assert_eq!(merge(vec![one, two]).len(), 2);
    }

    proptest! {
        #[test]
        fn every_entry_is_there_once_and_each_journals_order_is_kept(
            times in prop::collection::vec(prop::collection::vec(0u64..20, 0..12), 0..4)
        ) {
            let journals: Vec<Vec<Entry>> = Domain::ALL.into_iter().zip(&times).map(|(d, times)| {
                (1..).zip(times).map(|(n, at)| entry(d, n, *at, &[])).collect()
            }).collect();
            let merged = merge(journals.clone());
            prop_assert_eq!(&merge(journals.clone()), &merged);
            for own in &journals {
                let kept: Vec<&Entry> = merged.iter().filter(|e| own.contains(e)).collect();
                prop_assert!(kept.iter().copied().eq(own.iter()));
            }
            prop_assert_eq!(merged.len(), journals.iter().map(Vec::len).sum::<usize>());
        }
    }
}
