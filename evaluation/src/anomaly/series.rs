//! The rows of one series, one after the other.
//!
//! In: a CSV file, packed with gzip if its name ends in `.gz`: `timestamp`, the channels, `label`. Out: rows; at the end
//! the SHA-256 of the unpacked text. One row is held at a time.

use super::error::{AnomalyError, shown};
use super::manifest::Entry;
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// One row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Whole seconds.
    pub at_s: u64,
    /// One number per channel.
    pub values: Vec<f64>,
    /// It lies inside a labelled anomaly.
    pub anomalous: bool,
}

/// A file that is being read.
pub struct SeriesReader {
    reader: csv::Reader<Hashed>,
    columns: csv::StringRecord,
    record: csv::StringRecord,
    file: String,
    read: usize,
    wanted: usize,
}

/// Unpacked bytes on their way, and their hash so far.
struct Hashed {
    bytes: Box<dyn Read + Send>,
    hash: Sha256,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.bytes.read(buffer)?;
        self.hash.update(buffer.get(..length).unwrap_or_default());
        Ok(length)
    }
}

impl SeriesReader {
    /// Opens the file of a series and checks its first line.
    pub fn open(entry: &Entry) -> Result<Self, AnomalyError> {
        let file = entry.path.display().to_string();
        let packed = File::open(&entry.path).map_err(|source| AnomalyError::Read {
            path: entry.path.clone(),
            source,
        })?;
        let packed = BufReader::new(packed);
        let bytes: Box<dyn Read + Send> = if is_packed(&entry.path) {
            Box::new(MultiGzDecoder::new(packed))
        } else {
            Box::new(packed)
        };
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(Hashed {
                bytes,
                hash: Sha256::new(),
            });
        let columns = reader
            .headers()
            .map_err(|source| AnomalyError::Csv {
                file: file.clone(),
                source,
            })?
            .clone();
        check_columns(&file, &columns, entry.channels)?;
        Ok(Self {
            reader,
            columns,
            record: csv::StringRecord::new(),
            file,
            read: 0,
            wanted: entry.rows,
        })
    }

    /// The names of the channels.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        let last = self.columns.len().saturating_sub(2);
        self.columns.iter().skip(1).take(last)
    }

    /// Reads the next row into `row`; answers whether there was one.
    pub fn next_row(&mut self, row: &mut Row) -> Result<bool, AnomalyError> {
        let more = self
            .reader
            .read_record(&mut self.record)
            .map_err(|source| AnomalyError::Csv {
                file: self.file.clone(),
                source,
            })?;
        if !more {
            self.check_rows()?;
            return Ok(false);
        }
        self.read += 1;
        if self.read > self.wanted {
            self.check_rows()?;
        }
        self.parse(row)?;
        Ok(true)
    }

    /// The SHA-256 of what was read, in hexadecimal digits; of the whole file once no row is left.
    pub fn sha256(self) -> String {
        let hash = self.reader.into_inner().hash.finalize();
        hash.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn check_rows(&self) -> Result<(), AnomalyError> {
        if self.read == self.wanted {
            return Ok(());
        }
        Err(AnomalyError::Rows {
            file: self.file.clone(),
            found: self.read,
            wanted: self.wanted,
        })
    }

    fn parse(&self, row: &mut Row) -> Result<(), AnomalyError> {
        if self.record.len() != self.columns.len() {
            return Err(AnomalyError::Width {
                file: self.file.clone(),
                line: self.line(),
                found: self.record.len(),
                wanted: self.columns.len(),
            });
        }
        let last = self.record.len() - 1;
        row.values.clear();
        for (column, cell) in self.record.iter().enumerate() {
            if column == 0 {
                row.at_s =
                    self.cell(column, cell, "a whole number of seconds, 0 or more", |t| {
                        t.parse().ok()
                    })?;
            } else if column == last {
                row.anomalous = self.cell(column, cell, "0 or 1", label)?;
            } else {
                let number = |t: &str| t.parse().ok().filter(|v: &f64| v.is_finite());
                row.values
                    .push(self.cell(column, cell, "a number", number)?);
            }
        }
        Ok(())
    }

    fn cell<T>(
        &self,
        column: usize,
        cell: &str,
        wanted: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, AnomalyError> {
        parse(cell.trim()).ok_or_else(|| AnomalyError::Cell {
            file: self.file.clone(),
            line: self.line(),
            column: self.columns.get(column).unwrap_or_default().to_owned(),
            value: shown(cell),
            wanted,
        })
    }

    fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }
}

fn is_packed(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("gz"))
}

fn label(cell: &str) -> Option<bool> {
    match cell {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

fn check_columns(
    file: &str,
    columns: &csv::StringRecord,
    channels: usize,
) -> Result<(), AnomalyError> {
    let ends = [(0, "timestamp"), (columns.len().saturating_sub(1), "label")];
    for (place, name) in ends {
        if columns.get(place) != Some(name) {
            return Err(AnomalyError::Column {
                file: file.to_owned(),
                column: name.to_owned(),
            });
        }
    }
    if columns.len() == channels + 2 {
        return Ok(());
    }
    Err(AnomalyError::Width {
        file: file.to_owned(),
        line: 1,
        found: columns.len(),
        wanted: channels + 2,
    })
}
