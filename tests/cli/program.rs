//! Runs the built program in a home of its own, on simulated platforms.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// A home that goes with the test.
pub struct Home {
    folder: TempDir,
}

/// What a command answered.
#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    /// The one object of `--json`.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The answer, when it ended with this code.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// That it was refused in one sentence with a hint, and with nothing else: no panic, no trace, no data.
    #[track_caller]
    pub fn refused_with(self, code: i32, what: &str) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert!(lines.len() >= 2, "no hint: {self:?}");
        assert!(lines[0].starts_with("guildhall: "), "{self:?}");
        assert!(lines[0].contains(what), "{self:?}");
        assert!(
            lines[1].starts_with("  ") && lines[1].trim().len() > 5,
            "{self:?}"
        );
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        assert!(self.stdout.is_empty(), "{self:?}");
        self
    }
}

impl Home {
    /// An empty home.
    pub fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A home with an installation on simulated platforms.
    pub fn set_up() -> Self {
        let home = Self::empty();
        home.run(&["init", "--name", "Commons"]).ends_with(0);
        home
    }

    /// The folder that is named with `--home`.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("hall")
    }

    /// The folder of the installation on simulated platforms.
    pub fn sandbox(&self) -> PathBuf {
        self.path().join("sandbox")
    }

    /// Runs a command on simulated platforms, with nothing on standard input.
    pub fn run(&self, arguments: &[&str]) -> Answer {
        self.run_with("", arguments)
    }

    /// The same with something on standard input.
    pub fn run_with(&self, input: &str, arguments: &[&str]) -> Answer {
        let mut all = vec!["--sandbox"];
        all.extend(arguments);
        answer(self.command().args(all), input)
    }

    /// Runs a command for a page of so many columns.
    pub fn run_for_columns(&self, columns: u16, arguments: &[&str]) -> Answer {
        let mut command = self.command();
        command.env("COLUMNS", columns.to_string()).arg("--sandbox");
        answer(command.args(arguments), "")
    }

    /// Runs a command on the installation itself, not in the sandbox.
    pub fn run_for_real(&self, arguments: &[&str]) -> Answer {
        answer(self.command().args(arguments), "")
    }

    /// Runs a line of the shell, in which `$guildhall` is the program.
    pub fn shell(&self, line: &str) -> Answer {
        let mut shell = self.clean("sh");
        shell.env("guildhall", env!("CARGO_BIN_EXE_guildhall"));
        answer(shell.args(["-c", line]), "")
    }

    /// The program with an environment of its own.
    pub fn command(&self) -> Command {
        self.clean(env!("CARGO_BIN_EXE_guildhall"))
    }

    fn clean(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("GUILDHALL_HOME", self.path())
            .current_dir(self.folder.path());
        command
    }

    /// A ready-made key of a simulated platform.
    pub fn key(&self, platform: &str, field: &str) -> String {
        let keys = self.run(&["sandbox", "keys", "--json"]).ends_with(0).json();
        keys[platform][field].as_str().unwrap().to_owned()
    }

    /// The row of a platform of a community.
    pub fn row(&self, community: &str, platform: &str) -> Value {
        let list = self
            .run(&["instance", "list", community, "--json"])
            .ends_with(0)
            .json();
        let rows = list["instances"].as_array().unwrap();
        rows.iter()
            .find(|row| row["platform"] == platform)
            .unwrap()
            .clone()
    }
}

/// Simulated platforms that outlive a command, and that can be told to misbehave.
pub struct Served {
    child: Child,
    /// What it wrote on its first line.
    pub announced: Value,
}

impl Home {
    /// Serves the simulated platforms of this home.
    pub fn serve(&self, options: &[&str]) -> Served {
        let mut child = self
            .command()
            .args(options)
            .args(["sandbox", "serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        Served {
            child,
            announced: serde_json::from_str(&line)
                .unwrap_or_else(|error| panic!("{error}: {line}")),
        }
    }
}

impl Served {
    /// A ready-made key.
    pub fn key(&self, platform: &str, field: &str) -> String {
        self.announced["keys"][platform][field]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Orders trouble (`sandbox::Trouble`) for all calls from now on, in the place of what was ordered before.
    #[track_caller]
    pub fn misbehave(&self, trouble: &Value) {
        self.control("DELETE", "");
        let mut trouble = trouble.clone();
        trouble["times"] = 1000.into();
        self.control("POST", &trouble.to_string());
    }

    #[track_caller]
    fn control(&self, method: &str, body: &str) {
        let base = self.announced["base"].as_str().unwrap();
        let host = base
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let mut stream = TcpStream::connect(&host).unwrap();
        write!(
            stream,
            "{method} /_control/faults HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{body}: {answer}");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn answer(command: &mut Command, input: &str) -> Answer {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // A command that wants no input may have ended already.
    let _ = pipe.write_all(input.as_bytes());
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    Answer {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if path.is_file() {
                files.push(path);
            }
        }
    }
    files
}
