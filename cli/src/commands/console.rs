//! The dashboard beside something else: a thread of its own with a runtime of its own, so that a demo that stands still
//! while it asks a person still answers that person's browser.

use crate::fail::Failure;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use zizhi_dashboard::{House, serve};

/// A dashboard that is being served.
pub struct Console {
    /// Where a browser finds it.
    pub url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Binds the address; whatever keeps it from being served is known before anything else begins.
pub fn bind(listen: SocketAddr) -> Result<TcpListener, Failure> {
    let refused =
        |e| format!("cannot listen on {listen}: {e}; choose another address with --listen");
    let listener = TcpListener::bind(listen).map_err(refused)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Console {
    /// Serves `house` on `listener` until it is told to stop.
    pub fn start(listener: TcpListener, house: House) -> Result<Self, Failure> {
        let url = format!("http://{}/", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let (ready, begun) = mpsc::sync_channel(1);
        let body = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let served = runtime.and_then(|runtime| {
                runtime.block_on(async move {
                    let listener = tokio::net::TcpListener::from_std(listener)?;
                    let _ = ready.send(());
                    let stop = async {
                        let _ = stopped.await;
                    };
                    serve(listener, house, stop).await
                })
            });
            if let Err(error) = served {
                tracing::error!(%error, "the dashboard has ended");
            }
        };
        let thread = std::thread::Builder::new().name("dashboard".to_owned());
        let thread = thread.spawn(body)?;
        if begun.recv().is_err() {
            return Err("the dashboard could not be started".into());
        }
        Ok(Self {
            url,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Console {
    /// Finishes the requests under way.
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
