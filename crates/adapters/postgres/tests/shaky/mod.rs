//! A line to the server that is cut at the worst moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the line does to the next commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nothing: it is a good line.
    Never = 0,
    /// It is lost before it arrives.
    Before = 1,
    /// It arrives, and its answer is lost.
    After = 2,
}

/// A proxy in front of a server.
pub(crate) struct Line {
    port: u16,
    cut: Arc<AtomicU8>,
}

impl Line {
    pub(crate) async fn to(server_port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicU8::new(Cut::Never as u8));
        let next = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", server_port)).await.unwrap();
                tokio::spawn(carry(client, server, Arc::clone(&next)));
            }
        });
        Self { port, cut }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What becomes of the next commit; those after it pass.
    pub(crate) fn cut(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::SeqCst);
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, cut: Arc<AtomicU8>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let is_commit = asked[..length].windows(6).any(|word| word == b"COMMIT");
                let cut = if is_commit { cut.swap(Cut::Never as u8, Ordering::SeqCst) } else { Cut::Never as u8 };
                if cut == Cut::Before as u8 {
                    return;
                }
                server.write_all(&asked[..length]).await.unwrap();
                if cut == Cut::After as u8 {
                    // Its answer has come this far.
                    let _ = server.read(&mut answered).await;
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
