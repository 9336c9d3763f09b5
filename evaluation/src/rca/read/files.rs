//! Opening files that come from outside: plain or gzip, never more than a bounded size.

use super::RcaError;
use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Component, Path, PathBuf};

/// The most that one file may hold, unpacked: 200 times the largest of the public cases.
const MOST_BYTES: u64 = 1 << 30;

/// A reader that ends with an error where more than [`MOST_BYTES`] come.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let Some(left) = self.left.checked_sub(n as u64) else {
            let why = format!("more than {MOST_BYTES} bytes when unpacked");
            return Err(std::io::Error::other(why));
        };
        self.left = left;
        Ok(n)
    }
}

/// Opens a file; one whose name ends in `.gz` is unpacked.
pub fn open(path: &Path) -> Result<impl Read, RcaError> {
    let file = File::open(path).map_err(|e| RcaError::unread(path, e))?;
    let file = BufReader::new(file);
    let packed = path.extension().is_some_and(|e| e == "gz");
    let inner: Box<dyn Read> = if packed {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    Ok(Bounded {
        inner,
        left: MOST_BYTES,
    })
}

/// The whole text of a file.
pub fn text(path: &Path) -> Result<String, RcaError> {
    let mut text = String::new();
    let mut reader = open(path)?;
    reader
        .read_to_string(&mut text)
        .map_err(|e| RcaError::unread(path, e))?;
    Ok(text)
}

/// A JSON file.
pub fn json<T: DeserializeOwned>(path: &Path) -> Result<T, RcaError> {
    serde_json::from_str(&text(path)?).map_err(|e| syntax(path, &e))
}

/// A file with one JSON value a line; empty lines are skipped. Values come with their line number, from 1.
pub fn json_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<(usize, T)>, RcaError> {
    let text = text(path)?;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, l)| !l.trim().is_empty());
    let read = lines.map(|(i, line)| match serde_json::from_str(line) {
        Ok(value) => Ok((i + 1, value)),
        Err(e) => Err(
            RcaError::new(path, e.to_string(), "write one JSON object a line")
                .at(format!("line {}", i + 1)),
        ),
    });
    read.collect()
}

fn syntax(path: &Path, error: &serde_json::Error) -> RcaError {
    let place = format!("line {}, column {}", error.line(), error.column());
    RcaError::new(path, plain(error), "correct the JSON there").at(place)
}

/// A path that a file names, inside `folder`: a path that leaves it is refused.
pub fn inside(folder: &Path, named: &str, said_by: &Path) -> Result<PathBuf, RcaError> {
    let proper = |c: Component<'_>| matches!(c, Component::Normal(_));
    if named.is_empty() || !Path::new(named).components().all(proper) {
        let problem = format!("names the path `{named}`, which leaves the data set's folder");
        return Err(RcaError::new(
            said_by,
            problem,
            "name a file below it, without `..`",
        ));
    }
    Ok(folder.join(named))
}

/// `Some` of the file when it is there.
pub fn there(path: PathBuf) -> Option<PathBuf> {
    path.is_file().then_some(path)
}

/// What is wrong, without the place that is told elsewhere.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text
        .rsplit_once(" at line ")
        .map(|(what, _)| what.to_owned());
    what.unwrap_or(text)
}
