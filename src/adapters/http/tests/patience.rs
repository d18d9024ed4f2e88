//! What is waited for, what is repeated, and what is not.

use super::{
    http, hurried, options,
    server::{Reply, Server, answer, good},
};
use crate::{
    adapters::http::{BucketKey, Http, HttpOptions, Method, RateRule},
    domain::{CredentialId, FaultKind},
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn slow(headers: &str, body: &str) -> Reply {
    answer("429 Too Many Requests", headers, body)
}

#[tokio::test]
async fn a_long_wait_ends_the_call_with_the_wait_in_every_shape() {
    let json = "Content-Type: application/json\r\n";
    for (headers, body, millis) in [
        (
            "Retry-After: 58\r\n",
            r#"{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":57049}"#,
            58_000,
        ),
        (
            "Retry-After: 57.662\r\n",
            r#"{"error":{"message":"Rate limit exceeded."}}"#,
            57_662,
        ),
        ("Retry-After: Sun, 22 Nov 2026 12:01:00 GMT\r\n", "", 60_000),
        ("X-RateLimit-Reset: 1795348830\r\n", "{}", 30_000),
        (
            "X-RateLimit-Reset: 2026-11-22T12:05:00.000Z\r\n",
            r#"{"error":"Too many requests"}"#,
            300_000,
        ),
        (json, r#"{"retry_after":64.57,"global":false}"#, 64_570),
        (json, r#"{"retry_after_ms":57049}"#, 57_049),
        (
            json,
            r#"{"error_type":"rate_limit","extras":{"wait_seconds":60}}"#,
            60_000,
        ),
        (
            "Content-Type: text/plain\r\nRetry-After: 30\r\n",
            "Slow down\ntoo many\nrequests",
            30_000,
        ),
        ("Content-Type: text/plain\r\n", "Retry later", 300_000),
        ("Content-Type: text/html\r\n", "<html>", 300_000),
        ("", "", 300_000),
    ] {
        let server = Server::start([slow(headers, body)]).await;
        let fault = http().post(&server.base, "x").send().await.unwrap_err();
        let retry_after = Duration::from_millis(millis);
        assert_eq!(
            fault.kind,
            FaultKind::RateLimited { retry_after },
            "{headers}{body}"
        );
        assert!(fault.what.contains("127.0.0.1") && !fault.hint.is_empty());
        assert_eq!(server.count(), 1);
    }
}

#[tokio::test]
async fn a_short_wait_is_sat_out_even_where_nothing_may_be_repeated() {
    let server = Server::start([slow("Retry-After: 0.01\r\n", ""), good(r#"{"id":7}"#)]).await;
    let answer = http().post(&server.base, "x").send().await.unwrap();
    assert_eq!(answer.value()["id"], 7);
    assert!(answer.was_repeated());
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_platform_that_keeps_saying_no_is_left_alone_after_four_tries() {
    let server = Server::start((0..9).map(|_| slow("Retry-After: 0\r\n", ""))).await;
    let fault = http().get(&server.base, "x").send().await.unwrap_err();
    assert!(matches!(fault.kind, FaultKind::RateLimited { .. }));
    assert_eq!(server.count(), 4);
}

#[tokio::test]
async fn a_refused_key_bucket_rests_for_all_calls() {
    let server = Server::start([slow("Retry-After: 100\r\n", ""), good("{}"), good("{}")]).await;
    let http = http();
    let key = BucketKey::credential(CredentialId(1));
    let call = || http.get(&server.base, "x");
    let _ = call().bucket(key.clone(), &[]).send().await.unwrap_err();
    let fault = call().bucket(key, &[]).send().await.unwrap_err();
    let FaultKind::RateLimited { retry_after } = fault.kind else {
        panic!("{fault:?}");
    };
    assert!(retry_after > Duration::from_secs(90), "{retry_after:?}");
    assert_eq!(server.count(), 1);
    let other = BucketKey::credential(CredentialId(2));
    assert!(call().bucket(other, &[]).send().await.is_ok());
}

#[tokio::test]
async fn our_own_budget_stops_calls_before_the_platform_does() {
    let server = Server::start([good("{}"), good("{}")]).await;
    let http = http();
    let rules = [RateRule::new(1, Duration::from_secs(3600))];
    let call = || {
        http.get(&server.base, "x")
            .bucket(BucketKey::base(&server.base), &rules)
    };
    assert!(call().send().await.is_ok());
    let fault = call().send().await.unwrap_err();
    assert!(matches!(fault.kind, FaultKind::RateLimited { .. }));
    assert!(fault.what.contains("used up"), "{fault}");
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn an_unwell_server_is_asked_again_only_where_that_is_harmless() {
    let unwell = || answer("502 Bad Gateway", "Content-Type: text/html\r\n", "<html>");
    for (method, keyed, reads, count) in [
        (Method::GET, false, false, 2),
        (Method::PUT, false, false, 2),
        (Method::DELETE, false, false, 2),
        (Method::POST, true, false, 2),
        (Method::POST, false, true, 2),
        (Method::POST, false, false, 1),
        (Method::PATCH, false, false, 1),
    ] {
        let server = Server::start([unwell(), good("{}")]).await;
        let mut call = http().request(method.clone(), &server.base, "x");
        if keyed {
            call = call.keyed();
        }
        if reads {
            call = call.reads();
        }
        let answer = call.send().await.unwrap();
        assert_eq!(server.count(), count, "{method} {keyed}");
        assert_eq!(answer.is_success(), count == 2);
        if count == 1 {
            let fault = answer.success().unwrap_err();
            assert_eq!(fault.kind, FaultKind::OutcomeUnknown, "{method}");
        }
    }
}

#[tokio::test]
async fn maintenance_with_a_time_is_waited_for() {
    let closed = |wait| answer("503 Service Unavailable", wait, "");
    let server = Server::start([closed("Retry-After: 0\r\n"), good("{}")]).await;
    assert!(
        http()
            .get(&server.base, "x")
            .send()
            .await
            .unwrap()
            .is_success()
    );
    let server = Server::start([closed("Retry-After: 600\r\n")]).await;
    let fault = http().get(&server.base, "x").send().await.unwrap_err();
    let retry_after = Duration::from_secs(600);
    assert_eq!(fault.kind, FaultKind::RateLimited { retry_after });
    // A proxy may say so after the platform acted.
    let server = Server::start([closed("Retry-After: 600\r\n")]).await;
    let answer = http().post(&server.base, "x").send().await.unwrap();
    assert_eq!(
        answer.success().unwrap_err().kind,
        FaultKind::OutcomeUnknown
    );
}

#[tokio::test]
async fn a_late_answer_is_told_apart_by_what_the_call_does() {
    for (method, keyed, count, kind) in [
        (Method::GET, false, 2, FaultKind::Unreachable),
        (Method::POST, false, 1, FaultKind::OutcomeUnknown),
        (Method::POST, true, 2, FaultKind::OutcomeUnknown),
        (Method::PUT, false, 2, FaultKind::OutcomeUnknown),
    ] {
        let server = Server::start([Reply::Never, Reply::Never]).await;
        let call = hurried().request(method, &server.base, "x");
        let call = if keyed { call.keyed() } else { call };
        let fault = call.send().await.unwrap_err();
        assert_eq!(fault.kind, kind);
        assert!(fault.what.contains("did not answer within"), "{fault}");
        assert_eq!(server.count(), count);
    }
}

#[tokio::test]
async fn a_call_that_may_have_worked_before_the_door_closed_is_not_called_harmless() {
    let cut = Reply::Bytes("HTTP/1.1 200 OK\r\nContent-Le".to_owned());
    let server = Server::start_and_leave([cut]).await;
    let fault = http().put(&server.base, "x").send().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::OutcomeUnknown, "{fault:?}");
}

#[tokio::test]
async fn the_total_time_bounds_all_waits() {
    let server = Server::start([slow("Retry-After: 15\r\n", "")]).await;
    let http = Http::new(HttpOptions {
        timeout: Duration::from_secs(10),
        total: Duration::from_secs(10),
        ..options()
    });
    let fault = http.get(&server.base, "x").send().await.unwrap_err();
    let retry_after = Duration::from_secs(15);
    assert_eq!(fault.kind, FaultKind::RateLimited { retry_after });
}

#[tokio::test]
async fn a_stopped_call_says_what_is_known() {
    for (method, kind) in [
        (Method::GET, FaultKind::Cancelled),
        (Method::POST, FaultKind::OutcomeUnknown),
    ] {
        let server = Server::start([Reply::Never]).await;
        let token = CancellationToken::new();
        let call = http().request(method, &server.base, "x").cancel(&token);
        let sent = tokio::spawn(call.send());
        while server.count() == 0 {
            tokio::task::yield_now().await;
        }
        token.cancel();
        assert_eq!(sent.await.unwrap().unwrap_err().kind, kind);
        let fault = http()
            .post(&server.base, "x")
            .cancel(&token)
            .send()
            .await
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::Cancelled);
        assert_eq!(server.count(), 1);
    }
}

#[tokio::test]
async fn a_wait_can_be_stopped() {
    let server = Server::start([slow("Retry-After: 19\r\n", "")]).await;
    let token = CancellationToken::new();
    let call = http().post(&server.base, "x").cancel(&token);
    let sent = tokio::spawn(call.send());
    while server.count() == 0 {
        tokio::task::yield_now().await;
    }
    token.cancel();
    let fault = sent.await.unwrap().unwrap_err();
    // Stopped before the answer was read, or in the wait after it: either way it ends at once and says so.
    assert!(
        matches!(fault.kind, FaultKind::Cancelled | FaultKind::OutcomeUnknown),
        "{fault:?}"
    );
    assert_eq!(server.count(), 1);
}
