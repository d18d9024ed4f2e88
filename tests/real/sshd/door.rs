//! An sshd of the test's own on loopback, an installation that it lets administrators into, and the ssh client.

use super::support::pty::Pty;
use serde_json::Value;
use std::{
    ffi::OsStr,
    fs,
    io::Write as _,
    net::{TcpListener, TcpStream},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

const SSHD: &str = "/usr/sbin/sshd";
/// How long anything may take. Only ever used up by a failure.
pub const LONG: Duration = Duration::from_secs(180);
/// Between two looks at something that another process does.
const LOOK: Duration = Duration::from_millis(50);

/// How something ended.
#[derive(Debug)]
pub struct Told {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// An sshd, and an installation behind it.
pub struct Door {
    pub folder: TempDir,
    sshd: Child,
    port: u16,
    login: String,
    sandbox: bool,
}

/// A key pair of somebody.
pub struct Key {
    pub name: String,
    pub path: PathBuf,
}

impl Key {
    /// A new one.
    pub fn new(door: &Door, name: &str) -> Self {
        let path = door.folder.path().join(name);
        run(
            "ssh-keygen",
            &["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"],
            &path,
        );
        Self {
            name: name.to_owned(),
            path,
        }
    }

    fn public(&self) -> String {
        fs::read_to_string(self.path.with_extension("pub")).unwrap()
    }
}

fn run(program: &str, arguments: &[&str], last: &Path) {
    let status = Command::new(program)
        .args(arguments)
        .arg(last)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{program} {arguments:?}");
}

impl Door {
    /// Sets an installation up (with simulated platforms or without) and starts an sshd that asks it. None where that is not
    /// wanted or there is no sshd.
    pub fn open(sandbox: bool) -> Option<Self> {
        if std::env::var_os("GUILDHALL_REAL").is_none() {
            eprintln!("skipped: GUILDHALL_REAL is not set");
            return None;
        }
        if !Path::new(SSHD).exists() {
            eprintln!("skipped: openssh-server is not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let login = Command::new("id").arg("-un").output().unwrap().stdout;
        let login = String::from_utf8(login).unwrap().trim().to_owned();
        if login == "root" {
            // Where sshd sends the half of itself that strangers talk to; its service unit makes it.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let host_key = folder.path().join("host_key");
        run(
            "ssh-keygen",
            &["-q", "-t", "ed25519", "-N", "", "-f"],
            &host_key,
        );
        let config = folder.path().join("sshd_config");
        let home = folder.path().join("home");
        // sshd runs only what belongs to root alone, which a build's folder does not; env does.
        let text = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nPidFile none\nUsePAM no\nStrictModes no\n\
             PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             AuthorizedKeysFile none\nAuthorizedKeysCommandUser {login}\n\
             AuthorizedKeysCommand /usr/bin/env {} --home {}{} ssh-keys %u %t %k\n\
             AcceptEnv *\nMaxStartups 400\nMaxSessions 10\nLoginGraceTime 300\nPrintMotd no\n\
             Subsystem sftp internal-sftp\nLogLevel ERROR\n",
            host_key.display(),
            env!("CARGO_BIN_EXE_guildhall"),
            home.display(),
            if sandbox { " --sandbox" } else { "" },
        );
        fs::write(&config, text).unwrap();
        let log = fs::File::create(folder.path().join("sshd.log")).unwrap();
        let sshd = Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let door = Self {
            folder,
            sshd,
            port,
            login,
            sandbox,
        };
        door.until("sshd listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        let key = door.folder.path().join("vault-key");
        let key = key.to_str().unwrap();
        door.operator(&["init", "--name", "Commons", "--identity-file", key], "");
        Some(door)
    }

    pub fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let start = Instant::now();
        while !holds() {
            assert!(
                start.elapsed() < LONG,
                "{what}: not in time. sshd says: {}",
                fs::read_to_string(self.folder.path().join("sshd.log")).unwrap_or_default()
            );
            std::thread::sleep(LOOK);
        }
    }

    /// Runs a command as the operator, on this host, and expects it to be done as far as it can be.
    pub fn operator(&self, arguments: &[&str], input: &str) -> Told {
        let told = self.asked(arguments, input);
        assert!([0, 3].contains(&told.code), "{arguments:?}: {told:?}");
        told
    }

    /// Runs a command as the operator, on this host.
    pub fn asked(&self, arguments: &[&str], input: &str) -> Told {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .arg("--home")
            .arg(self.folder.path().join("home"));
        if self.sandbox {
            command.arg("--sandbox");
        }
        finish(command.args(arguments), input)
    }

    /// Makes a community with one instance that is made and switched off.
    pub fn make(&self, slug: &str) {
        let mut arguments = vec!["community", "create", slug, "--slug", slug];
        for choice in ["policykit=inactive", "sourcecred=off", "kybern=off"] {
            arguments.extend(["--platform", choice]);
        }
        self.operator(&arguments, "");
    }

    /// Lets somebody administer a community.
    pub fn add(&self, slug: &str, key: &Key) {
        self.operator(&["admin", "add", slug, &key.name], &key.public());
    }

    fn client(&self, key: &Key) -> Command {
        let mut client = Command::new("ssh");
        client
            .args([
                "-F",
                "none",
                "-o",
                "BatchMode=yes",
                "-o",
                "IdentitiesOnly=yes",
            ])
            .args(["-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"])
            .args([
                "-o",
                "UserKnownHostsFile=/dev/null",
                "-o",
                "IdentityAgent=none",
            ])
            .args(["-o", "ConnectTimeout=120", "-p", &self.port.to_string()])
            .arg("-i")
            .arg(&key.path);
        client
    }

    fn address(&self) -> String {
        format!("{}@127.0.0.1", self.login)
    }

    /// Asks for a command.
    pub fn ssh(&self, key: &Key, line: &str) -> Told {
        self.ssh_with(key, &["-T"], line)
    }

    /// The same with options of the client; without a line it is the screen.
    pub fn ssh_with(&self, key: &Key, options: &[&str], line: &str) -> Told {
        let mut client = self.client(key);
        client.args(options).arg(self.address());
        if !line.is_empty() {
            client.arg(line);
        }
        finish(&mut client, "")
    }

    /// The same with bytes that need not be text. The client puts the pieces of a long line together again, with blanks.
    pub fn ssh_bytes(&self, key: &Key, line: &[u8]) -> Told {
        let mut client = self.client(key);
        client
            .arg("-T")
            .arg(self.address())
            .args(line.chunks(64 * 1024).map(OsStr::from_bytes));
        finish(&mut client, "")
    }

    /// Whether files can be fetched.
    pub fn sftp(&self, key: &Key) -> bool {
        let mut client = self.client(key);
        client.args(["-s", &self.address(), "sftp"]);
        let told = finish(&mut client, "");
        told.code == 0
    }

    /// Begins a command and does not wait for it.
    pub fn begin(&self, key: &Key, line: &str) -> Child {
        self.client(key)
            .arg("-T")
            .arg(self.address())
            .arg(line)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Ends a client without a word to the other side.
    pub fn cut(mut client: Child) {
        // It may have ended by itself.
        let _ = client.kill();
        let _ = client.wait();
    }

    /// The screen, in a terminal of this size.
    pub fn screen(&self, key: &Key, columns: u16, rows: u16) -> Pty {
        let mut client = self.client(key);
        client.arg("-t").arg(self.address());
        client.env("TERM", "xterm-256color");
        Pty::spawn(&client, columns, rows)
    }

    /// The row of a platform of a community, as the operator sees it.
    pub fn row(&self, slug: &str, platform: &str) -> Value {
        let told = self.operator(&["instance", "list", slug, "--json"], "");
        let list: Value = serde_json::from_str(&told.out).unwrap();
        let rows = list["instances"].as_array().unwrap();
        rows.iter()
            .find(|row| row["platform"] == platform)
            .unwrap()
            .clone()
    }

    pub fn desired(&self, slug: &str, platform: &str) -> String {
        self.row(slug, platform)["desired"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub fn wait_for(&self, slug: &str, platform: &str, desired: &str) {
        self.until(&format!("{platform} of {slug} is wanted {desired}"), || {
            self.desired(slug, platform) == desired
        });
    }

    /// How many operations of this verb were done.
    pub fn done_operations(&self, slug: &str, verb: &str) -> usize {
        let told = self.operator(
            &[
                "operation",
                "list",
                slug,
                "--all",
                "--limit",
                "1000",
                "--json",
            ],
            "",
        );
        let list: Value = serde_json::from_str(&told.out).unwrap();
        let all = list["operations"].as_array().unwrap();
        all.iter()
            .filter(|row| {
                row["verb"] == verb && row["state"] == "done" && row["platform"] == "policykit"
            })
            .count()
    }

    /// The keys from the first row of a community to a platform's, and the one that toggles it.
    pub fn presses_to(&self, slug: &str, platform: &str) -> String {
        let told = self.operator(&["instance", "list", slug, "--json"], "");
        let list: Value = serde_json::from_str(&told.out).unwrap();
        let rows = list["instances"].as_array().unwrap();
        let shown: Vec<_> = rows
            .iter()
            .filter(|row| !row["desired"].is_null())
            .collect();
        let place = shown
            .iter()
            .position(|row| row["platform"] == platform)
            .unwrap();
        format!("{} ", "j".repeat(place))
    }

    /// The sessions behind this door, by process id.
    pub fn sessions(&self) -> Vec<u32> {
        let home = self.folder.path().join("home");
        let home = home.to_str().unwrap().as_bytes();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
            let Some(pid) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
            if words.contains(&home) && words.contains(&&b"--bare"[..]) {
                found.push(pid);
            }
        }
        found
    }

    /// Those of them that are told of changes.
    pub fn watching(&self) -> Vec<u32> {
        let mut sessions = self.sessions();
        sessions.retain(|pid| watches(*pid));
        sessions
    }

    /// Waits until every session is told of changes.
    pub fn wait_until_watched(&self) {
        self.until("the sessions watch", || {
            let sessions = self.sessions();
            !sessions.is_empty() && sessions.iter().all(|pid| watches(*pid))
        });
    }
}

fn watches(pid: u32) -> bool {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    entries.filter_map(Result::ok).any(|entry| {
        fs::read_link(entry.path()).is_ok_and(|to| to.to_string_lossy().contains("inotify"))
    })
}

impl Drop for Door {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.operator(&["down"], "");
        }
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

fn finish(command: &mut Command, input: &str) -> Told {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that ends without reading is told by its exit code.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Told {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
