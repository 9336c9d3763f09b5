//! From flags to a situation, and the ways in which the author's commands touch files.

use crate::args::authoring::SituationArgs;
use crate::fail::Failure;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use zizhi_evaluation::sandbox::network;
use zizhi_playbooks::case::Case;
use zizhi_types::FaultKind;
use zizhi_types::topology::Network;

/// The network on which examples are small enough to follow by hand.
const SAMPLE: &str = "sample";

/// `sample`, a built-in network, or a file.
pub fn network_named(name: &str) -> Result<Network, String> {
    if name == SAMPLE {
        return Ok(Case::sample_network());
    }
    network::load(name).map_err(|e| format!("{e}, or `{SAMPLE}`"))
}

/// The situation that the flags describe; `usual` is the fault that is meant when none is named. Where nothing is said to
/// be measured, the usual signs of the fault are.
pub fn case(args: &SituationArgs, usual: Option<FaultKind>) -> Result<Case, Failure> {
    let fault = args
        .fault
        .or(usual)
        .ok_or("no fault is named: write --fault link-lossy, or --from JOURNAL --incident ID")?;
    let network = network_named(&args.network)?;
    let suspect = if let Some(object) = &args.on {
        object.clone()
    } else {
        let kind = fault.object_kind().as_str();
        let like = Case::any_suspect(&network, fault).map_or(String::new(), |o| o.to_string());
        return Err(
            format!("no object is named: write --on {kind}/NAME, for example {like}").into(),
        );
    };
    let mut case = Case::new(network, suspect, fault, args.probability)?;
    for (what, value) in &args.set {
        case.set(what, *value)?;
    }
    if args.set.is_empty() {
        case.assume_usual_signs();
    }
    Ok(case)
}

/// A file's name and text.
pub fn read(file: &Path) -> Result<(String, String), Failure> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|e| format!("cannot read {name}: {e}"))?;
    Ok((name, text))
}

/// Writes a file that is not there yet.
pub fn write_new(file: &Path, text: &str) -> Result<(), Failure> {
    let name = file.display();
    let opened = OpenOptions::new().write(true).create_new(true).open(file);
    let mut opened = opened.map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => {
            format!("{name} exists already: name another file with --output, or remove it")
        }
        _ => format!("cannot write {name}: {e}"),
    })?;
    opened
        .write_all(text.as_bytes())
        .map_err(|e| format!("cannot write {name}: {e}").into())
}

/// The files that are named, and those of folders that are named, in order.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = vec![];
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries =
            std::fs::read_dir(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        let is_yaml = |p: &Path| p.extension().is_some_and(|x| x == "yaml" || x == "yml");
        let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        found.retain(|p| is_yaml(p));
        found.sort();
        files.extend(found);
    }
    Ok(files)
}
