//! What the vault asks of the operating system: a process that cannot be dumped, an agent that answers its own user only.
//!
//! In a test binary of its own, because hardening changes the whole process.

#![cfg(target_os = "linux")]

use guildhall::vault::{VaultKey, agent, check_value, harden_process, is_check_value};
use std::{
    fs,
    io::{Read, Write},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        net::UnixStream,
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

const HELPER: &str = "helper_that_asks_the_agent_as_another_user";
const SOCKET_VARIABLE: &str = "GUILDHALL_TEST_AGENT_SOCKET";
/// The user "nobody" of most systems; any that is not ours would do.
const ANOTHER_USER: u32 = 65_534;

#[test]
fn a_hardened_process_leaves_no_core_and_writes_private_files() {
    harden_process().unwrap();

    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    let figures: Vec<_> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(figures, ["0", "0"], "{core}");

    assert_eq!(
        rustix::process::dumpable_behavior().unwrap(),
        rustix::process::DumpableBehavior::NotDumpable
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "private").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);

    let child = Command::new("sh")
        .args(["-c", "ulimit -c; umask"])
        .output()
        .unwrap();
    let inherited = String::from_utf8(child.stdout).unwrap();
    assert_eq!(
        inherited.split_whitespace().collect::<Vec<_>>(),
        ["0", "0077"]
    );
}

#[test]
fn another_user_reads_neither_the_files_nor_the_memory() {
    if !rustix::process::geteuid().is_root() {
        skipped("only root can become another user");
        return;
    }
    harden_process().unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let home = folder.path().join("home");
    let store = guildhall::store::Store::open(&home).unwrap();
    let open_to_all = folder.path().join("open");
    fs::write(&open_to_all, "anybody").unwrap();
    fs::set_permissions(&open_to_all, fs::Permissions::from_mode(0o644)).unwrap();
    let reads = |path: &Path| {
        Command::new("cat")
            .arg(path)
            .uid(ANOTHER_USER)
            .gid(ANOTHER_USER)
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(reads(&open_to_all), "the other user can read at all");
    let process = PathBuf::from(format!("/proc/{}", std::process::id()));
    let mut closed: Vec<PathBuf> = ["environ", "maps", "mem", "auxv"]
        .into_iter()
        .map(|file| process.join(file))
        .collect();
    for entry in fs::read_dir(&home).unwrap() {
        closed.push(entry.unwrap().path());
    }
    assert!(closed.len() > 4, "there is a database");
    for path in closed {
        assert!(!reads(&path), "{} can be read", path.display());
    }
    drop(store);
}

/// What the agent at this socket gives to whoever runs this.
#[expect(clippy::unwrap_used, reason = "a helper of tests, in a file of tests")]
fn ask(socket: &Path) -> Vec<u8> {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut answer = Vec::new();
    // A visitor that is turned away may already be cut off while it still asks.
    if stream.write_all(b"k").is_ok() {
        let _ = stream.read_to_end(&mut answer);
    }
    answer
}

#[test]
#[ignore = "started by the next test, as another user"]
fn helper_that_asks_the_agent_as_another_user() {
    let Some(socket) = std::env::var_os(SOCKET_VARIABLE).map(PathBuf::from) else {
        return;
    };
    assert_eq!(rustix::process::geteuid().as_raw(), ANOTHER_USER);
    assert_eq!(
        ask(&socket),
        b"",
        "the agent gave something to another user"
    );

    // Our own client does not even ask where somebody else listens.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let fault = runtime.block_on(agent::fetch(&socket)).err().unwrap();
    assert!(fault.what.contains("belongs to another user"), "{fault}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_user_gets_nothing_from_the_agent_even_with_the_doors_open() {
    if !rustix::process::geteuid().is_root() {
        skipped("only root can become another user");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let socket = agent::socket_path(home.path());
    let key = VaultKey::generate().unwrap();
    let check = check_value(&key);
    let serving = {
        let socket = socket.clone();
        tokio::spawn(async move { agent::serve(key, Duration::from_secs(600), &socket).await })
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    let fetched = loop {
        if let Some(key) = agent::fetch(&socket).await.unwrap() {
            break key;
        }
        assert!(Instant::now() < deadline, "the agent does not serve");
        tokio::task::yield_now().await;
    };
    assert!(is_check_value(&fetched, &check));

    // Every permission on the way is opened, so that nothing but the agent's own question stands in between.
    let program = home.path().join("helper");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    for (path, mode) in [
        (home.path(), 0o755),
        (socket.parent().unwrap(), 0o755),
        (&socket, 0o666),
        (&program, 0o755),
    ] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let asked = tokio::task::spawn_blocking({
        let socket = socket.clone();
        move || {
            assert_eq!(ask(&socket).len(), 32, "our own user is answered");
            Command::new(&program)
                .args([HELPER, "--exact", "--ignored", "--nocapture"])
                .env(SOCKET_VARIABLE, &socket)
                .current_dir("/")
                .uid(ANOTHER_USER)
                .gid(ANOTHER_USER)
                .output()
        }
    })
    .await
    .unwrap();
    match asked {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
            assert!(said.contains("1 passed"), "{said}");
        }
        Err(cause) => skipped(&format!("another user cannot start programs here: {cause}")),
    }
    assert!(agent::stop(&socket).await.unwrap());
    serving.await.unwrap().unwrap();
}

#[expect(clippy::print_stderr, reason = "a test that cannot run says so")]
fn skipped(reason: &str) {
    eprintln!("skipped: {reason}");
}
