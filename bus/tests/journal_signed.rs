//! A signed journal tells on whoever touches it, even on one who computes every hash anew.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and waits with a deadline"
)]

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zizhi_bus::journal::{
    self, Damage, Files, GENESIS, Journal, KeyError, Keys, Signatures, SigningKey, State, Trust,
    head_path, sig_path,
};
use zizhi_types::{Body, NetTime, Record, RecordId, Stage, Who};

fn record(number: u64) -> Record {
    Record {
        id: RecordId::new("transport", number),
        at: NetTime::from_secs(number),
        who: Who::System,
        domain: Some(zizhi_types::Domain::Transport),
        stage: Stage::Swarm,
        object: None,
        incident: None,
        causes: vec![],
        body: Body::Dropped { messages: number },
    }
}

/// A journal of a swarm's process: its folder, its three files as they were written, and the keys that may sign.
struct Case {
    folder: TempDir,
    path: PathBuf,
    files: [Vec<u8>; 3],
    trust: Trust,
}

/// Three checkpoints: one at each end of the process, and a seal in the last life if `sealed`.
fn case(sealed: bool) -> Case {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("transport.jsonl");
    write(&path, &folder.path().join("keys"), sealed);
    Case {
        files: names(&path).map(|f| std::fs::read(f).unwrap()),
        trust: Trust {
            keys: Keys::read(&folder.path().join("keys")).unwrap(),
            must_be_signed: true,
        },
        folder,
        path,
    }
}

fn write(path: &Path, keys: &Path, sealed: bool) {
    for life in 0..3 {
        let key = SigningKey::load_or_create(keys, "transport").unwrap();
        let (journal, _) = Journal::create_or_open(path).unwrap();
        let journal = journal.signed(key).unwrap();
        for n in 1..=3 {
            journal.append(record(life * 3 + n)).unwrap();
        }
        if sealed && life == 2 {
            journal.seal(NetTime(99)).unwrap();
        }
    }
}

fn names(path: &Path) -> [PathBuf; 3] {
    [path.to_owned(), head_path(path), sig_path(path)]
}

impl Case {
    fn restore(&self) {
        for (name, bytes) in names(&self.path).iter().zip(&self.files) {
            std::fs::write(name, bytes).unwrap();
        }
    }

    fn damage(&self) -> Option<Damage> {
        journal::audit_by(&self.path, &self.trust).unwrap().damage
    }

    /// Every change that `change` makes of one file is found.
    fn all_found(&self, file: usize, changes: impl IntoIterator<Item = (String, Vec<u8>)>) -> u32 {
        let mut tried = 0;
        for (what, bytes) in changes {
            let mut files = self.files.clone();
            files[file] = bytes;
            let [journal, head, signatures] = files;
            let files = Files {
                journal: &journal,
                head: Some(head),
                signatures: Some(signatures),
            };
            let damage = files.audit(&self.trust).damage;
            assert!(damage.is_some(), "file {file}, {what}");
            tried += 1;
        }
        tried
    }

    fn lines(&self, file: usize) -> Vec<Vec<u8>> {
        let lines = self.files[file].split_inclusive(|b| *b == b'\n');
        lines.map(<[u8]>::to_vec).collect()
    }
}

fn flips(bytes: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    (0..bytes.len()).flat_map(|at| {
        [1, 32, 128].map(|bit| {
            let mut bad = bytes.to_vec();
            bad[at] ^= bit;
            (format!("byte {at} ^ {bit}"), bad)
        })
    })
}

/// Each line dropped, written twice, swapped with each other, and put at each other place.
fn reorders(lines: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    let mut all = vec![];
    for a in 0..lines.len() {
        let mut dropped = lines.to_vec();
        let line = dropped.remove(a);
        all.push((format!("line {a} dropped"), dropped.concat()));
        for b in 0..=lines.len() {
            let mut twice = lines.to_vec();
            twice.insert(b, line.clone());
            all.push((format!("line {a} again at {b}"), twice.concat()));
        }
        for b in (0..lines.len()).filter(|b| *b != a) {
            let mut swapped = lines.to_vec();
            swapped.swap(a, b);
            all.push((format!("lines {a} and {b} swapped"), swapped.concat()));
            let mut moved = dropped.clone();
            moved.insert(b, line.clone());
            all.push((format!("line {a} moved to {b}"), moved.concat()));
        }
    }
    all
}

/// The file cut after every byte.
fn cuts(bytes: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    (0..bytes.len()).map(|at| (format!("cut to {at} bytes"), bytes[..at].to_vec()))
}

