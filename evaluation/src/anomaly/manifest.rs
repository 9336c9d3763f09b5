//! Which series are there? `manifest.csv`: one line a series.
//!
//! Columns that are used, in any order: `id`, `group`, `file` (relative to the folder), `rows`, `channels`, `train_rows`
//! (rows before the test part), `interval_s`, `vus_window` (rows), and `sha256_csv` (first 16 hexadecimal digits of the
//! SHA-256 of the unpacked file; may be missing or empty). Others are left aside.

use super::error::{AnomalyError, shown};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

/// The file's name in the folder.
pub const FILE: &str = "manifest.csv";

/// One series.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name, also a relative path for files about it: no `..`, not absolute.
    pub id: String,
    /// The group it is averaged in.
    pub group: String,
    /// Its file.
    pub path: PathBuf,
    /// Data rows.
    pub rows: usize,
    /// Columns between `timestamp` and `label`.
    pub channels: usize,
    /// Rows before the test part; fewer than `rows`.
    pub train_rows: usize,
    /// Seconds from row to row, more than 0.
    pub interval_s: f64,
    /// Widest buffer round an event for the volumes, in rows; at most `rows`.
    pub vus_window: usize,
    /// First digits of the SHA-256 of the unpacked file, lower-case; empty if not known.
    pub sha256: String,
}

/// All series, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The series.
    pub entries: Vec<Entry>,
}

impl Manifest {
    /// Reads the manifest of a folder.
    pub fn load(folder: &Path) -> Result<Self, AnomalyError> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|source| AnomalyError::Read {
            path: path.clone(),
            source,
        })?;
        let entries = parse(&path, folder, &text)?;
        if entries.is_empty() {
            return Err(AnomalyError::Empty { path });
        }
        let mut seen = BTreeSet::new();
        match entries.iter().find(|e| !seen.insert(&e.id)) {
            Some(twice) => Err(AnomalyError::Twice {
                id: twice.id.clone(),
                path,
            }),
            None => Ok(Self { entries }),
        }
    }

    /// The groups, in the order of the file.
    pub fn groups(&self) -> Vec<String> {
        let mut groups: Vec<String> = vec![];
        for entry in &self.entries {
            if !groups.contains(&entry.group) {
                groups.push(entry.group.clone());
            }
        }
        groups
    }

    /// Only the series of one group.
    pub fn only(self, group: &str) -> Result<Self, AnomalyError> {
        let known = self.groups();
        if !known.iter().any(|g| g == group) {
            return Err(AnomalyError::Group {
                wanted: group.to_owned(),
                known,
            });
        }
        let entries = self.entries.into_iter().filter(|e| e.group == group);
        Ok(Self {
            entries: entries.collect(),
        })
    }
}

fn parse(path: &Path, folder: &Path, text: &str) -> Result<Vec<Entry>, AnomalyError> {
    let file = path.display().to_string();
    let unreadable = |source| AnomalyError::Csv {
        file: file.clone(),
        source,
    };
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(unreadable)?.clone();
    let mut entries = vec![];
    for record in reader.records() {
        let line = Line {
            file: &file,
            header: &header,
            record: &record.map_err(unreadable)?,
        };
        entries.push(line.entry(folder)?);
    }
    Ok(entries)
}

/// One line, with what an error message needs.
struct Line<'a> {
    file: &'a str,
    header: &'a csv::StringRecord,
    record: &'a csv::StringRecord,
}

