//! Writing a recording: a bounded queue, and one thread that packs and writes.

use super::{Header, Item, RecordingError, segment_path};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

/// Largest size of all segments together, in bytes, unless told otherwise.
pub const SIZE_LIMIT: u64 = 256 << 20;

/// Items that may wait for the disk before who records waits.
const QUEUE: usize = 1024;

/// The limit is spread over so many segments; the oldest is dropped to make room.
const SEGMENTS: u64 = 4;

/// Plain bytes of one gzip member: what a killed process loses at most, and what a reader must hold.
const MEMBER_BYTES: u64 = 1 << 20;

/// What became of a recording.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Messages, answers and marks.
    pub items: u64,
    /// Bytes on disk, dropped segments included.
    pub bytes: u64,
    /// Segments.
    pub segments: u32,
    /// Oldest segments that were dropped.
    pub dropped_segments: u32,
}

/// Takes items and writes them in their order. Shared by who publishes and who drives.
#[derive(Debug)]
pub struct Recorder {
    queue: Mutex<Option<SyncSender<Item>>>,
    thread: Mutex<Option<JoinHandle<Result<Written, RecordingError>>>>,
}

impl Recorder {
    /// Begins a recording of at most `limit` bytes. An existing file is refused.
    pub fn create(path: &Path, header: Header, limit: u64) -> Result<Self, RecordingError> {
        let mut segments = Segments::begin(path, header, limit)?;
        let (queue, items) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("recording".to_owned())
            .spawn(move || segments.write_all(&items))
            .map_err(|e| RecordingError::file(path, e))?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Adds an item after all that were added before; waits while the queue is full. After a failed write nothing is
    /// added any more, which [`Recorder::finish`] tells.
    pub fn add(&self, item: Item) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = &*queue {
            let _ = queue.send(item);
        }
    }

    /// Ends the recording, and tells whether it is whole.
    pub fn finish(&self) -> Result<Written, RecordingError> {
        drop(
            self.queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let ended = |why: &str| Err(RecordingError::Ended(why.to_owned()));
        match thread.map(JoinHandle::join) {
            Some(Ok(written)) => written,
            Some(Err(_)) => ended("its writer died"),
            None => ended("it was finished before"),
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Whoever cared has finished it already.
        let _ = self.finish();
    }
}

/// The writer's side.
struct Segments {
    path: PathBuf,
    header: Header,
    segment_bytes: u64,
    /// Sizes of the segments that are there, oldest first.
    sizes: Vec<u64>,
    open: Packed,
    /// Without its inventory no segment can be understood: the newest of each subject.
    inventories: BTreeMap<String, Item>,
    written: Written,
}

impl Segments {
    fn begin(path: &Path, header: Header, limit: u64) -> Result<Self, RecordingError> {
        let mut this = Self {
            open: Packed::create(path)?,
            path: path.to_owned(),
            header,
            segment_bytes: (limit / SEGMENTS).max(1),
            sizes: vec![],
            inventories: BTreeMap::new(),
            written: Written {
                segments: 1,
                ..Written::default()
            },
        };
        this.put_header()
            .map_err(|e| RecordingError::file(path, e))?;
        Ok(this)
    }

    fn put_header(&mut self) -> io::Result<()> {
        self.header.segment = self.written.segments;
        self.header.dropped_segments = self.written.dropped_segments;
        self.open.put(&serde_json::to_string(&self.header)?)?;
        for item in self.inventories.values() {
            self.open.put(&serde_json::to_string(item)?)?;
        }
        Ok(())
    }

    fn write_all(&mut self, items: &Receiver<Item>) -> Result<Written, RecordingError> {
        for item in items {
            self.write(item)?;
        }
        let failed = |e| RecordingError::file(&self.path, e);
        self.open.close().map_err(failed)?;
        self.written.bytes += self.open.bytes;
        Ok(self.written)
    }

    fn write(&mut self, item: Item) -> Result<(), RecordingError> {
        let text = serde_json::to_string(&item).map_err(io::Error::from);
        let put = text.and_then(|text| self.open.put(&text));
        put.map_err(|e| RecordingError::file(&self.path, e))?;
        self.written.items += 1;
        // Only between two settled states, so that a segment is a story from its first line.
        let rotate = item == Item::Settled && self.open.bytes >= self.segment_bytes;
        self.remember(item);
        if rotate { self.rotate() } else { Ok(()) }
    }

    fn remember(&mut self, item: Item) {
        if let Item::Message { subject, .. } = &item
            && subject.ends_with(".obs.inventory")
        {
            let subject = subject.clone();
            let mut item = item;
            if let Item::Message { again, .. } = &mut item {
                *again = true;
            }
            self.inventories.insert(subject, item);
        }
    }

    /// Closes the segment, drops the oldest if there are too many, and begins the next.
    fn rotate(&mut self) -> Result<(), RecordingError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |e| RecordingError::file(&path, e)
        };
        self.open.close().map_err(failed(&self.path))?;
        self.written.bytes += self.open.bytes;
        self.sizes.push(self.open.bytes);
        if self.sizes.len() as u64 >= SEGMENTS {
            self.sizes.remove(0);
            self.written.dropped_segments += 1;
            let oldest = segment_path(&self.path, self.written.dropped_segments);
            std::fs::remove_file(&oldest).map_err(failed(&oldest))?;
            tracing::warn!(segment = %oldest.display(), "recording too large: oldest segment dropped");
        }
        self.written.segments += 1;
        let next = segment_path(&self.path, self.written.segments);
        self.open = Packed::create(&next)?;
        self.put_header().map_err(failed(&next))
    }
}

/// One segment's file: gzip members one after the other, so that all but the last survive a killed process.
struct Packed {
    member: GzEncoder<Vec<u8>>,
    plain: u64,
    file: File,
    bytes: u64,
}

impl Packed {
    fn create(path: &Path) -> Result<Self, RecordingError> {
        let file = File::create_new(path).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => RecordingError::Exists {
                path: path.to_owned(),
            },
            _ => RecordingError::file(path, e),
        })?;
        Ok(Self {
            member: fresh(),
            plain: 0,
            file,
            bytes: 0,
        })
    }

    fn put(&mut self, line: &str) -> io::Result<()> {
        self.member.write_all(line.as_bytes())?;
        self.member.write_all(b"\n")?;
        self.plain += line.len() as u64 + 1;
        if self.plain >= MEMBER_BYTES {
            self.close()?;
        }
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        if self.plain == 0 {
            return Ok(());
        }
        let packed = std::mem::replace(&mut self.member, fresh()).finish()?;
        self.plain = 0;
        self.bytes += packed.len() as u64;
        self.file.write_all(&packed)
    }
}

fn fresh() -> GzEncoder<Vec<u8>> {
    // Telemetry packs well at any level; the fastest costs least beside a running swarm.
    GzEncoder::new(vec![], Compression::fast())
}
