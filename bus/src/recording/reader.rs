//! Reading a recording: line by line, bounded, and told where it ends early.

use super::{Header, Item, RecordingError, VERSION, segment_path};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// Longest line, in bytes: an inventory of a large network; whoever sends more sends no recording.
const LINE_BYTES: u64 = 64 << 20;

/// A recording that is being read.
pub struct Reader {
    path: PathBuf,
    header: Header,
    lines: Box<dyn BufRead + Send>,
    line: u64,
    segment: u32,
    cut_off: bool,
}

impl Reader {
    /// Opens a recording by its first segment, or the oldest that is left of it if that was dropped.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let oldest = oldest_segment(path);
        let (lines, mut header) = begin(&segment_path(path, oldest))?;
        // More may have been dropped since its header was written: all before the oldest that is left.
        header.dropped_segments = header
            .dropped_segments
            .max(header.segment.saturating_sub(1));
        Ok(Self {
            path: path.to_owned(),
            segment: oldest,
            header,
            lines,
            line: 1,
            cut_off: false,
        })
    }

    /// How it began.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Whether the file ends in the middle of something, as its process was killed. Known once everything was read.
    pub const fn is_cut_off(&self) -> bool {
        self.cut_off
    }

    /// The next item; `None` at the end.
    pub fn next_item(&mut self) -> Result<Option<Item>, RecordingError> {
        loop {
            let Some(line) = self.next_line()? else {
                if self.next_segment()? {
                    continue;
                }
                return Ok(None);
            };
            let item: Item = serde_json::from_str(&line).map_err(|e| self.unreadable(&e))?;
            // What is repeated is news only to a reader whose first segment this is.
            let known = self.line_is_known(&item);
            if !known {
                return Ok(Some(item));
            }
        }
    }

    fn line_is_known(&self, item: &Item) -> bool {
        matches!(item, Item::Message { again: true, .. }) && self.segment != self.header.segment
    }

    /// Everything up to and with the next settled state, or the end; empty once nothing is left.
    pub fn next_batch(&mut self) -> Result<Vec<Item>, RecordingError> {
        let mut batch = vec![];
        while let Some(item) = self.next_item()? {
            let over = matches!(item, Item::Settled | Item::End { .. });
            batch.push(item);
            if over {
                break;
            }
        }
        Ok(batch)
    }

    fn next_line(&mut self) -> Result<Option<String>, RecordingError> {
        let mut line = String::new();
        let mut limited = (&mut self.lines).take(LINE_BYTES);
        match limited.read_line(&mut line) {
            Ok(0) => Ok(None),
            Ok(_) if line.ends_with('\n') => {
                self.line += 1;
                Ok(Some(line))
            }
            Ok(n) if n as u64 == LINE_BYTES => Err(self.unreadable(&"it is too long")),
            Err(e) if e.kind() != io::ErrorKind::UnexpectedEof => Err(RecordingError::file(
                &segment_path(&self.path, self.segment),
                e,
            )),
            // A killed process leaves its last gzip member incomplete.
            Ok(_) | Err(_) => {
                self.cut_off = true;
                Ok(None)
            }
        }
    }

    fn next_segment(&mut self) -> Result<bool, RecordingError> {
        let next = segment_path(&self.path, self.segment + 1);
        if self.cut_off || !next.exists() {
            return Ok(false);
        }
        (self.lines, _) = begin(&next)?;
        self.segment += 1;
        self.line = 1;
        Ok(true)
    }

    fn unreadable(&self, reason: &dyn std::fmt::Display) -> RecordingError {
        RecordingError::Unreadable {
            path: segment_path(&self.path, self.segment),
            line: self.line,
            reason: reason.to_string(),
        }
    }
}

/// The first segment, if it is there; else the lowest number that is.
fn oldest_segment(path: &Path) -> u32 {
    if path.exists() {
        return 1;
    }
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let number = |file: &Path| {
        let name = file.file_stem()?.to_str()?;
        let number = name.strip_prefix(&*stem)?.strip_prefix('.')?;
        number.parse::<u32>().ok()
    };
    let beside = std::fs::read_dir(folder.unwrap_or(Path::new(".")));
    let beside = beside.into_iter().flatten().flatten().map(|f| f.path());
    let same = beside.filter(|f| f.extension() == path.extension());
    same.filter_map(|f| number(&f)).min().unwrap_or(1)
}

fn begin(path: &Path) -> Result<(Box<dyn BufRead + Send>, Header), RecordingError> {
    let file = File::open(path).map_err(|e| RecordingError::file(path, e))?;
    let mut lines = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
    let unreadable = |reason: String| RecordingError::Unreadable {
        path: path.to_owned(),
        line: 1,
        reason,
    };
    let mut first = String::new();
    let read = (&mut lines).take(LINE_BYTES).read_line(&mut first);
    read.map_err(|e| unreadable(format!("no header: {e}")))?;
    let header: Header =
        serde_json::from_str(&first).map_err(|e| unreadable(format!("no header: {e}")))?;
    if header.zizhi_recording != VERSION {
        let found = header.zizhi_recording;
        return Err(unreadable(format!(
            "it has version {found}, this program reads version {VERSION}"
        )));
    }
    Ok((Box::new(lines), header))
}
