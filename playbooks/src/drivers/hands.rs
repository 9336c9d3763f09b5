//! Who really sends what a script says?
//!
//! In: a [`Call`]. Out: the answer, or a [`Trouble`] that says whether anything may have been changed. Everything that can
//! touch a network is made here and nowhere else; a dry run never makes it.

use super::compile::Drivers;
use super::sandbox;
use super::script::{Call, What};
use super::secret::Secrets;
use super::{cluster, process, web};
use std::path::PathBuf;
use std::sync::Arc;

/// Why there is no good answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing was sent.
    NotSent(String),
    /// It was refused: this call changed nothing.
    Refused(String),
    /// Nobody knows.
    Unknown(String),
}

impl Trouble {
    /// What happened, for people.
    pub fn why(&self) -> &str {
        match self {
            Self::NotSent(why) | Self::Refused(why) | Self::Unknown(why) => why,
        }
    }
}

/// Sends calls.
#[derive(Debug)]
pub struct Hands {
    drivers: Arc<Drivers>,
    secrets: Secrets,
    /// The program that builds the box of a command and becomes the command: `zizhi` itself.
    helper: PathBuf,
}

impl Hands {
    /// With the program that has the hidden command [`sandbox::COMMAND`].
    pub fn new(drivers: Arc<Drivers>, helper: PathBuf) -> Self {
        let secrets = Secrets::new(drivers.secrets_folder());
        Self {
            drivers,
            secrets,
            helper,
        }
    }

    /// Sends one call. No secret that was needed for it is in the answer, nor in what went wrong.
    pub async fn send(&self, call: &Call) -> Result<String, Trouble> {
        let hidden = |text: &str| self.secrets.hide(text);
        match self.send_openly(call).await {
            Ok(answer) => Ok(hidden(&answer)),
            Err(Trouble::NotSent(why)) => Err(Trouble::NotSent(hidden(&why))),
            Err(Trouble::Refused(why)) => Err(Trouble::Refused(hidden(&why))),
            Err(Trouble::Unknown(why)) => Err(Trouble::Unknown(hidden(&why))),
        }
    }

    async fn send_openly(&self, call: &Call) -> Result<String, Trouble> {
        match &call.what {
            What::Run(run) => match &run.sandbox {
                None => process::run(&run.argv, &run.env, call.timeout).await,
                Some(limits) => {
                    let argv = sandbox::wrap(&self.helper, &run.argv, limits)
                        .map_err(|e| Trouble::NotSent(e.to_string()))?;
                    process::run(&argv, &run.env, call.timeout)
                        .await
                        .map_err(sandbox::trouble)
                }
            },
            What::Http(http) => web::send(http, &self.secrets, call.timeout).await,
            What::Kubernetes(asked) => {
                let target = self.drivers.target(&call.target);
                let none = || Trouble::NotSent(format!("there is no cluster `{}`", call.target));
                let place = target
                    .and_then(|t| t.kubernetes.as_ref())
                    .ok_or_else(none)?;
                cluster::send(place, asked, &self.secrets, call.timeout).await
            }
            What::Pause => {
                tokio::time::sleep(call.timeout).await;
                Ok(String::new())
            }
        }
    }
}
