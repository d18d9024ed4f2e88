//! A server on loopback that answers each request with the next reply of a script, byte by byte as written.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use url::Url;

/// What a request is answered with.
pub(super) enum Reply {
    /// These bytes, then the connection is closed.
    Bytes(String),
    /// Nothing, ever.
    Never,
}

/// A whole answer with a length.
pub(super) fn answer(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Bytes(format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    ))
}

/// 200 with a JSON body.
pub(super) fn good(body: &str) -> Reply {
    answer("200 OK", "Content-Type: application/json\r\n", body)
}

pub(super) struct Server {
    /// Its address.
    pub(super) base: Url,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers with these replies, and with 500 and no body after the last one.
    pub(super) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::run(replies, false).await
    }

    /// Answers with these replies, then closes its door.
    pub(super) async fn start_and_leave(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::run(replies, true).await
    }

    async fn run(replies: impl IntoIterator<Item = Reply>, leaves: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut replies: VecDeque<Reply> = replies.into_iter().collect();
        let seen = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            let mut listener = Some(listener);
            let mut silent = Vec::new();
            while let Some(open) = &listener {
                let Ok((mut stream, _)) = open.accept().await else {
                    return;
                };
                let request = read_request(&mut stream).await;
                seen.lock().unwrap().push(request);
                let reply = replies
                    .pop_front()
                    .unwrap_or_else(|| answer("500 No Reply Left", "", ""));
                if leaves && replies.is_empty() {
                    // Before the reply, so that whoever got it finds the door closed.
                    listener = None;
                }
                match reply {
                    Reply::Bytes(bytes) => {
                        // The other side may hang up in the middle of an answer it finds too large.
                        let _ = stream.write_all(bytes.as_bytes()).await;
                        let _ = stream.shutdown().await;
                    }
                    Reply::Never => silent.push(stream),
                }
            }
            std::future::pending::<()>().await;
        });
        Self {
            base,
            requests,
            task,
        }
    }

    /// The requests so far: head and body as they came.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// How many requests came so far.
    pub(super) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .to_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
                .unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return text,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    }
}
