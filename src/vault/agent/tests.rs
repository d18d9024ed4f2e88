//! An agent on a real socket: who is answered, and what ends it.

use super::*;
use crate::vault::key::KEY_BYTES;
use std::{fs, os::unix::fs::PermissionsExt};
use tokio::{net::UnixListener, task::JoinHandle};

fn key() -> VaultKey {
    VaultKey::from_bytes(&[7; KEY_BYTES]).unwrap()
}

const HOUR: Duration = Duration::from_secs(3600);

/// An agent that serves this key: waits for the condition, not for a time.
async fn listening(socket: &Path, key: VaultKey) -> JoinHandle<Result<(), Fault>> {
    let expected = *key.bytes();
    let path = socket.to_owned();
    let agent = tokio::spawn(async move { serve(key, HOUR, &path).await });
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while fetch(socket)
        .await
        .unwrap()
        .is_none_or(|key| *key.bytes() != expected)
    {
        assert!(
            std::time::Instant::now() < deadline && !agent.is_finished(),
            "the agent does not serve"
        );
        tokio::task::yield_now().await;
    }
    agent
}

#[tokio::test]
async fn a_process_of_the_same_user_gets_the_key_until_the_agent_is_stopped() {
    let home = tempfile::tempdir().unwrap();
    let socket = socket_path(home.path());
    assert!(fetch(&socket).await.unwrap().is_none());
    let agent = listening(&socket, key()).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(&socket), mode(socket.parent().unwrap())),
        (0o600, 0o700)
    );
    for _ in 0..3 {
        assert_eq!(
            fetch(&socket).await.unwrap().unwrap().bytes(),
            key().bytes()
        );
    }
    assert!(stop(&socket).await.unwrap());
    agent.await.unwrap().unwrap();
    assert!(!socket.exists());
    assert!(fetch(&socket).await.unwrap().is_none());
    assert!(!stop(&socket).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn its_time_ends_it_and_not_before() {
    let home = tempfile::tempdir().unwrap();
    let socket = socket_path(home.path());
    let path = socket.clone();
    let agent = tokio::spawn(async move { serve(key(), HOUR, &path).await });
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    // Yielding keeps the paused clock where it is; waiting for an answer would let it run.
    while !socket.exists() {
        assert!(
            std::time::Instant::now() < deadline,
            "the agent does not listen"
        );
        tokio::task::yield_now().await;
    }
    tokio::time::advance(HOUR / 2).await;
    tokio::task::yield_now().await;
    assert!(!agent.is_finished() && socket.exists());
    tokio::time::advance(HOUR / 2).await;
    agent.await.unwrap().unwrap();
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_newer_agent_replaces_an_older_one_and_keeps_its_socket() {
    let home = tempfile::tempdir().unwrap();
    let socket = socket_path(home.path());
    let older = listening(&socket, key()).await;
    let newer = listening(&socket, VaultKey::from_bytes(&[8; KEY_BYTES]).unwrap()).await;
    older.await.unwrap().unwrap();
    assert_eq!(
        fetch(&socket).await.unwrap().unwrap().bytes(),
        &[8; KEY_BYTES]
    );
    assert!(stop(&socket).await.unwrap());
    newer.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_a_killed_agent_leaves_behind_is_no_agent_and_no_hindrance() {
    let home = tempfile::tempdir().unwrap();
    let socket = socket_path(home.path());
    let killed = listening(&socket, key()).await;
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    assert!(socket.exists());
    assert!(fetch(&socket).await.unwrap().is_none());
    let agent = listening(&socket, key()).await;
    assert!(fetch(&socket).await.unwrap().is_some());
    assert!(stop(&socket).await.unwrap());
    agent.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_silent_or_babbling_visitor_does_not_keep_others_waiting() {
    let home = tempfile::tempdir().unwrap();
    let socket = socket_path(home.path());
    let agent = listening(&socket, key()).await;
    let silent = UnixStream::connect(&socket).await.unwrap();
    let mut babbling = UnixStream::connect(&socket).await.unwrap();
    babbling.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let mut answered = Vec::new();
    // The agent closes with the rest unread, which may arrive here as a reset; what matters is that nothing was said.
    let _ = babbling.read_to_end(&mut answered).await;
    assert!(answered.is_empty());
    assert!(fetch(&socket).await.unwrap().is_some());
    drop(silent);
    assert!(stop(&socket).await.unwrap());
    agent.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_folder_open_to_others_and_a_path_too_long_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let socket = socket_path(home.path());
    let folder = socket.parent().unwrap();
    fs::create_dir(folder).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(
        serve(key(), HOUR, &socket).await.unwrap_err().kind,
        FaultKind::Host
    );
    assert!(!socket.exists());

    let long = home.path().join("x".repeat(120)).join("agent.sock");
    assert_eq!(
        serve(key(), HOUR, &long).await.unwrap_err().kind,
        FaultKind::Host
    );
    let fault = serve(key(), LONGEST + HOUR, &socket).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadInput);
}

#[tokio::test]
async fn something_else_at_the_socket_is_not_taken_for_an_agent() {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("agent.sock");
    fs::write(&socket, "no socket").unwrap();
    assert!(fetch(&socket).await.unwrap().is_none());

    let other = home.path().join("other.sock");
    let listener = UnixListener::bind(&other).unwrap();
    let impostor = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"short").await.unwrap();
    });
    assert!(fetch(&other).await.unwrap().is_none());
    impostor.await.unwrap();
}

#[test]
fn the_key_passes_through_a_pipe_whole() {
    let mut pipe = Vec::new();
    pass_on(&key(), &mut pipe).unwrap();
    assert_eq!(
        take_over(&mut pipe.as_slice()).unwrap().bytes(),
        key().bytes()
    );
    assert_eq!(
        take_over(&mut &pipe[1..]).err().unwrap().kind,
        FaultKind::BadInput
    );
}
