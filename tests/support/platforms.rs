//! The simulated platforms in a process of their own, which outlives every Guildhall that works on them.

use crate::hall::{Hall, start};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::Child,
};

/// `guildhall sandbox serve`, until it is dropped.
pub struct Platforms {
    /// The process that serves.
    pub serving: Child,
    address: String,
    keys: Value,
}

impl Platforms {
    /// Serves them for a home with an installation.
    pub fn serve(hall: &Hall) -> Self {
        let mut serving = start(hall.command().args(["sandbox", "serve"]), "");
        let mut line = String::new();
        let mut out = BufReader::new(serving.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"));
        let base = told["base"].as_str().unwrap();
        let address = base.trim_start_matches("http://").trim_end_matches('/');
        Self {
            address: address.to_owned(),
            keys: told["keys"].clone(),
            serving,
        }
    }

    /// A ready-made key or address.
    pub fn key(&self, platform: &str, field: &str) -> String {
        self.keys[platform][field].as_str().unwrap().to_owned()
    }

    /// One of the sandbox's own paths.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "{method} /_control/{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{path}: {answer}"))
    }

    /// Everything a platform remembers.
    pub fn state(&self, platform: &str) -> Value {
        self.control("GET", &format!("state/{platform}"), &Value::Null)
    }
}

impl Drop for Platforms {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.serving), Signal::TERM);
        let _ = self.serving.wait();
    }
}
