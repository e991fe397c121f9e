//! Answers that are made while they are sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::Frame;
use innkeeper_change::Problem;
use tokio::sync::mpsc;

use crate::call::Lines;

/// So much is sent at once.
const PIECE: usize = 64 * 1024;
/// So many pieces wait for a slow reader.
const AHEAD: usize = 2;

/// A body of these lines. They are made by a thread that waits for whoever reads them, and ends with them.
///
/// When a line cannot be made the connection is cut off: what came until then must not be taken for the whole.
pub(super) fn body(lines: Lines) -> Body {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || send(lines, &sender));
    Body::new(Pieces(receiver))
}

fn send(lines: Lines, sender: &mpsc::Sender<Result<Bytes, Problem>>) {
    let mut piece = String::new();
    for line in lines {
        match line {
            Ok(line) => piece.push_str(&line),
            Err(problem) => {
                tracing::warn!(%problem, "an answer ends before it is whole");
                let _ = sender.blocking_send(Err(problem));
                return;
            }
        }
        if piece.len() >= PIECE && sender.blocking_send(Ok(std::mem::take(&mut piece).into())).is_err() {
            return;
        }
    }
    // nobody listens any more, or they have all of it
    let _ = sender.blocking_send(Ok(piece.into()));
}

struct Pieces(mpsc::Receiver<Result<Bytes, Problem>>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Problem;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Problem>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
