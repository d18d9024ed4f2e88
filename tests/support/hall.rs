//! The program as its user starts it: one home, one command at a time, what came out.

use serde_json::Value;
use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// An installation to be, in a folder of its own.
pub struct Hall {
    /// Everything of this test lies below.
    pub folder: TempDir,
    sandbox: bool,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote for programs.
    pub out: String,
    /// What it wrote for people.
    pub err: String,
}

impl Ran {
    /// The one object of `--json`; none when it was cut off or there is none.
    pub fn object(&self) -> Option<Value> {
        serde_json::from_str(&self.out).ok()
    }

    /// The same, where it must be there.
    pub fn json(&self) -> Value {
        self.object()
            .unwrap_or_else(|| panic!("no object: {self:?}"))
    }
}

impl Hall {
    /// A home without an installation; with simulated platforms where wanted.
    pub fn empty(sandbox: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        fs::create_dir(folder.path().join("user")).unwrap();
        Self { folder, sandbox }
    }

    /// A set-up installation, opened by a key file.
    pub fn new(sandbox: bool) -> Self {
        let hall = Self::empty(sandbox);
        let key = hall.key_file();
        let key = key.to_str().unwrap();
        let ran = hall.run(&["init", "--name", "Trial", "--identity-file", key], "");
        assert_eq!(ran.code, Some(0), "{ran:?}");
        hall
    }

    /// The folder with the database.
    pub fn home(&self) -> PathBuf {
        let home = self.folder.path().join("home");
        if self.sandbox {
            home.join("sandbox")
        } else {
            home
        }
    }

    /// The key file of the installation, outside its home.
    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("user/key")
    }

    /// The program with its home, and nothing of this process's environment but the search path.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path().join("user"))
            .current_dir(self.folder.path())
            .arg("--home")
            .arg(self.folder.path().join("home"));
        if self.sandbox {
            command.arg("--sandbox");
        }
        command
    }

    /// Starts a command with `--json` and this on its standard input.
    pub fn spawn(&self, arguments: &[&str], input: &str) -> Child {
        start(self.command().arg("--json").args(arguments), input)
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str], input: &str) -> Ran {
        ended(self.spawn(arguments, input))
    }

    /// Runs it, and expects it to be done.
    pub fn done(&self, arguments: &[&str], input: &str) -> Value {
        let ran = self.run(arguments, input);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        ran.json()
    }
}

/// Starts a program with this on its standard input.
pub fn start(command: &mut Command, input: &str) -> Child {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that ends without reading is told by its exit code.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child
}

/// What came of it, once it has ended.
pub fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
