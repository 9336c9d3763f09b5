//! The messages under `tests/fixtures/<format>/`, each with what its transport would know.
//!
//! `name.meta.json` beside `name.ext` has `subject`, `content_type` and `headers`, where there is something to know.
//! `name.hex` holds the bytes as hexadecimal digits, of the message before its compression where `meta` has `snappy`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zizhi_bus::decode::{Format, Raw};
use zizhi_types::NetTime;

/// When every fixture was received: 2026-11-20T08:00:05Z.
pub const RECEIVED: NetTime = NetTime(1_795_161_605_000);

/// What the transport of a fixture knows.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Meta {
    subject: String,
    content_type: String,
    headers: BTreeMap<String, String>,
    snappy: bool,
}

/// A message of a known format.
pub struct Fixture {
    pub path: PathBuf,
    pub format: Format,
    /// The message as it was before any compression.
    pub plain: Vec<u8>,
    /// The message as it travels.
    pub payload: Vec<u8>,
    meta: Meta,
}

impl Fixture {
    fn read(path: PathBuf, format: Format) -> Self {
        let bytes = std::fs::read(&path).unwrap();
        let plain = if path.extension().is_some_and(|e| e == "hex") {
            unhex(&String::from_utf8(bytes).unwrap())
        } else {
            bytes
        };
        let meta = std::fs::read_to_string(path.with_extension("meta.json"))
            .map(|text| serde_json::from_str(&text).unwrap())
            .unwrap_or_default();
        let mut fixture = Self {
            path,
            format,
            plain,
            payload: vec![],
            meta,
        };
        fixture.payload = fixture.packed(&fixture.plain);
        fixture
    }

    /// The bytes as they travel on this transport.
    pub fn packed(&self, plain: &[u8]) -> Vec<u8> {
        if self.meta.snappy {
            snap::raw::Encoder::new().compress_vec(plain).unwrap()
        } else {
            plain.to_owned()
        }
    }

    /// Other bytes on the same transport.
    pub fn raw<'a>(&'a self, payload: &'a [u8]) -> Raw<'a> {
        Raw {
            payload,
            subject: &self.meta.subject,
            content_type: &self.meta.content_type,
            headers: &self.meta.headers,
            received: RECEIVED,
        }
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|c| c.to_digit(16))
        .map(|d| u8::try_from(d).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// Every fixture, by path.
pub fn all() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found = vec![];
    for folder in std::fs::read_dir(root).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap();
        let Ok(format) = name.parse::<Format>() else {
            continue;
        };
        for file in std::fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            let name = path.to_string_lossy();
            if ["meta.json", "expected.jsonl", "mapped.jsonl"]
                .iter()
                .all(|end| !name.ends_with(end))
            {
                found.push(Fixture::read(path, format));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}
