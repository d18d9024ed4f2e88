//! A listener whose connections can be cut from inside a handler, as a failing network cuts them.

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// Cuts the connection on which a request came, or, as [`CuttableListener::all`], all of them.
#[derive(Clone, Default)]
pub(super) struct Cut {
    this: Arc<AtomicBool>,
    all: Arc<AtomicBool>,
}

impl Cut {
    /// From now on every write on the connection fails.
    pub fn now(&self) {
        self.this.store(true, Ordering::SeqCst);
    }

    /// From now on every write on every connection of the listener fails.
    pub fn everything(&self) {
        self.all.store(true, Ordering::SeqCst);
    }

    fn check(&self) -> io::Result<()> {
        if self.this.load(Ordering::SeqCst) || self.all.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

/// A connection that can be cut.
pub(super) struct Cuttable {
    stream: TcpStream,
    cut: Cut,
}

/// Listens for connections that can be cut.
pub(super) struct CuttableListener {
    pub listener: TcpListener,
    /// What cuts all its connections.
    pub all: Cut,
}

impl Listener for CuttableListener {
    type Io = Cuttable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Cuttable, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    // Small answers must not wait for more bytes; a failure here only costs time.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "the sandbox cannot set TCP_NODELAY");
                    }
                    let cut = Cut {
                        all: Arc::clone(&self.all.all),
                        ..Cut::default()
                    };
                    return (Cuttable { stream, cut }, address);
                }
                Err(error) => {
                    tracing::warn!(%error, "the sandbox could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Cut {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.io().cut.clone()
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.cut.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.cut.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
