//! Reading a swarm's settings from a file: unknown keys and wrong values are refused with file, line and column.

use crate::swarm::SwarmConfig;
use std::path::{Path, PathBuf};

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read settings {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file says something that means nothing.
    #[error("{}: {message}", path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
}

/// Loads settings from a YAML file. What the file does not name keeps its default.
pub fn load(path: &Path) -> Result<SwarmConfig, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    serde_saphyr::from_str(&text).map_err(|e| ConfigError::Parse {
        path: path.to_owned(),
        message: e.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::part::Part;

    fn loaded(text: &str) -> Result<SwarmConfig, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        load(file.path())
    }

    #[test]
    fn what_is_not_named_keeps_its_default() {
        let config = loaded("agent:\n  correlator:\n    gather_ms: 5000\n").unwrap();
        assert_eq!(config.agent.correlator.gather_ms, 5000);
        assert_eq!(
            config.agent.negotiator,
            SwarmConfig::default().agent.negotiator
        );
    }

    #[test]
    fn parts_to_go_without_are_named_and_an_unknown_one_is_refused() {
        let config = loaded("agent:\n  without: [twin, learning]\n").unwrap();
        let without = [Part::Twin, Part::Learning].into();
        assert_eq!(config.agent.without, without);
        assert!(SwarmConfig::default().agent.without.is_empty());
        let message = loaded("agent:\n  without: [brain]\n")
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("brain") && message.contains("twin"),
            "{message}"
        );
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let message = loaded("mode: auto\nagent:\n  corelator: {}\n")
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("corelator") && message.contains("line 3"),
            "{message}"
        );
    }
}
