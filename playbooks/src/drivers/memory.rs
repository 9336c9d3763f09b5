//! What was asked of a network before, kept on its own disk.
//!
//! In: questions and answers. Out: the same answer to the same key, for as long as the file lives. A line is on the disk
//! before the network is touched, so a process that dies in the middle finds the key begun and never begins it again. One
//! process at a time: the file is locked.

use super::own::State;
use crate::door::{Door, Question, Verdict};
use crate::driver::DriverError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use zizhi_types::Term;
use zizhi_types::action::{Action, Receipt};

/// How often the lock is tried, and the pause between.
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Note {
    /// The highest term that asked.
    Term(Term),
    /// The key was looked up before it came, and is refused if it comes.
    Closed(String),
    /// The network is about to be changed.
    Begun(Begun),
    /// What came of it.
    Done {
        key: String,
        answer: Result<Receipt, DriverError>,
    },
}

/// A change that was begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begun {
    /// Its key.
    pub key: String,
    /// What was to be done.
    pub action: Action,
    /// The state before.
    pub before: State,
}

/// Why the memory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The file cannot be read or written.
    #[error("cannot {what} the memory of keys {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process uses it.
    #[error("the memory of keys {} is in use by another process: stop that one first", .0.display())]
    Held(PathBuf),
    /// A line in the middle cannot be read.
    #[error(
        "line {line} of the memory of keys {} cannot be read: without it a change could be made twice; restore the file, or move it away once no run is open",
        path.display()
    )]
    Torn {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
}

/// The door of one network with its memory.
#[derive(Debug)]
pub struct Memory {
    door: Door,
    begun: BTreeMap<String, Begun>,
    file: File,
    path: PathBuf,
}

impl Memory {
    /// Opens or makes the file, and takes it for this process. A last line that was cut off is dropped: nothing was done
    /// on its account, for the network is touched only after the line is on the disk.
    pub fn open(path: &Path) -> Result<Self, MemoryError> {
        let failed = |what, source| MemoryError::File {
            what,
            path: path.to_owned(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|e| failed("open", e))?;
        if !is_locked(&file) {
            return Err(MemoryError::Held(path.to_owned()));
        }
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map_err(|e| failed("read", e))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64)
            .map_err(|e| failed("shorten", e))?;
        file.seek(SeekFrom::End(0)).map_err(|e| failed("read", e))?;
        sync_folder(path).map_err(|e| failed("keep", e))?;
        let mut memory = Self {
            door: Door::new(),
            begun: BTreeMap::new(),
            file,
            path: path.to_owned(),
        };
        for (number, line) in text.get(..whole).unwrap_or_default().lines().enumerate() {
            let note = serde_json::from_str(line).map_err(|_| MemoryError::Torn {
                path: path.to_owned(),
                line: number + 1,
            })?;
            memory.recall(note);
        }
        Ok(memory)
    }

    fn recall(&mut self, note: Note) {
        match note {
            Note::Term(term) => self.door.raise(term),
            Note::Closed(key) => self.door.close(&key),
            Note::Begun(begun) => {
                self.door.begin(&begun.key);
                self.begun.insert(begun.key.clone(), begun);
            }
            Note::Done { key, answer } => {
                self.begun.remove(&key);
                self.door.done(&key, answer);
            }
        }
    }

    /// Takes a question. What the door must not forget is on the disk when this returns.
    pub fn ask(&mut self, question: Question) -> Result<Verdict, MemoryError> {
        let (term, key) = (question.term, question.key.clone());
        if term > self.door.term() {
            self.write(&Note::Term(term))?;
        }
        if question.action.is_none() && self.door.would_close(&question) {
            self.write(&Note::Closed(key))?;
        }
        Ok(self.door.ask(question))
    }

    /// The change of a key is about to be made.
    pub fn begin(&mut self, begun: Begun) -> Result<(), MemoryError> {
        self.write(&Note::Begun(begun.clone()))?;
        self.door.begin(&begun.key);
        Ok(())
    }