#[test]
fn an_untouched_journal_is_verified_and_says_by_whose_key() {
    for sealed in [true, false] {
        let case = case(sealed);
        let audit = journal::audit_by(&case.path, &case.trust).unwrap();
        assert_eq!(audit.damage, None);
        let entries = 9 + u64::from(sealed);
        let all = Signatures::Verified {
            checkpoints: 3,
            up_to: entries,
            by: vec!["transport".to_owned()],
        };
        assert_eq!((audit.entries, audit.signatures), (entries, all));
        let unknown = journal::audit(&case.path).unwrap();
        assert_eq!(unknown.signatures, Signatures::Unchecked { checkpoints: 3 });
    }
}

#[test]
fn every_flipped_byte_line_out_of_place_and_cut_of_any_of_the_three_files_is_found() {
    let mut tried = 0;
    for sealed in [true, false] {
        let case = case(sealed);
        assert_eq!(case.damage(), None);
        for file in 0..3 {
            tried += case.all_found(file, flips(&case.files[file]));
        }
        tried += case.all_found(0, reorders(&case.lines(0)));
        tried += case.all_found(0, cuts(&case.files[0]));
        tried += case.all_found(1, cuts(&case.files[1]));
        if sealed {
            tried += case.all_found(2, reorders(&case.lines(2)));
            tried += case.all_found(2, cuts(&case.files[2]));
        }
    }
    println!("{tried} changes tried, all found");
}

/// The journal's lines with a chain computed anew, and the head file that belongs to it.
fn rechained(records: &[String]) -> (Vec<u8>, String) {
    let (mut journal, mut prev) = (vec![], GENESIS.to_owned());
    for (position, record) in (1u64..).zip(records) {
        let mut hasher = Sha256::new();
        hasher.update(position.to_le_bytes());
        hasher.update(prev.as_bytes());
        hasher.update(record.as_bytes());
        let mut hash = String::new();
        for byte in hasher.finalize() {
            write!(hash, "{byte:02x}").unwrap();
        }
        let line = format!(
            "{{\"position\":{position},\"prev\":\"{prev}\",\"hash\":\"{hash}\",\"record\":{record}}}\n"
        );
        journal.extend(line.as_bytes());
        prev = hash;
    }
    (journal, prev)
}

fn records(case: &Case) -> Vec<String> {
    let texts = journal::read(&case.path).unwrap();
    let texts = texts
        .iter()
        .map(|e| serde_json::to_string(&e.record).unwrap());
    texts.collect()
}

/// Puts a journal in place that is whole in itself, with a head file that agrees.
fn plant(case: &Case, records: &[String]) {
    let (bytes, hash) = rechained(records);
    let key = std::str::from_utf8(&case.files[1]).unwrap();
    let key = &key[key.find(",\"key\"").unwrap()..];
    let position = records.len();
    let head = format!("{{\"position\":{position},\"hash\":\"{hash}\"{key}");
    std::fs::write(&case.path, bytes).unwrap();
    std::fs::write(head_path(&case.path), head).unwrap();
}

#[test]
fn whoever_computes_the_chain_anew_is_found_by_the_signatures() {
    for sealed in [true, false] {
        let case = case(sealed);
        let good = records(&case);
        plant(&case, &good);
        assert_eq!(case.damage(), None, "planting itself must go unnoticed");
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at] =
                changed[at].replacen("\"by\":\"system\"", "\"by\":\"human\",\"name\":\"x\"", 1);
            plant(&case, &changed);
            assert!(
                matches!(case.damage(), Some(Damage::Rewritten { .. })),
                "{at}"
            );
            let mut dropped = good.clone();
            dropped.remove(at);
            plant(&case, &dropped);
            assert!(case.damage().is_some(), "line {at} dropped");
            let mut inserted = good.clone();
            inserted.insert(at, serde_json::to_string(&record(77)).unwrap());
            plant(&case, &inserted);
            assert!(case.damage().is_some(), "line inserted before {at}");
            plant(&case, &good[..at]);
            assert!(case.damage().is_some(), "cut before {at}");
        }
    }
}

