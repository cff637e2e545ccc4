//! A connection that does not wait for ever for somebody who does not read: what is written has to move on, or the connection ends and its place is
//! free. Reading has its time-outs elsewhere (the head in serve, the body in the gate). Knows no request.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// In this time [`LEAST`] bytes have to leave, or all that there is to write.
const PAUSE: Duration = Duration::from_secs(60);
/// A telephone at the edge of the net is some ten times as fast.
const LEAST: usize = 16 * 1024;

/// The stream of one connection.
pub(super) struct Patient<S> {
    stream: S,
    waits: Option<Pin<Box<Sleep>>>,
    moved: usize,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, waits: None, moved: 0 }
    }

    /// What the stream said about writing, unless it has taken too long.
    fn within<T>(&mut self, said: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if said.is_ready() {
            return said;
        }
        let waits = self.waits.get_or_insert_with(|| Box::pin(tokio::time::sleep(PAUSE)));
        ready!(waits.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn wrote(&mut self, said: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = said {
            self.moved += bytes;
            if self.moved >= LEAST {
                self.begin_anew();
            }
        }
    }

    fn begin_anew(&mut self) {
        self.waits = None;
        self.moved = 0;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, to)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(&said);
        self.within(said, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.wrote(&said);
        self.within(said, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.stream).poll_flush(cx);
        if said.is_ready() {
            // Nothing is left to write, so nobody is waited for.
            self.begin_anew();
        }
        self.within(said, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.within(said, cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test(start_paused = true)]
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock of this test leaps, and how far it leapt is what is asked"
    )]
    async fn whoever_does_not_read_is_left_after_a_minute() {
        let (ours, _theirs) = tokio::io::duplex(1024);
        let began = tokio::time::Instant::now();
        let error = Patient::new(ours).write_all(&[0; 4096]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_reads_a_byte_now_and_then_is_left_too_and_whoever_is_only_slow_is_not() {
        for (bytes, pause, whole) in [(1, 5, false), (1024, 2, true)] {
            let (ours, mut theirs) = tokio::io::duplex(1024);
            let reader = tokio::spawn(async move {
                let mut to = vec![0; bytes];
                while theirs.read(&mut to).await.is_ok_and(|n| n > 0) {
                    tokio::time::sleep(Duration::from_secs(pause)).await;
                }
            });
            let mut ours = Patient::new(ours);
            let said = ours.write_all(&[0; 200 * 1024]).await;
            assert_eq!(said.is_ok(), whole, "{bytes} bytes every {pause} seconds");
            reader.abort();
        }
    }
}
