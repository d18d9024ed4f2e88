//! A real Synapse homeserver on loopback: its own folder, port and keys for each test, thrown away afterwards.
//!
//! Configuration and timings are those of the sheet (matrix 8). Everything here speaks to the server with plain calls of
//! the client-server and admin interfaces, so that what Guildhall did is seen by somebody else.

use crate::person::Person;
use guildhall::adapters::http::{Http, HttpOptions, Method, segment};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use url::Url;

/// The server's name in users and aliases.
pub const SERVER: &str = "localhost";
/// A cold start took 17 s on a busy machine (sheet: matrix 8).
const START: Duration = Duration::from_secs(60);

/// Which limits the server keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// So high that no test meets them.
    Raised,
    /// Those Synapse ships with.
    Shipped,
}

/// A running server.
pub struct Synapse {
    folder: TempDir,
    python: PathBuf,
    child: Option<Child>,
    secret: String,
    http: Http,
    pub base: Url,
    /// An administrator, made by shared-secret registration.
    pub admin: Person,
}

impl Synapse {
    /// A server with an administrator; none, and a line that says why, where real peers are not asked for.
    pub async fn start(limits: Limits) -> Option<Self> {
        if std::env::var_os("GUILDHALL_REAL").is_none_or(|value| value != "1") {
            say(
                "skipped: a real Synapse is only started with GUILDHALL_REAL=1 (see .ci/real-peers)",
            );
            return None;
        }
        let python = std::env::var_os("GUILDHALL_SYNAPSE_PYTHON")
            .map(PathBuf::from)
            .expect("GUILDHALL_SYNAPSE_PYTHON names a Python that has matrix-synapse (see .ci/real-peers)");
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let base: Url = format!("http://127.0.0.1:{port}/").parse().unwrap();
        let secret: String = format!("{:032x}", rand::random::<u128>());
        write_configuration(folder.path(), port, limits, &secret);
        let keys = command(&python, folder.path())
            .arg("--generate-keys")
            .output()
            .unwrap();
        assert!(keys.status.success(), "no signing key: {keys:?}");
        let http = Http::new(HttpOptions {
            user_agent: "guildhall-real-tests".into(),
            ..HttpOptions::default()
        });
        let nobody = Person::new(&http, &base, "", "");
        let mut server = Self {
            folder,
            python,
            child: None,
            secret,
            http,
            base,
            admin: nobody,
        };
        server.run().await;
        server.admin = server.register("warden", true).await;
        Some(server)
    }

