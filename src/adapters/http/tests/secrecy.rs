//! Where a key goes, and where it never goes.

use super::{
    CANARY, canary, http, options,
    server::{Server, answer, good},
};
use crate::{
    adapters::http::{Http, HttpOptions, Method, Recorded},
    domain::FaultKind,
};
use secrecy::SecretString;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use url::Url;

/// A part of the canary that has the same spelling everywhere.
const TRACE: &str = "5ecret";

#[tokio::test]
async fn an_echoed_key_is_struck_out_of_everything() {
    let encoded = "canary-5ecret%2Fwith%2Bmarks%3D";
    let body = format!(r#"{{"error":{{"message":"Bad token {CANARY} or {encoded}"}}}}"#);
    let headers = format!("X-Echo: Bearer {CANARY}\r\n");
    let server = Server::start([
        answer("401 Unauthorized", &headers, &body),
        answer("200 OK", "", &format!("<html>{CANARY}")),
        answer("429 Slow", "Retry-After: 99\r\n", &body),
    ])
    .await;
    let http = http();
    let call = || http.get(&server.base, "x").bearer(&canary());
    assert!(!format!("{:?}", call()).contains(TRACE));
    let refused = call().send().await.unwrap();
    assert!(server.requests()[0].contains(&format!("authorization: Bearer {CANARY}\r\n")));
    let header = refused.header("x-echo").unwrap().to_owned();
    let mut texts = vec![refused.text(), refused.value().to_string(), header];
    texts.push(refused.excerpt());
    let fault = refused.success().unwrap_err();
    assert_eq!(fault.kind, FaultKind::KeyRejected);
    texts.push(fault.detail.unwrap());
    let page = call().send().await.unwrap();
    texts.push(page.text());
    texts.push(format!("{:?} [secret]", page.json::<String>().unwrap_err()));
    texts.push(call().send().await.unwrap_err().detail.unwrap());
    for text in texts {
        assert!(!text.contains(TRACE), "{text}");
        assert!(text.contains("[secret]"), "{text}");
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_gets_nothing() {
    let other = Server::start([good("{}")]).await;
    let location = format!("Location: {}steal\r\n", other.base);
    let on = || answer("302 Found", &location, "");
    let server = Server::start([on(), on(), on()]).await;
    let http = http();
    for method in [Method::GET, Method::POST] {
        let call = http.request(method, &server.base, "x").bearer(&canary());
        let fault = call.send().await.unwrap().success().unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadAnswer);
        let port = other.base.port().unwrap();
        assert!(
            fault
                .what
                .contains(&format!("sends the call on to 127.0.0.1:{port}")),
            "{fault}"
        );
    }
    let fault = http
        .get(&server.base, "x")
        .send()
        .await
        .unwrap()
        .json::<u8>()
        .unwrap_err();
    assert!(fault.what.contains("no key was sent there"));
    assert_eq!(other.count(), 0);
}

#[tokio::test]
async fn a_secret_in_an_address_is_not_sent() {
    let server = Server::start([good("{}")]).await;
    let http = http();
    for call in [
        http.get(&server.base, "x").query([("api_key", CANARY)]),
        http.get(&server.base, &format!("x/{CANARY}")),
    ] {
        let fault = call.redact(&canary()).send().await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadInput);
        assert!(!format!("{fault:?}").contains(TRACE));
    }
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_key_with_a_line_break_is_refused_before_it_is_sent() {
    let server = Server::start([good("{}")]).await;
    let broken = SecretString::from(format!("{CANARY}\nX-Evil: 1"));
    for call in [
        http().get(&server.base, "x").bearer(&broken),
        http()
            .get(&server.base, "x")
            .secret_header("Personal-Token", &broken),
    ] {
        let fault = call.send().await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadInput);
        assert!(fault.what.contains("line break"), "{fault}");
        assert!(!format!("{fault:?}").contains(TRACE));
    }
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_key_never_travels_in_clear_text() {
    let afar = Url::parse("http://platform.example/").unwrap();
    let fault = http()
        .get(&afar, "x")
        .bearer(&canary())
        .send()
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadInput);
    assert!(fault.what.contains("not encrypted"), "{fault}");
}

#[tokio::test]
async fn a_server_that_cannot_encrypt_is_unreachable() {
    let server = Server::start([good("{}")]).await;
    let mut encrypted = server.base.clone();
    encrypted.set_scheme("https").unwrap();
    let http = Http::new(HttpOptions {
        connect_timeout: Duration::from_millis(300),
        ..options()
    });
    let fault = http
        .post(&encrypted, "x")
        .bearer(&canary())
        .send()
        .await
        .unwrap_err();
    assert!(
        fault.what.ends_with("nothing was changed.") || fault.kind == FaultKind::Host,
        "{fault:?}"
    );
    assert!(
        server
            .requests()
            .iter()
            .all(|request| !request.contains(TRACE))
    );
}

#[tokio::test]
async fn the_recorder_sees_calls_but_no_secrets() {
    let server = Server::start([good("{}"), good("{}")]).await;
    let seen = Arc::new(Mutex::new(Vec::<Recorded>::new()));
    let notes = Arc::clone(&seen);
    let http = Http::new(HttpOptions {
        recorder: Some(Arc::new(move |call: &Recorded| {
            notes.lock().unwrap().push(call.clone());
        })),
        ..options()
    });
    let body = serde_json::json!({"password": CANARY, "user": "ada"});
    let call = http
        .post(&server.base, "login")
        .query([("a", "b")])
        .json(&body);
    call.secret_header("Personal-Token", &canary())
        .send()
        .await
        .unwrap();
    assert!(server.requests()[0].contains(&format!("personal-token: {CANARY}\r\n")));
    assert!(server.requests()[0].contains("\"password\":\"canary-5ecret"));
    let hook = SecretString::from(format!("{}services/T00/{}", server.base, "k".repeat(24)));
    let call = http.secret_address(Method::POST, &hook).json("hello");
    assert!(!format!("{call:?}").contains("kkk"));
    call.send().await.unwrap();
    assert!(server.requests()[1].starts_with("POST /services/T00/kkkk"));
    let seen = seen.lock().unwrap();
    let host = format!("127.0.0.1:{}", server.base.port().unwrap());
    let names = ["accept", "content-type", "personal-token", "user-agent"];
    assert_eq!(
        seen[0],
        Recorded {
            method: "POST".to_owned(),
            host,
            path: "/login".to_owned(),
            query: Some("a=b".to_owned()),
            header_names: names.map(str::to_owned).to_vec(),
            body: Some(r#"{"password":"[secret]","user":"ada"}"#.to_owned()),
            status: Some(200),
        }
    );
    assert_eq!(seen[1].path, "/[secret]");
    assert!(!format!("{seen:?}").contains(TRACE) && !format!("{seen:?}").contains("kkk"));
}

#[tokio::test]
async fn a_webhook_that_echoes_its_address_stays_secret() {
    let token = "t0ken".repeat(5);
    let server = Server::start([answer("404 Not Found", "", &format!("no hook {token}"))]).await;
    let hook = SecretString::from(format!("{}api/webhooks/42/{token}\n", server.base));
    let call = http().secret_address(Method::POST, &hook).json("hello");
    let fault = call.send().await.unwrap().success().unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
    assert_eq!(fault.detail.as_deref(), Some("HTTP 404: no hook [secret]"));
    let fault = http()
        .secret_address(Method::POST, &SecretString::from(token.clone()))
        .send()
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadInput);
    assert!(!format!("{fault:?}").contains("t0ken"));
}