impl Line<'_> {
    fn entry(&self, folder: &Path) -> Result<Entry, AnomalyError> {
        if self.record.len() != self.header.len() {
            return Err(AnomalyError::Width {
                file: self.file.to_owned(),
                line: self.number(),
                found: self.record.len(),
                wanted: self.header.len(),
            });
        }
        let rows: usize = self.parsed("rows", "a whole number above 0", |r| *r > 0)?;
        let file = self.relative("file")?;
        Ok(Entry {
            id: self.relative("id")?,
            group: self.parsed("group", "a name", |g: &String| !g.is_empty())?,
            path: folder.join(file),
            rows,
            channels: self.parsed("channels", "a whole number above 0", |c| *c > 0)?,
            train_rows: self.parsed(
                "train_rows",
                "a whole number below that in `rows`: no row would be left for the test part",
                |t| *t < rows,
            )?,
            interval_s: self.parsed("interval_s", "a number of seconds above 0", |i: &f64| {
                i.is_finite() && *i > 0.0
            })?,
            vus_window: self.parsed(
                "vus_window",
                "a whole number, at most that in `rows`",
                |w| *w <= rows,
            )?,
            sha256: self.cell("sha256_csv").unwrap_or_default().to_lowercase(),
        })
    }

    fn number(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }

    fn cell(&self, column: &str) -> Option<&str> {
        let place = self.header.iter().position(|name| name == column)?;
        self.record.get(place)
    }

    fn parsed<T: FromStr>(
        &self,
        column: &str,
        wanted: &'static str,
        good: impl Fn(&T) -> bool,
    ) -> Result<T, AnomalyError> {
        let value = self.cell(column).ok_or_else(|| AnomalyError::Column {
            file: self.file.to_owned(),
            column: column.to_owned(),
        })?;
        value
            .parse()
            .ok()
            .filter(good)
            .ok_or_else(|| AnomalyError::Cell {
                file: self.file.to_owned(),
                line: self.number(),
                column: column.to_owned(),
                value: shown(value),
                wanted,
            })
    }

    /// A path that stays in the folder: data from outside must not choose which files are read or written.
    fn relative(&self, column: &str) -> Result<String, AnomalyError> {
        self.parsed(column, "a path inside the folder", |value: &String| {
            let mut parts = Path::new(value).components();
            !value.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "id,group,file,rows,channels,train_rows,interval_s,vus_window,sha256_csv\n";

    fn refused(line: &str) -> String {
        let text = format!("{HEADER}{line}\n");
        parse(Path::new("d/manifest.csv"), Path::new("d"), &text)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_line_becomes_a_series() {
        let text = format!("{HEADER}a/b,a,a/b.csv.gz,100,2,40,60,8,AB12\n");
        let entries = parse(Path::new("d/manifest.csv"), Path::new("d"), &text).unwrap();
        assert_eq!(entries[0].path, Path::new("d/a/b.csv.gz"));
        assert_eq!((entries[0].train_rows, entries[0].vus_window), (40, 8));
        assert_eq!(entries[0].sha256, "ab12");
    }

    #[test]
    fn every_refusal_says_where_and_what_is_expected() {
        for (line, part) in [
            (
                "a,g,f,100,2,100,60,8,",
                "line 2, column `train_rows`: `100` is not a whole number below",
            ),
            (
                "a,g,f,100,2,40,0,8,",
                "column `interval_s`: `0` is not a number of seconds above 0",
            ),
            (
                "a,g,f,100,2,40,60,101,",
                "column `vus_window`: `101` is not a whole number, at most",
            ),
            (
                "a,g,f,ten,2,40,60,8,",
                "column `rows`: `ten` is not a whole number above 0",
            ),
            (
                "../a,g,f,100,2,40,60,8,",
                "column `id`: `../a` is not a path inside the folder",
            ),
            (
                "a,g,/etc/f,100,2,40,60,8,",
                "column `file`: `/etc/f` is not a path inside",
            ),
            ("a,g,f,100", "line 2: 4 columns, expected 9"),
        ] {
            let message = refused(line);
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn a_missing_column_is_named() {
        let error = parse(Path::new("m.csv"), Path::new("."), "id,group\na,b\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "m.csv: no column `rows` in the first line: add it"
        );
    }

    #[test]
    fn an_unknown_group_is_answered_with_those_there_are() {
        let text = format!("{HEADER}a,g,f,9,2,4,60,8,\nb,h,f,9,2,4,60,8,\n");
        let entries = parse(Path::new("m.csv"), Path::new("."), &text).unwrap();
        let error = Manifest { entries }.only("x").unwrap_err();
        assert_eq!(
            error.to_string(),
            "no group `x` in manifest.csv: choose one of g, h"
        );
    }
}
