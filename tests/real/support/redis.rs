//! A Redis of the test's own on loopback, that asks for a password.

use secrecy::SecretString;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub struct Redis {
    server: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Redis {
    /// Starts one; none where `redis-server` is not installed.
    pub fn start() -> Option<Self> {
        let program = guildhall::services::toolchain::in_path("redis-server")?;
        let folder = tempfile::tempdir().unwrap();
        let port = guildhall::services::ports::choose("redis").unwrap();
        let server = Command::new(program)
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--requirepass", "open sesame/7", "--port"])
            .arg(port.to_string())
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let limit = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < limit, "redis-server does not listen");
            std::thread::yield_now();
        }
        Some(Self {
            server,
            port,
            _folder: folder,
        })
    }

    /// As the operator names it.
    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// As the operator enters it.
    pub fn login() -> SecretString {
        SecretString::from(":open sesame/7")
    }

    /// Something must be in it, and every name of it must begin so.
    pub fn must_hold_only(&self, own: &str) {
        let keys = self.keys();
        assert!(
            !keys.is_empty() && keys.iter().all(|key| key.starts_with(own)),
            "{keys:?}"
        );
    }

    /// The names of everything in it.
    fn keys(&self) -> Vec<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .write_all(b"AUTH \"open sesame/7\"\r\nKEYS *\r\nQUIT\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let lines = answer
            .lines()
            .filter(|line| !line.starts_with(['+', '*', '$']));
        lines.map(str::to_owned).collect()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
