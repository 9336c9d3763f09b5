//! What stands where a driver would, for a swarm that only looks.

use async_trait::async_trait;
use zizhi_playbooks::{Driver, DriverError};
use zizhi_types::action::{Action, Receipt, Verb};

/// Changes nothing.
pub struct NoDriver;

#[async_trait]
impl Driver for NoDriver {
    fn supports(&self, _: Verb) -> bool {
        false
    }

    async fn apply(&self, _: &str, _: &Action) -> Result<Receipt, DriverError> {
        Err(DriverError::Refused(
            "no driver is set: see `driver` in zizhi.toml".to_owned(),
        ))
    }
}
