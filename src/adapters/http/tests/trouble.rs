//! Answers that are not what was asked for.

use super::{
    http, options,
    server::{Reply, Server, answer, good},
};
use crate::{
    adapters::http::{Answer, Http, HttpOptions, Method},
    domain::{Fault, FaultKind},
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use url::Url;

#[derive(Debug, Deserialize)]
struct Made {
    id: u64,
}

async fn asked(method: Method, reply: Reply) -> Result<Answer, Fault> {
    let server = Server::start([reply]).await;
    let http = Http::new(HttpOptions {
        attempts: 1,
        ..options()
    });
    http.request(method, &server.base, "x").send().await
}

#[tokio::test]
async fn a_good_answer_is_read() {
    let answer = asked(Method::POST, good(r#"{"id":7}"#)).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json::<Made>().unwrap().id, 7);
    // Some platforms label JSON as HTML.
    let mislabelled = self::answer("200 OK", "Content-Type: text/html\r\n", r#"{"id":8}"#);
    let answer = asked(Method::GET, mislabelled).await.unwrap();
    assert_eq!(answer.success().unwrap().json::<Made>().unwrap().id, 8);
}

#[tokio::test]
async fn what_is_no_data_is_named_and_never_taken_for_success() {
    let page = "<!doctype html><title>Sign in</title>";
    for (body, word) in [
        (page, "web page"),
        (r#"{"id":7,"na"#, "stops in the middle"),
        ("", "without any text"),
        ("Retry later", "not JSON"),
        (r#"{"name":"x"}"#, "shape"),
    ] {
        let reply = || answer("200 OK", "", body);
        let fault = asked(Method::GET, reply())
            .await
            .unwrap()
            .json::<Made>()
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadAnswer, "{body}");
        assert!(
            fault.what.contains(word) && fault.what.contains("127.0.0.1"),
            "{fault}"
        );
        assert!(!fault.hint.is_empty());
        let fault = asked(Method::POST, reply())
            .await
            .unwrap()
            .json::<Made>()
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::OutcomeUnknown, "{body}");
        // A 4xx says that nothing was done, whatever it is wrapped in.
        let refused = answer("400 Bad Request", "", body);
        let fault = asked(Method::POST, refused)
            .await
            .unwrap()
            .json::<Made>()
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadAnswer, "{body}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    for cut in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":7}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"id\":7}\r\n",
        "HTTP/1.1 200 OK\r\nConte",
        "not http at all\r\n\r\n",
    ] {
        let reply = || Reply::Bytes(cut.to_owned());
        let fault = asked(Method::GET, reply()).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unreachable, "{cut}");
        let fault = asked(Method::POST, reply()).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::OutcomeUnknown, "{cut}");
        assert!(fault.what.contains("not known"), "{fault}");
    }
}

#[tokio::test]
async fn a_flood_is_not_read() {
    let limit = 64 * 1024;
    let small = Http::new(HttpOptions {
        body_limit: limit,
        ..options()
    });
    let flood = || good(&format!("\"{}\"", "x".repeat(limit)));
    let server = Server::start([
        flood(),
        flood(),
        good(&format!("\"{}\"", "x".repeat(limit - 2))),
    ])
    .await;
    let fault = small.get(&server.base, "x").send().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadAnswer);
    let fault = small.post(&server.base, "x").send().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::OutcomeUnknown);
    assert!(
        small
            .get(&server.base, "x")
            .send()
            .await
            .unwrap()
            .is_success()
    );
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let told = r#"{"errors":[{"message":"Name is taken"}]}"#;
    for (status, kind) in [
        ("400 Bad Request", FaultKind::Refused),
        ("401 Unauthorized", FaultKind::NeedsKey),
        ("403 Forbidden", FaultKind::ScopeMissing),
        ("404 Not Found", FaultKind::NotFound),
        ("409 Conflict", FaultKind::Conflict),
        ("500 Oops", FaultKind::OutcomeUnknown),
    ] {
        let answer = asked(Method::POST, answer(status, "", told)).await.unwrap();
        assert_eq!(answer.value()["errors"][0]["message"], "Name is taken");
        let fault = answer.success().unwrap_err();
        assert_eq!(fault.kind, kind, "{status}");
        assert!(fault.detail.unwrap().contains("Name is taken"));
        assert!(!fault.hint.is_empty());
    }
    let wall = answer(
        "403 Forbidden",
        "Content-Type: text/html\r\n",
        "<html>blocked</html>",
    );
    let fault = asked(Method::GET, wall)
        .await
        .unwrap()
        .success()
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadAnswer);
    assert!(fault.what.contains("nothing is known about the key"));
}