    /// Starts the process and waits until it answers.
    pub async fn run(&mut self) {
        let log = fs::File::create(self.folder.path().join("output")).unwrap();
        let child = command(&self.python, self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        let start = Instant::now();
        while !self.is_healthy().await {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(
                ended.is_none() && start.elapsed() < START,
                "Synapse does not answer ({ended:?}): {}",
                fs::read_to_string(self.folder.path().join("output")).unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn is_healthy(&self) -> bool {
        let probe = Http::new(HttpOptions {
            attempts: 1,
            ..HttpOptions::default()
        });
        let answer = probe.get(&self.base, "/health").send().await;
        answer.is_ok_and(|answer| answer.is_success() && answer.text().trim() == "OK")
    }

    /// Stops the process as an operator would, and waits for its end.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let pid = Pid::from_child(&child);
        let _ = kill_process(pid, Signal::TERM);
        let start = Instant::now();
        while child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if start.elapsed() > Duration::from_secs(20) {
                let _ = child.kill();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A user by shared-secret registration, signed in.
    pub async fn register(&self, name: &str, admin: bool) -> Person {
        const PATH: &str = "/_synapse/admin/v1/register";
        let nonce = self
            .http
            .get(&self.base, PATH)
            .send()
            .await
            .unwrap()
            .value();
        let nonce = nonce["nonce"].as_str().unwrap().to_owned();
        let password = format!("{:032x}", rand::random::<u128>());
        let role = if admin { "admin" } else { "notadmin" };
        let mac = self.mac(&[&nonce, name, &password, role]);
        let body = json!({
            "nonce": nonce, "username": name, "password": password, "admin": admin, "mac": mac,
        });
        let call = self.http.post(&self.base, PATH).json(&body);
        let made = call.send().await.unwrap().success().unwrap().value();
        self.person(
            made["user_id"].as_str().unwrap(),
            made["access_token"].as_str().unwrap(),
        )
    }

    /// Somebody whose token is known.
    pub fn person(&self, id: &str, token: &str) -> Person {
        Person::new(&self.http, &self.base, id, token)
    }

    /// The HMAC-SHA1 that shared-secret registration asks for; Synapse's own Python has it, this crate does not.
    fn mac(&self, parts: &[&str]) -> String {
        const PROGRAM: &str = "import hashlib,hmac,json,sys\n\
            secret,parts=json.load(sys.stdin)\n\
            sys.stdout.write(hmac.new(secret.encode(),b'\\0'.join(p.encode() for p in parts),hashlib.sha1).hexdigest())";
        let mut child = Command::new(&self.python)
            .args(["-c", PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = json!([self.secret, parts]).to_string();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }

    /// Every room the server has, as its administrator sees them, by name.
    pub async fn rooms(&self) -> Vec<Value> {
        let list = self
            .admin
            .get("/_synapse/admin/v1/rooms?limit=500&order_by=name")
            .await;
        list["rooms"].as_array().unwrap().clone()
    }

    /// The state of a room, as the administrator sees it without being in it.
    pub async fn room_state(&self, room: &str) -> Vec<Value> {
        let path = format!("/_synapse/admin/v1/rooms/{}/state", segment(room));
        self.admin.get(&path).await["state"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Every user's name that is in use, deactivated ones left out.
    pub async fn users(&self) -> Vec<String> {
        let list = self.admin.get("/_synapse/admin/v2/users?limit=500").await;
        let mut names: Vec<String> = list["users"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }

    /// The signed-in devices of a user.
    pub async fn devices(&self, user: &str) -> Vec<Value> {
        let path = format!("/_synapse/admin/v2/users/{}/devices", segment(user));
        self.admin.get(&path).await["devices"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// The room behind an alias.
    pub async fn resolve(&self, alias: &str) -> Option<String> {
        let path = format!("/_matrix/client/v3/directory/room/{}", segment(alias));
        let answer = self.admin.call(Method::GET, &path, None).await;
        answer
            .is_success()
            .then(|| answer.value()["room_id"].as_str().unwrap().to_owned())
    }

    /// Purges a room by hand.
    pub async fn purge(&self, room: &str) {
        let path = format!("/_synapse/admin/v2/rooms/{}", segment(room));
        let body = json!({"block": false, "purge": true});
        let begun = self
            .admin
            .call(Method::DELETE, &path, Some(body))
            .await
            .value();
        let status = format!(
            "/_synapse/admin/v2/rooms/delete_status/{}",
            begun["delete_id"].as_str().unwrap()
        );
        let start = Instant::now();
        while self.admin.get(&status).await["status"] != "complete" {
            assert!(start.elapsed() < START, "the purge does not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Synapse {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A line for whoever reads the test's output.
#[expect(clippy::print_stderr, reason = "a skipped test says so loudly")]
pub fn say(line: &str) {
    eprintln!("{line}");
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn command(python: &Path, folder: &Path) -> Command {
    let mut command = Command::new(python);
    command
        .args(["-m", "synapse.app.homeserver", "--config-path"])
        .arg(folder.join("homeserver.yaml"))
        .current_dir(folder);
    command
}

/// JSON is YAML.
fn write_configuration(folder: &Path, port: u16, limits: Limits, secret: &str) {
    let mut configuration = json!({
        "server_name": SERVER,
        "public_baseurl": format!("http://127.0.0.1:{port}/"),
        "pid_file": folder.join("pid"),
        "signing_key_path": folder.join("signing.key"),
        "media_store_path": folder.join("media"),
        "log_config": folder.join("log.yaml"),
        "listeners": [{
            "port": port, "tls": false, "type": "http", "x_forwarded": false,
            "bind_addresses": ["127.0.0.1"],
            "resources": [{"names": ["client"], "compress": false}],
        }],
        "database": {"name": "sqlite3", "args": {"database": folder.join("homeserver.db")}},
        "registration_shared_secret": secret,
        "macaroon_secret_key": secret,
        "form_secret": secret,
        "report_stats": false,
        "trusted_key_servers": [],
        "federation_domain_whitelist": [],
        "enable_registration": false,
        "presence": {"enabled": false},
        // Tests only: a sign-in falls from 0.7 s to 0.03 s (sheet: matrix 8).
        "bcrypt_rounds": 4,
    });
    if limits == Limits::Raised {
        let lifted = json!({"per_second": 1000, "burst_count": 1000});
        for (limit, parts) in [
            ("rc_login", &["address", "account", "failed_attempts"][..]),
            ("rc_invites", &["per_room", "per_user", "per_issuer"]),
            ("rc_joins", &["local", "remote"]),
        ] {
            for part in parts {
                configuration[limit][part] = lifted.clone();
            }
        }
        for limit in [
            "rc_room_creation",
            "rc_message",
            "rc_joins_per_room",
            "rc_registration",
            "rc_admin_redaction",
        ] {
            configuration[limit] = lifted.clone();
        }
    }
    let log = json!({
        "version": 1,
        "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {"file": {
            "class": "logging.FileHandler", "formatter": "plain",
            "filename": folder.join("homeserver.log"),
        }},
        "root": {"level": "WARNING", "handlers": ["file"]},
        "disable_existing_loggers": false,
    });
    fs::write(folder.join("homeserver.yaml"), configuration.to_string()).unwrap();
    fs::write(folder.join("log.yaml"), log.to_string()).unwrap();
}
