//! How many browsers can be connected, and how slow may one be?
//!
//! In: a listener. Out: connections, at most [`CONNECTIONS_MAX`] at a time, each of which is cut when a request takes too long to
//! arrive, or when nothing moves. Reads and writes of others are not held up by a slow one.

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::future::Future as _;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};

/// Connections at a time; the next waits until one ends. Our choice: a control room with several tabs each.
pub const CONNECTIONS_MAX: usize = 512;

/// How slow a connection may be.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From the first byte of a request to the first of the answer.
    pub request: Duration,
    /// Without a byte in either direction; the live stream says something every 15 s.
    pub rest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(30),
            rest: Duration::from_mins(1),
        }
    }
}

/// A listener with a bound and a pace.
pub struct Line {
    listener: TcpListener,
    free: Arc<Semaphore>,
    pace: Pace,
}

impl Line {
    /// Over a listener.
    pub fn new(listener: TcpListener, connections: usize, pace: Pace) -> Self {
        Self {
            listener,
            free: Arc::new(Semaphore::new(connections)),
            pace,
        }
    }
}

impl Listener for Line {
    type Io = Paced;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Paced, SocketAddr) {
        // The semaphore is never closed; without a permit nothing is accepted.
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let paced = Paced {
            stream,
            cut: Box::pin(sleep(self.pace.rest)),
            pace: self.pace,
            reading: false,
            _permit: permit,
        };
        (paced, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Who is at the other end.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
}

impl Connected<IncomingStream<'_, Line>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Line>) -> Self {
        Self {
            address: stream.remote_addr().ip(),
        }
    }
}

/// A connection that is cut when it is too slow.
pub struct Paced {
    stream: TcpStream,
    cut: Pin<Box<Sleep>>,
    pace: Pace,
    /// Bytes of a request have come, and nothing was answered yet.
    reading: bool,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Paced {
    fn late(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        self.cut
            .as_mut()
            .poll(context)
            .map(|()| io::ErrorKind::TimedOut.into())
    }

    fn moved(&mut self, written: bool) {
        if written {
            self.reading = false;
            self.cut.set(sleep(self.pace.rest));
        } else if !self.reading {
            // What comes after the first byte does not lengthen the time.
            self.reading = true;
            self.cut.set(sleep(self.pace.request));
        }
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() && buffer.filled().len() > before {
            self.moved(false);
        }
        match self.late(context) {
            Poll::Ready(error) => Poll::Ready(Err(error)),
            Poll::Pending => read,
        }
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if matches!(written, Poll::Ready(Ok(n)) if n > 0) {
            self.moved(true);
            return written;
        }
        match (written, self.late(context)) {
            (Poll::Pending, Poll::Ready(error)) => Poll::Ready(Err(error)),
            (written, _) => written,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
