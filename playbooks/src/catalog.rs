//! All playbooks that may be used.
//!
//! In: a folder of `.yaml` files, or the shipped ones. Out: checked playbooks in the order of their ids, or every
//! problem of every file. Nothing starts half: one bad file keeps the whole catalogue from loading.

use crate::check::fights;
use crate::compile::compile;
use crate::parse::parse;
use crate::playbook::Playbook;
use crate::problem::{Code, Place, Problem};
use crate::traps;
use std::collections::BTreeMap;
use std::path::Path;
use zizhi_types::plan::Mode;

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../catalog/", $name)))),*]
    };
}

/// The shipped playbooks: file name and text.
const SHIPPED: &[(&str, &str)] = shipped![
    "access.cell.lock-out.yaml",
    "access.cell.reset-locked.yaml",
    "access.cell.restart.yaml",
    "access.cell.shield-neighbour.yaml",
    "access.router.lock-stranded.yaml",
    "compute.instance.migrate.yaml",
    "compute.instance.reinforce.yaml",
    "compute.instance.replace.yaml",
    "compute.instance.reschedule.yaml",
    "compute.instance.restart-slow.yaml",
    "compute.instance.restart.yaml",
    "compute.site.scale-out.yaml",
    "compute.site.set-replicas.yaml",
    "service.gateway.refresh-policy.yaml",
    "service.instance.bypass.yaml",
    "service.instance.ease.yaml",
    "service.instance.recompute.yaml",
    "service.instance.steer-away.yaml",
    "service.link.steer-around.yaml",
    "service.site.shed-load.yaml",
    "service.surge.steer-around.yaml",
    "transport.link-down.reset.yaml",
    "transport.link.drain-reset.yaml",
    "transport.link.drain.yaml",
    "transport.link.ease.yaml",
    "transport.link.reset.yaml",
    "transport.link.restore-cost.yaml",
    "transport.link.restore-rate.yaml",
    "transport.router.drain.yaml",
    "transport.router.restart.yaml",
    "transport.surge.shift.yaml",
];

/// The shipped playbook files: name and text, in the order of their names.
pub const fn shipped() -> &'static [(&'static str, &'static str)] {
    SHIPPED
}

/// Checked playbooks.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    playbooks: Vec<Playbook>,
    warnings: Vec<Problem>,
}

/// Why there is no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A folder or file could not be read.
    #[error("cannot read playbooks at {path}: check that it exists and may be read")]
    Unreadable {
        /// Where.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder has no playbook.
    #[error("no playbook at {0}: put at least one .yaml file there")]
    Empty(String),
    /// Some files have errors; all problems of all files are listed, warnings included.
    #[error("{}", lines(.0))]
    Refused(Vec<Problem>),
}

fn lines(problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|p| p.is_error()).count();
    let count = if errors == 1 {
        "one error keeps".to_owned()
    } else {
        format!("{errors} errors keep")
    };
    let head = format!("{count} the playbooks from loading");
    let lines = problems.iter().map(ToString::to_string);
    std::iter::once(head)
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

impl Catalog {
    /// The shipped playbooks.
    pub fn builtin() -> Result<Self, CatalogError> {
        Self::from_texts(SHIPPED.iter().copied())
    }

    /// Every `.yaml` file of a folder, not of folders below it.
    pub fn load_dir(path: &Path) -> Result<Self, CatalogError> {
        let texts = read_dir(path)?;
        if texts.is_empty() {
            return Err(CatalogError::Empty(path.display().to_string()));
        }
        Self::from_texts(texts.iter().map(|(f, t)| (f.as_str(), t.as_str())))
    }

    /// Files by name and text.
    pub fn from_texts<'t>(
        files: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Self, CatalogError> {
        let (playbooks, problems) = lint_all(files);
        if problems.iter().any(Problem::is_error) {
            return Err(CatalogError::Refused(problems));
        }
        Ok(Self {
            playbooks,
            warnings: problems,
        })
    }

    /// The same playbooks with the modes that are in force for them; a plan has the mode of its playbook.
    #[must_use]
    pub fn with_modes(mut self, mode_of: impl Fn(&Playbook) -> Mode) -> Self {
        for playbook in &mut self.playbooks {
            playbook.mode = mode_of(playbook);
        }
        self
    }