#[tokio::test]
async fn words_of_a_platform_cannot_steer_the_terminal() {
    let nasty = answer("400 Bad Request", "", "\u{1b}[2Jred\u{202e}\r\nalert");
    let fault = asked(Method::GET, nasty)
        .await
        .unwrap()
        .success()
        .unwrap_err();
    assert_eq!(fault.detail.as_deref(), Some("HTTP 400: [2Jred alert"));
}

#[tokio::test]
async fn a_closed_door_changes_nothing() {
    let server = Server::start_and_leave([good("{}")]).await;
    assert!(http().get(&server.base, "x").send().await.is_ok());
    let fault = http().post(&server.base, "x").send().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unreachable);
    assert!(
        fault
            .what
            .contains("cannot be reached; nothing was changed"),
        "{fault}"
    );
}

#[tokio::test]
async fn redirects_are_followed_within_the_server_for_reading_only() {
    let on = || answer("302 Found", "Location: /there?x=1\r\n", "");
    let server = Server::start([on(), good("{}")]).await;
    assert!(
        http()
            .get(&server.base, "here")
            .send()
            .await
            .unwrap()
            .is_success()
    );
    assert!(server.requests()[1].starts_with("GET /there?x=1 HTTP/1.1\r\n"));
    let server = Server::start([on(), good("{}")]).await;
    let answer = http().post(&server.base, "here").send().await.unwrap();
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("/there?x=1"))
    );
    assert_eq!(
        answer.json::<Value>().unwrap_err().kind,
        FaultKind::OutcomeUnknown
    );
    assert_eq!(server.count(), 1);
    let server = Server::start([on(), good("{}")]).await;
    let answer = http()
        .get(&server.base, "here")
        .no_redirects()
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status, 302);
    let server = Server::start((0..9).map(|_| on())).await;
    let fault = http().get(&server.base, "here").send().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadAnswer);
    assert_eq!(server.count(), 4);
}

#[tokio::test]
async fn an_overridden_host_is_called_at_its_stand_in() {
    let back = "Location: https://api.example.org/v2/b\r\n";
    let server = Server::start([
        answer("301 Moved", back, ""),
        good("{}"),
        answer("400 No", "", ""),
    ])
    .await;
    let mut base = server.base.clone();
    base.set_path("/stand-in");
    let http = Http::new(HttpOptions {
        overrides: HashMap::from([("api.example.org".to_owned(), base)]),
        ..options()
    });
    let platform = Url::parse("https://api.example.org/v2").unwrap();
    let answer = http
        .get(&platform, "/a")
        .query([("q", "x y")])
        .send()
        .await
        .unwrap();
    assert!(answer.is_success());
    let requests = server.requests();
    assert!(
        requests[0].starts_with("GET /stand-in/v2/a?q=x+y HTTP/1.1\r\n"),
        "{}",
        requests[0]
    );
    assert!(
        requests[1].starts_with("GET /stand-in/v2/b HTTP/1.1\r\n"),
        "{}",
        requests[1]
    );
    // Messages name the platform, not its stand-in.
    let answer = http.get(&platform, "/a").send().await.unwrap();
    assert!(
        answer
            .success()
            .unwrap_err()
            .what
            .contains("api.example.org")
    );
}

#[tokio::test]
async fn bodies_and_headers_arrive_as_given() {
    let server = Server::start([good("{}"), good("{}")]).await;
    let body = serde_json::json!({"name": "Rosewood"});
    let call = http()
        .post(&server.base, "x")
        .json(&body)
        .header("X-Own", "1");
    call.send().await.unwrap();
    let call = http()
        .put(&server.base, "x")
        .form([("a", "b c"), ("d", "é")]);
    call.send().await.unwrap();
    let requests = server.requests();
    let head = requests[0].to_lowercase();
    assert!(requests[0].ends_with("\r\n\r\n{\"name\":\"Rosewood\"}"));
    for header in [
        "content-type: application/json\r\n",
        "accept: application/json\r\n",
        "x-own: 1\r\n",
        concat!("user-agent: guildhall/", env!("CARGO_PKG_VERSION"), "\r\n"),
    ] {
        assert!(head.contains(header), "{head}");
    }
    assert!(requests[1].ends_with("\r\n\r\na=b+c&d=%C3%A9"));
    let trouble = http()
        .get(&server.base, "x")
        .header("bad name", "x")
        .send()
        .await;
    assert_eq!(trouble.unwrap_err().kind, FaultKind::Internal);
}
