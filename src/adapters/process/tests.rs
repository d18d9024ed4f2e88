//! The runner with real programs.

use super::{Input, LineSink, ProcessCall, Runner, Stream};
use crate::domain::FaultKind;
use secrecy::SecretString;
use std::{
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

const CANARY: &str = "canary-5ecret/with+marks";

fn shell(script: &str) -> ProcessCall {
    ProcessCall::new("sh").arg("-c").arg(script)
}

fn runner() -> Runner {
    Runner::with_grace(Duration::from_millis(300))
}

fn canary() -> SecretString {
    SecretString::from(CANARY)
}

/// Whether a process is there and not merely waiting to be collected.
fn lives(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.contains(") Z ") && !stat.contains(") X "))
}

async fn gone(pid: &str) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    while lives(pid) {
        if Instant::now() > until {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}

/// Collects lines, and cancels when `mark` was said.
fn listening(mark: &'static str) -> (CancellationToken, Arc<Mutex<Vec<String>>>, LineSink) {
    let token = CancellationToken::new();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let (cancel, seen) = (token.clone(), Arc::clone(&lines));
    let sink: LineSink = Arc::new(move |_, line: &str| {
        seen.lock().unwrap().push(line.to_owned());
        if line == mark {
            cancel.cancel();
        }
    });
    (token, lines, sink)
}

#[tokio::test]
async fn output_status_and_lines_come_back() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lines);
    let sink: LineSink =
        Arc::new(move |stream, line: &str| seen.lock().unwrap().push((stream, line.to_owned())));
    let finished = runner()
        .run(
            shell("echo one; echo two >&2; cat; exit 3")
                .input(Input::Bytes(b"three".to_vec()))
                .on_line(sink),
        )
        .await
        .unwrap();
    assert_eq!(finished.status.code(), Some(3));
    assert_eq!(finished.stdout_tail, "one\nthree\n");
    assert_eq!(finished.stderr_tail, "two\n");
    let lines = lines.lock().unwrap();
    assert!(lines.contains(&(Stream::Out, "three".to_owned())));
    assert!(lines.contains(&(Stream::Error, "two".to_owned())));
    let fault = finished.clone().success().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Host);
    assert!(fault.what.contains("sh failed (exit code 3)"));
    assert_eq!(fault.detail.as_deref(), Some("two"));
}

#[tokio::test]
async fn much_output_neither_blocks_nor_grows() {
    let script = "i=0; while [ $i -lt 20000 ]; do echo line-$i; i=$((i+1)); done";
    let finished = runner().run(shell(script).tail_limit(100)).await.unwrap();
    assert!(finished.stdout_tail.len() <= 100);
    assert!(finished.stdout_tail.ends_with("line-19999\n"));
}

#[tokio::test]
async fn the_environment_is_made_from_nothing() {
    let finished = runner()
        .run(
            ProcessCall::new("env")
                .env("GIVEN", "yes")
                .pass_env("CARGO_PKG_NAME"),
        )
        .await
        .unwrap();
    let names: Vec<&str> = finished
        .stdout_tail
        .lines()
        .filter_map(|line| line.split('=').next())
        .collect();
    assert!(names.contains(&"GIVEN"));
    assert!(names.contains(&"PATH"));
    assert!(names.contains(&"CARGO_PKG_NAME"));
    assert!(!names.contains(&"CARGO_MANIFEST_DIR"), "{names:?}");
}

#[tokio::test]
async fn secrets_reach_the_program_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("run.log");
    let (_, lines, sink) = listening("");
    let script = "read given; [ \"$given\" = \"$TOKEN\" ] && echo same; echo \"$TOKEN\" >&2; echo \"$given\"; exit 1";
    let finished = runner()
        .run(
            shell(script)
                .secret_env("TOKEN", &canary())
                .input(Input::Secret(canary()))
                .log(&log)
                .on_line(sink),
        )
        .await
        .unwrap();
    assert_eq!(finished.stdout_tail, "same\n[secret]\n");
    let logged = std::fs::read_to_string(&log).unwrap();
    let mode = std::fs::metadata(&log).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(logged.contains("$ sh -c read given") && logged.contains("same\n"));
    let fault = format!("{:?}", finished.clone().success().unwrap_err());
    let lines = lines.lock().unwrap().join("\n");
    for text in [
        &finished.stdout_tail,
        &finished.stderr_tail,
        &logged,
        &fault,
        &lines,
    ] {
        assert!(!text.contains("5ecret"), "{text}");
        assert!(text.contains("[secret]"), "{text}");
    }
}

