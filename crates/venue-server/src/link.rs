//! Connections that can be made to misbehave: each is a TCP stream with a switch.

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

const WHOLE: u8 = 0;
const DEAD: u8 = 1;
const CUT: u8 = 2;

/// The switch of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Link(Arc<AtomicU8>);

impl Link {
    fn new() -> Self {
        Self(Arc::new(AtomicU8::new(WHOLE)))
    }

    /// From now on nothing gets through, either way; the connection stays open.
    pub(crate) fn die(&self) {
        self.0.store(DEAD, Ordering::Relaxed);
    }

    /// Nothing is written any more: the next attempt closes the connection.
    pub(crate) fn cut(&self) {
        self.0.store(CUT, Ordering::Relaxed);
    }

    fn state(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Connected<IncomingStream<'_, Door>> for Link {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().link.clone()
    }
}

/// A listener whose connections have a switch.
#[derive(Debug)]
pub(crate) struct Door(pub(crate) TcpListener);

impl Listener for Door {
    type Io = Wired;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wired, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        (Wired { stream, link: Link::new() }, address)
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Wired {
    stream: TcpStream,
    link: Link,
}

impl AsyncRead for Wired {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let filled = buffer.filled().len();
        loop {
            ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
            let ended = buffer.filled().len() == filled;
            if ended || self.link.state() != DEAD {
                return Poll::Ready(Ok(()));
            }
            // What a dead connection hears is forgotten; only that the other side has left is noticed.
            buffer.set_filled(filled);
        }
    }
}

impl AsyncWrite for Wired {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        match self.link.state() {
            WHOLE => Pin::new(&mut self.stream).poll_write(context, bytes),
            DEAD => Poll::Ready(Ok(bytes.len())),
            _ => Poll::Ready(Err(Error::from(ErrorKind::ConnectionAborted))),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        match self.link.state() {
            WHOLE => Pin::new(&mut self.stream).poll_write_vectored(context, bytes),
            DEAD => Poll::Ready(Ok(bytes.iter().map(|bytes| bytes.len()).sum())),
            _ => Poll::Ready(Err(Error::from(ErrorKind::ConnectionAborted))),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
