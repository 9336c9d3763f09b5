//! What was appended since the last look?
//!
//! In: a journal, or a folder of journals, that still grow. Out: the entries that are new, each told once. What was read is
//! not read again, so a look costs what was appended. Entries that come with one look are in the order of [`merge`]; those
//! of a later look follow, whatever their time: what was told keeps its place.

use super::entry::decode_on;
use super::{Damage, Entry, GENESIS, JournalError, files, merge};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Reads on in the journals of one path.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    tails: BTreeMap<PathBuf, Tail>,
}

/// What one look found.
#[derive(Debug, Default)]
pub struct Grown {
    /// What is new.
    pub entries: Vec<Entry>,
    /// The files are other ones than at the last look, or were cut: everything is told again, from the first entry.
    pub anew: bool,
    /// The first damage, of all files. What follows it in its file is not told. A line that is being written looks torn
    /// until the next look.
    pub damage: Option<Damage>,
}

/// How far one file was read.
#[derive(Debug)]
struct Tail {
    /// Device and number of the file: another file under the same name is another journal.
    file: (u64, u64),
    /// Bytes read, all of whole lines.
    offset: u64,
    /// Of the next line.
    position: u64,
    /// The hash before it.
    prev: String,
    /// It is not read beyond this.
    damage: Option<Damage>,
}

impl Tail {
    fn new(file: (u64, u64)) -> Self {
        Self {
            file,
            offset: 0,
            position: 1,
            prev: GENESIS.to_owned(),
            damage: None,
        }
    }
}