#[tokio::test]
async fn a_secret_on_the_command_line_is_not_started() {
    let calls = [
        shell("true").arg(CANARY).redact(&canary()),
        shell("true")
            .env("PLAIN", CANARY)
            .secret_env("TOKEN", &canary()),
    ];
    for call in calls {
        assert!(!format!("{call:?}").contains("5ecret"));
        let fault = runner().run(call).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadInput);
        assert!(!format!("{fault:?}").contains("5ecret"));
    }
}

#[tokio::test]
async fn a_missing_program_says_what_to_install() {
    let call = ProcessCall::new("guildhall-no-such-program").package("nodejs");
    let fault = runner().run(call).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Host);
    assert_eq!(
        fault.to_string(),
        "The program guildhall-no-such-program is not installed on this machine. Install it (Debian: apt install nodejs), then try again."
    );
}

#[tokio::test]
async fn a_missing_folder_or_log_is_not_taken_for_a_missing_program() {
    let nowhere = PathBuf::from("/nonexistent/folder");
    let fault = runner()
        .run(shell("true").folder(&nowhere))
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Storage);
    let fault = runner()
        .run(shell("true").log(nowhere.join("x")))
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Storage);
    assert!(fault.what.contains("/nonexistent/folder/x"));
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_stopped_with_what_it_started() {
    let (_, lines, sink) = listening("");
    let fault = runner()
        .run(
            shell("sleep 300 & echo $!; echo $$; wait")
                .timeout(Duration::from_secs(2))
                .on_line(sink),
        )
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::OutcomeUnknown);
    assert!(
        fault.what.starts_with("sh did not end within 2 s"),
        "{fault}"
    );
    let pids = lines.lock().unwrap().clone();
    assert_eq!(pids.len(), 2);
    for pid in pids {
        assert!(gone(&pid).await, "{pid} still runs");
    }
}

#[tokio::test]
async fn a_program_that_ignores_the_request_to_end_is_ended() {
    let (token, lines, sink) = listening("ready");
    let script = "trap 'echo asked' TERM; echo $$; echo ready; while :; do sleep 0.05; done";
    let fault = runner()
        .run(shell(script).cancel(&token).on_line(sink))
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Cancelled);
    let lines = lines.lock().unwrap().clone();
    assert!(lines.contains(&"asked".to_owned()), "{lines:?}");
    assert!(gone(&lines[0]).await);
}

#[tokio::test]
async fn a_program_may_tidy_up_when_asked_to_end() {
    let (token, lines, sink) = listening("ready");
    let script = "trap 'echo tidy; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    let patient = Runner::with_grace(Duration::from_secs(60));
    let fault = patient
        .run(shell(script).cancel(&token).on_line(sink))
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Cancelled);
    assert_eq!(
        lines.lock().unwrap().last().map(String::as_str),
        Some("tidy")
    );
}

#[tokio::test]
async fn a_cancelled_run_is_not_begun() {
    let token = CancellationToken::new();
    token.cancel();
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("ran");
    let call = ProcessCall::new("touch").arg(&mark).cancel(&token);
    let fault = runner().run(call).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Cancelled);
    assert!(!mark.exists());
}

#[tokio::test]
async fn an_abandoned_run_leaves_nothing_running() {
    let (ready, lines, sink) = listening("ready");
    let run = tokio::spawn(async move {
        runner()
            .run(shell("sleep 300 & echo $!; echo ready; wait").on_line(sink))
            .await
    });
    ready.cancelled().await;
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    let pid = lines.lock().unwrap()[0].clone();
    assert!(gone(&pid).await);
}

#[tokio::test]
async fn a_heir_that_holds_the_streams_does_not_hold_the_run() {
    let finished = runner().run(shell("sleep 300 & echo $!")).await.unwrap();
    assert!(finished.status.success());
    let pid = finished.stdout_tail.trim().parse().unwrap();
    let heir = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(heir, rustix::process::Signal::KILL).unwrap();
}
