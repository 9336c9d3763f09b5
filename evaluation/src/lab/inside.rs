//! A place inside a namespace for our own sockets: one thread that has entered it, with a runtime.
//!
//! In: futures. Out: their effects, with every socket they open belonging to the namespace. Called by probes and load.
//! A thread enters a namespace alone: the rest of the process stays outside.

use super::error::LabError;
use super::namespace::NAMES;
use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A thread inside a namespace; it ends when this is dropped.
#[derive(Debug)]
pub struct Inside {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Inside {
    /// Enters a namespace.
    pub fn enter(namespace: &str) -> Result<Self, LabError> {
        let (ready, entered) = mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        let name = namespace.to_owned();
        let work = move || match start(&name) {
            Ok(runtime) => {
                let _ = ready.send(Ok(runtime.handle().clone()));
                // Both a message and a dropped sender mean the end.
                let _ = runtime.block_on(stopped);
            }
            Err(e) => {
                let _ = ready.send(Err(e));
            }
        };
        let thread = std::thread::Builder::new()
            .name(namespace.to_owned())
            .spawn(work)
            .map_err(LabError::file("start a thread in", namespace))?;
        let handle = entered
            .recv()
            .map_err(|_| LabError::NoObject(format!("namespace {namespace}")))??;
        Ok(Self {
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Runs a future inside until it ends or this is dropped.
    pub fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.handle.spawn(future);
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic inside was already reported by the thread itself.
            let _ = thread.join();
        }
    }
}

fn start(namespace: &str) -> Result<tokio::runtime::Runtime, LabError> {
    let path = Path::new(NAMES).join(namespace);
    let file = File::open(&path).map_err(LabError::file("enter", &path))?;
    setns(file, CloneFlags::CLONE_NEWNET).map_err(|source| LabError::System {
        what: format!("enter {}", path.display()),
        source,
    })?;
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(LabError::file("start a runtime in", path))
}