#[test]
fn a_foreign_key_a_forged_signature_and_removed_files_are_each_told_by_name() {
    let case = case(true);
    let [_, head, sig] = names(&case.path);

    let id = |bytes: &[u8]| {
        let head: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        head["key"].as_str().unwrap().to_owned()
    };
    // Written and signed by somebody else.
    let other = tempfile::tempdir().unwrap();
    let theirs = other.path().join("transport.jsonl");
    write(&theirs, &other.path().join("keys"), true);
    for (from, to) in names(&theirs).iter().zip(names(&case.path)) {
        std::fs::copy(from, to).unwrap();
    }
    assert_eq!(case.damage(), Some(Damage::BadHead));
    let (known, foreign) = (id(&case.files[1]), id(&std::fs::read(&head).unwrap()));
    let text = std::fs::read_to_string(&head).unwrap();
    std::fs::write(&head, text.replace(&foreign, &known)).unwrap();
    assert!(matches!(
        case.damage(),
        Some(Damage::ForeignKey { at: 1, .. })
    ));
    // The same under the name of the key that is known.
    let forged = std::fs::read_to_string(&sig).unwrap();
    let first = forged.lines().next().unwrap();
    std::fs::write(&sig, first.replace(&foreign, &known) + "\n").unwrap();
    assert_eq!(case.damage(), Some(Damage::BadSignature { at: 1 }));

    case.restore();
    std::fs::remove_file(&sig).unwrap();
    assert!(matches!(case.damage(), Some(Damage::NoSignatures { .. })));
    // Its head file says that it was signed, so it is missed without any key too.
    let keyless = journal::audit(&case.path).unwrap().damage;
    assert!(matches!(keyless, Some(Damage::NoSignatures { .. })));
    std::fs::remove_file(&head).unwrap();
    assert!(matches!(case.damage(), Some(Damage::NoSignatures { .. })));
    case.restore();
    std::fs::remove_file(&head).unwrap();
    assert!(matches!(case.damage(), Some(Damage::NoHead { .. })));
    case.restore();
    std::fs::write(&sig, "").unwrap();
    assert!(matches!(case.damage(), Some(Damage::SealUnsigned { .. })));
}

#[test]
fn an_unsigned_journal_is_whole_unless_signatures_are_asked_for() {
    let case = case(true);
    let path = case.folder.path().join("plain.jsonl");
    let journal = Journal::create(&path).unwrap();
    journal.seal(NetTime(0)).unwrap();
    let audit = journal::audit(&path).unwrap();
    assert_eq!(
        (audit.state, audit.signatures),
        (Some(State::Sealed), Signatures::None)
    );
    let asked = journal::audit_by(&path, &case.trust).unwrap().damage;
    assert_eq!(asked, Some(Damage::NoSignatures { at: 1 }));
}

#[test]
fn a_checkpoint_comes_at_the_latest_after_a_thousand_records_or_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("busy.jsonl");
    let key = SigningKey::load_or_create(&folder.path().join("keys"), "busy").unwrap();
    let journal = Journal::create(&path).unwrap().signed(key).unwrap();
    let checkpoints = || {
        std::fs::read_to_string(sig_path(&path))
            .unwrap()
            .lines()
            .count()
    };
    for n in 1..=2500 {
        journal.append(record(n)).unwrap();
        if n % 100 == 0 {
            journal.sync().unwrap();
        }
    }
    assert!(checkpoints() >= 2);
    let before = checkpoints();
    journal.append(record(2501)).unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while checkpoints() == before {
        assert!(std::time::Instant::now() < until, "nobody signed it");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a_torn_checkpoint_is_replaced_when_the_journal_goes_on() {
    let case = case(false);
    let cut = case.files[2].len() - 20;
    std::fs::write(sig_path(&case.path), &case.files[2][..cut]).unwrap();
    assert_eq!(case.damage(), Some(Damage::BadCheckpoint { at: 3 }));
    let key = SigningKey::load_or_create(&case.folder.path().join("keys"), "transport").unwrap();
    let (journal, found) = Journal::open(&case.path).unwrap();
    assert_eq!((found.entries, found.torn), (9, None));
    drop(journal.signed(key).unwrap());
    assert_eq!(case.damage(), None);
}

#[test]
fn a_secret_that_others_can_read_is_refused_and_a_changed_public_key_too() {
    let folder = tempfile::tempdir().unwrap();
    let made = SigningKey::load_or_create(folder.path(), "access").unwrap();
    let again = SigningKey::load_or_create(folder.path(), "access").unwrap();
    assert_eq!(made.id(), again.id());
    let secret = folder.path().join("access.key");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&secret), 0o600);
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o640)).unwrap();
    let error = SigningKey::load_or_create(folder.path(), "access").unwrap_err();
    assert!(error.to_string().contains("chmod 600"), "{error}");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    SigningKey::load_or_create(folder.path(), "other").unwrap();
    std::fs::copy(
        folder.path().join("other.pub"),
        folder.path().join("access.pub"),
    )
    .unwrap();
    let error = SigningKey::load_or_create(folder.path(), "access").unwrap_err();
    assert!(matches!(error, KeyError::Mismatch { .. }), "{error}");
    std::fs::write(&secret, "short").unwrap();
    let error = SigningKey::load_or_create(folder.path(), "access").unwrap_err();
    assert!(matches!(error, KeyError::Malformed { .. }), "{error}");
    let error = SigningKey::load_or_create(folder.path(), "../access").unwrap_err();
    assert!(matches!(error, KeyError::BadName(_)), "{error}");
    assert!(
        !format!("{made:?}").contains("SigningKey {"),
        "no secret is printed"
    );
}