    /// The playbooks, by id.
    pub fn playbooks(&self) -> &[Playbook] {
        &self.playbooks
    }

    /// What a reviewer should look at.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// By id (`transport.link.drain`), or by id and version as plans name it (`transport.link.drain@1.0.0`). A variant
    /// (`transport.surge.shift~1.5`) belongs to its playbook.
    pub fn get(&self, name: &str) -> Option<&Playbook> {
        let (named, version) = match name.split_once('@') {
            Some((named, version)) => (named, Some(version)),
            None => (name, None),
        };
        let id = named.split('~').next().unwrap_or(named);
        let fits = |p: &&Playbook| p.id == id && version.is_none_or(|v| v == p.version);
        self.playbooks.iter().find(fits)
    }
}

/// What is said of a block that is not there is not worth saying beside "nothing stands in it".
const FOLLOWS_FROM_EMPTY: [Code; 6] = [
    Code::MissingField,
    Code::MissingWith,
    Code::NoVerify,
    Code::NoBlastRadius,
    Code::NoSteps,
    Code::BadTest,
];

/// Reads and checks one playbook by itself.
pub fn lint(file: &str, text: &str) -> (Option<Playbook>, Vec<Problem>) {
    let traps = traps::find(file, text);
    match parse(file, text) {
        // What YAML made of a trap is not worth a second message.
        Err(_) if !traps.is_empty() => (None, traps),
        Err(problem) => (None, vec![problem]),
        Ok(read) => {
            let (playbook, mut problems) = compile(file, text, &read);
            let unused = |p: &Problem| p.code == Code::UnusedParam && !traps.is_empty();
            let told = |p: &Problem| traps.iter().any(|t| t.place.line == p.place.line);
            let empty = traps.iter().any(|t| t.code == Code::EmptyField);
            let follows = |p: &Problem| empty && FOLLOWS_FROM_EMPTY.contains(&p.code);
            problems.retain(|p| !told(p) && !unused(p) && !follows(p));
            problems.extend(traps);
            problems.sort_by_key(|p| p.place);
            (playbook, problems)
        }
    }
}

/// Reads and checks playbooks that are loaded together: each by itself, then what they are to each other.
///
/// The playbooks come in the order of their ids, the problems in the order of the files and then of the pairs.
pub fn lint_all<'t>(
    files: impl IntoIterator<Item = (&'t str, &'t str)>,
) -> (Vec<Playbook>, Vec<Problem>) {
    let mut playbooks = vec![];
    let mut problems = vec![];
    for (file, text) in files {
        let (playbook, found) = lint(file, text);
        playbooks.extend(playbook);
        problems.extend(found);
    }
    playbooks.sort_by(|a, b| (&a.id, &a.file).cmp(&(&b.id, &b.file)));
    problems.extend(twins(&playbooks));
    problems.extend(fights(&playbooks));
    (playbooks, problems)
}

fn twins(playbooks: &[Playbook]) -> Vec<Problem> {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    let mut found = vec![];
    for playbook in playbooks {
        if let Some(other) = first.insert(&playbook.id, &playbook.file) {
            let message = format!("{other} has the id `{}` too", playbook.id);
            let fix = "give each playbook its own id; a new version replaces the old file";
            found.push(Problem::new(
                &playbook.file,
                Place::default(),
                Code::DuplicateId,
                message,
                fix,
            ));
        }
    }
    found
}

fn read_dir(path: &Path) -> Result<Vec<(String, String)>, CatalogError> {
    let unreadable = |path: &Path| {
        let path = path.display().to_string();
        move |source| CatalogError::Unreadable { path, source }
    };
    let mut texts = vec![];
    for entry in std::fs::read_dir(path).map_err(unreadable(path))? {
        let file = entry.map_err(unreadable(path))?.path();
        if file.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            let text = std::fs::read_to_string(&file).map_err(unreadable(&file))?;
            texts.push((file.display().to_string(), text));
        }
    }
    texts.sort();
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_catalogue_loads_without_a_warning() {
        let catalog = Catalog::builtin().unwrap();
        assert_eq!(catalog.warnings(), []);
        assert!(catalog.playbooks().len() >= 25);
        for domain in zizhi_types::Domain::ALL {
            let own = catalog.playbooks().iter().filter(|p| p.domain == domain);
            assert!(own.count() >= 5, "{domain}");
        }
    }
}