impl Follower {
    /// Follows the journal, or all journals of the folder, at `path`; nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            tails: BTreeMap::new(),
        }
    }

    /// Which journal or folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads what is new. An error leaves everything as it was: the next look begins at the same place.
    pub fn look(&mut self) -> Result<Grown, JournalError> {
        let files = files(&self.path)?;
        let anew = self.are_other(&files)?;
        if anew {
            self.tails.clear();
        }
        let (mut parts, mut damage) = (vec![], None);
        let mut read = vec![];
        for path in files {
            let (tail, entries, torn) = self.read_on(&path)?;
            damage = damage.or_else(|| tail.damage.clone()).or(torn);
            parts.push(entries);
            read.push((path, tail));
        }
        self.tails.extend(read);
        Ok(Grown {
            entries: merge(parts),
            anew,
            damage,
        })
    }

    /// Whether a file that was read is gone, was replaced or is shorter than what was read of it.
    fn are_other(&self, files: &[PathBuf]) -> Result<bool, JournalError> {
        for (path, tail) in &self.tails {
            if !files.contains(path) {
                return Ok(true);
            }
            let meta = std::fs::metadata(path).map_err(|e| JournalError::open(path, e))?;
            if (meta.dev(), meta.ino()) != tail.file || meta.len() < tail.offset {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The new lines of one file, where it was read to, and whether its last line is not whole yet.
    fn read_on(&self, path: &Path) -> Result<(Tail, Vec<Entry>, Option<Damage>), JournalError> {
        let failed = |e| JournalError::open(path, e);
        let mut file = File::open(path).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        let mut tail = match self.tails.get(path) {
            Some(known) => Tail {
                prev: known.prev.clone(),
                damage: known.damage.clone(),
                ..*known
            },
            None => Tail::new((meta.dev(), meta.ino())),
        };
        if tail.damage.is_some() || meta.len() == tail.offset {
            return Ok((tail, vec![], None));
        }
        let mut bytes = vec![];
        file.seek(SeekFrom::Start(tail.offset)).map_err(failed)?;
        file.read_to_end(&mut bytes).map_err(failed)?;
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
        let torn = whole < bytes.len();
        bytes.truncate(whole);
        let (entries, damage) = decode_on(&bytes, tail.position, &tail.prev);
        if let Some(last) = entries.last() {
            tail.position = last.position + 1;
            tail.prev.clone_from(&last.hash);
        }
        tail.offset += whole as u64;
        tail.damage = damage;
        let torn =
            (torn && tail.damage.is_none()).then_some(Damage::TornLine { at: tail.position });
        Ok((tail, entries, torn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Journal;
    use std::io::Write as _;
    use zizhi_types::{Body, Domain, NetTime, Record, RecordId, Stage, Who};

    fn write(journal: &Journal, domain: Domain, number: u64, at: u64) {
        let record = Record {
            id: RecordId::new(domain.as_str(), number),
            at: NetTime(at),
            who: Who::System,
            domain: Some(domain),
            stage: Stage::Swarm,
            object: None,
            incident: None,
            causes: vec![],
            body: Body::Dropped { messages: number },
        };
        journal.append(record).unwrap();
        journal.flush().unwrap();
    }

    fn ids(grown: &Grown) -> Vec<String> {
        let ids = grown.entries.iter().map(|e| e.record.id.to_string());
        ids.collect()
    }

    #[test]
    fn every_entry_is_told_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let one = Journal::create(&folder.path().join("transport.jsonl")).unwrap();
        write(&one, Domain::Transport, 1, 10);
        let mut follower = Follower::new(folder.path());
        let first = follower.look().unwrap();
        assert_eq!(ids(&first), ["rec-transport-1"]);
        assert!(!first.anew && first.damage.is_none());
        assert_eq!(follower.look().unwrap().entries, []);

        // A second process comes in, with an earlier time: what was told keeps its place.
        let two = Journal::create(&folder.path().join("compute.jsonl")).unwrap();
        write(&two, Domain::Compute, 1, 5);
        write(&one, Domain::Transport, 2, 11);
        let next = follower.look().unwrap();
        assert_eq!(ids(&next), ["rec-compute-1", "rec-transport-2"]);
        assert!(!next.anew);
    }

    #[test]
    fn a_line_that_is_being_written_is_told_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.jsonl");
        let journal = Journal::create(&path).unwrap();
        for number in 1..=3 {
            write(&journal, Domain::Access, number, number);
        }
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let mut follower = Follower::new(&path);
            let mut told = ids(&follower.look().unwrap());
            let mut file = std::fs::OpenOptions::new()
                .append(true)
                .open(&path)
                .unwrap();
            file.write_all(&whole[cut..]).unwrap();
            let rest = follower.look().unwrap();
            assert!(rest.damage.is_none() && !rest.anew, "cut at {cut}");
            told.extend(ids(&rest));
            assert_eq!(
                told.len() as u64,
                decode_on(&whole, 1, GENESIS).0.len() as u64,
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn nothing_behind_a_damage_is_told_even_if_more_comes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.jsonl");
        let journal = Journal::create(&path).unwrap();
        write(&journal, Domain::Access, 1, 1);
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap();
        file.write_all(b"{\"position\":2}\n").unwrap();
        let mut follower = Follower::new(&path);
        let grown = follower.look().unwrap();
        assert_eq!(grown.entries.len(), 1);
        assert!(matches!(
            grown.damage,
            Some(Damage::Unreadable { at: 2, .. })
        ));
        write(&journal, Domain::Access, 2, 2);
        let grown = follower.look().unwrap();
        assert!(grown.entries.is_empty() && grown.damage.is_some());
    }

    #[test]
    fn another_journal_under_the_same_name_is_told_from_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.jsonl");
        let journal = Journal::create(&path).unwrap();
        write(&journal, Domain::Access, 1, 1);
        let mut follower = Follower::new(&path);
        assert_eq!(follower.look().unwrap().entries.len(), 1);
        let other = folder.path().join("other");
        let journal = Journal::create(&other).unwrap();
        write(&journal, Domain::Compute, 7, 1);
        std::fs::rename(&other, &path).unwrap();
        let grown = follower.look().unwrap();
        assert!(grown.anew);
        assert_eq!(ids(&grown), ["rec-compute-7"]);
    }
}
