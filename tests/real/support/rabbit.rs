//! A `RabbitMQ` of the test's own on loopback, that asks for a password.

use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::SecretString;
use std::{
    ffi::OsString,
    net::TcpStream,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Where Debian's package has the programs themselves: those in the path change the user.
const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";
const NODE: &str = "guildhall@localhost";

pub struct Rabbit {
    server: Child,
    /// Tells Erlang's nodes of each other; else the server would leave one behind.
    names: Child,
    port: u16,
    environment: Vec<(&'static str, OsString)>,
    _folder: tempfile::TempDir,
}

impl Rabbit {
    /// Starts one; none where Debian's `rabbitmq-server` is not installed.
    pub fn start() -> Option<Self> {
        let program = Path::new(PROGRAMS).join("rabbitmq-server");
        let epmd = guildhall::services::toolchain::in_path("epmd")?;
        if !program.is_file() {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let port = |name| guildhall::services::ports::choose(name).unwrap();
        let (port, dist, names) = (port("rabbit"), port("rabbit-nodes"), port("rabbit-names"));
        let place = |name: &str| -> PathBuf { folder.path().join(name) };
        // Its login as it stands in a file, so that it is on no command line.
        let config =
            "default_user = hall\ndefault_pass = open sesame/7\ndisk_free_limit.absolute = 1MB\n";
        std::fs::write(place("rabbitmq.conf"), config).unwrap();
        std::fs::write(place("plugins"), "[].\n").unwrap();
        let only_here = "-kernel inet_dist_use_interface {127,0,0,1}";
        let environment: Vec<(&'static str, OsString)> = vec![
            ("HOME", folder.path().into()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
            ("ERL_EPMD_PORT", names.to_string().into()),
            ("RABBITMQ_NODENAME", NODE.into()),
            ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".into()),
            ("RABBITMQ_NODE_PORT", port.to_string().into()),
            ("RABBITMQ_DIST_PORT", dist.to_string().into()),
            ("RABBITMQ_MNESIA_BASE", place("mnesia").into()),
            ("RABBITMQ_LOG_BASE", place("log").into()),
            ("RABBITMQ_PID_FILE", place("pid").into()),
            ("RABBITMQ_CONFIG_FILE", place("rabbitmq").into()),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", place("plugins").into()),
            ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", only_here.into()),
        ];
        let start = |program: &Path| {
            Command::new(program)
                .envs(environment.clone())
                .current_dir(folder.path())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .process_group(0)
                .spawn()
                .unwrap()
        };
        let names = start(&epmd);
        let server = start(&program);
        let rabbit = Self {
            server,
            names,
            port,
            environment,
            _folder: folder,
        };
        let limit = Instant::now() + Duration::from_secs(120);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < limit, "rabbitmq-server does not listen");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(rabbit)
    }

    /// As the operator names it.
    pub fn address(&self) -> String {
        format!("amqp://127.0.0.1:{}/", self.port)
    }

    /// As the operator enters it.
    pub fn login() -> SecretString {
        SecretString::from("hall:open sesame/7")
    }

    /// Everything of this kind in it, with these properties of each.
    pub fn list(&self, kind: &str, properties: &[&str]) -> Vec<Vec<String>> {
        let told = Command::new(Path::new(PROGRAMS).join("rabbitmqctl"))
            .envs(self.environment.clone())
            .args(["--quiet", "--no-table-headers", "--node", NODE])
            .arg(format!("list_{kind}"))
            .args(properties)
            .output()
            .unwrap();
        assert!(told.status.success(), "{told:?}");
        String::from_utf8_lossy(&told.stdout)
            .lines()
            .map(|line| line.split('\t').map(str::to_owned).collect())
            .collect()
    }
}

impl Drop for Rabbit {
    fn drop(&mut self) {
        for child in [&mut self.server, &mut self.names] {
            // The server is a child of its script.
            let group = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
            let _ = kill_process_group(group, Signal::KILL);
            let _ = child.wait();
        }
    }
}