    /// What came of a key.
    pub fn done(
        &mut self,
        key: &str,
        answer: &Result<Receipt, DriverError>,
    ) -> Result<(), MemoryError> {
        self.begun.remove(key);
        self.door.done(key, answer.clone());
        self.write(&Note::Done {
            key: key.to_owned(),
            answer: answer.clone(),
        })
    }

    /// A change that an earlier process began and did not live to answer.
    pub fn left_open(&self, key: &str) -> Option<Begun> {
        self.begun.get(key).cloned()
    }

    fn write(&mut self, note: &Note) -> Result<(), MemoryError> {
        let failed = |source| MemoryError::File {
            what: "write",
            path: self.path.clone(),
            source,
        };
        let mut line = serde_json::to_vec(note).map_err(|e| failed(e.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(failed)?;
        self.file.sync_data().map_err(failed)
    }
}

/// Takes the lock. A child that is just being started shares it until it becomes its own program, so it is tried for a
/// while (our choice: a second).
fn is_locked(file: &File) -> bool {
    (0..LOCK_TRIES).any(|number| {
        if number > 0 {
            std::thread::sleep(LOCK_PAUSE);
        }
        file.try_lock().is_ok()
    })
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use zizhi_types::Verb;

    fn question(term: u64, key: u8, change: bool) -> Question {
        Question {
            term: Term(term),
            key: format!("k{key}"),
            action: change.then(|| Action::new(Verb::LinkReset, "link/A-B".parse().unwrap())),
        }
    }

    fn begun(key: u8, action: Action) -> Begun {
        Begun {
            key: format!("k{key}"),
            action,
            before: State::new(),
        }
    }

    #[test]
    fn a_line_that_was_cut_off_is_dropped_and_one_in_the_middle_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        std::fs::write(&path, "{\"term\":4}\n{\"closed\":\"k1\"}\n{\"clo").unwrap();
        let mut memory = Memory::open(&path).unwrap();
        assert!(
            matches!(memory.ask(question(3, 2, true)), Ok(Verdict::Say(_))),
            "the term is kept"
        );
        assert!(
            matches!(memory.ask(question(4, 1, true)), Ok(Verdict::Say(_))),
            "the key is closed"
        );
        drop(memory);
        std::fs::write(&path, "{\"term\":4}\n{\"clo\n{\"closed\":\"k1\"}\n").unwrap();
        let error = Memory::open(&path).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }

    proptest! {
        /// Whoever asks what, whenever the process dies: a key is begun once, by no older term, and never after it was
        /// looked up and found missing.
        #[test]
        fn no_key_is_begun_twice(steps in proptest::collection::vec((0_u64..4, 0_u8..3, any::<bool>(), 0_u8..4), 1..40)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("keys");
            let mut memory = Memory::open(&path).unwrap();
            let (mut opened, mut missing, mut newest) = (vec![], vec![], 0);
            for (term, key, change, dies) in steps {
                let verdict = memory.ask(question(term, key, change)).unwrap();
                match verdict {
                    Verdict::Open(action) => {
                        prop_assert!(!opened.contains(&key) && !missing.contains(&key) && term >= newest);
                        memory.begin(begun(key, *action)).unwrap();
                        opened.push(key);
                        if dies > 1 {
                            let answer = Err(DriverError::Failed("x".to_owned()));
                            memory.done(&format!("k{key}"), &answer).unwrap();
                        }
                    }
                    Verdict::Say(answer) => {
                        let never = crate::door::Answer::Recalled(crate::driver::Recall::NeverCame);
                        if answer == never {
                            prop_assert!(!opened.contains(&key));
                            missing.push(key);
                        }
                    }
                }
                newest = newest.max(term);
                if dies % 2 == 1 {
                    drop(memory);
                    memory = Memory::open(&path).unwrap();
                }
            }
        }
    }
}
