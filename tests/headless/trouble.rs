//! What a person should not have typed and what a server should not have answered, as the screen takes it: one clear
//! sentence with what to do, nothing made, nothing lost.

use super::*;
use guildhall::domain::{Fault, FaultKind};

async fn communities(session: &Session<Headless>) -> usize {
    let engine = session.engine().expect("an engine");
    let actor = engine.actor(None).await.unwrap();
    let overview = engine.overview(&actor).await.unwrap();
    usize::try_from(overview.communities).unwrap()
}

fn pasted(text: &str) -> Vec<TermEvent> {
    vec![TermEvent::Paste(Pasted::new(text.to_owned()))]
}

#[tokio::test]
async fn a_name_that_cannot_be_is_refused_in_its_form() {
    let house = house();
    let engine = installed(&house).await;
    let mut session = start(&house, Start::Open(engine)).await;
    with_rosewood(&mut session).await;

    let shown = press(&mut session, "n up enter").await;
    assert!(shown.contains("A community needs a name."), "{shown}");
    press(&mut session, "esc esc").await;

    press(&mut session, "n").await;
    send(&mut session, pasted("\u{1b}]0;title\u{7}\r\n\u{0}")).await;
    let shown = press(&mut session, "up").await;
    assert!(!shown.contains('\u{1b}'), "{shown}");
    press(&mut session, "esc esc").await;

    press(&mut session, "n text:Other tab ctrl-u text:Bad_Slug!").await;
    let shown = press(&mut session, "up up enter").await;
    assert!(shown.contains("A short name holds only"), "{shown}");
    press(&mut session, "esc esc").await;

    press(&mut session, "n text:Rosewood_Co-op").await;
    let shown = press(&mut session, "up enter").await;
    assert!(shown.contains("rosewood-co-op"), "{shown}");
    let shown = press(&mut session, "tab enter").await;
    assert!(shown.contains("rosewood-co-op"), "{shown}");
    press(&mut session, "esc esc esc").await;
    assert_eq!(communities(&session).await, 1);

    // A paste by mistake is cut to what a name may be, and the form goes on.
    press(&mut session, "n").await;
    send(&mut session, pasted(&"x".repeat(10_000))).await;
    let shown = press(&mut session, "up enter").await;
    assert!(shown.contains("Nothing has been sent yet."), "{shown}");
    press(&mut session, "tab enter").await;
    assert_eq!(communities(&session).await, 2);
}

#[tokio::test]
async fn a_server_that_misbehaves_is_named_in_the_form_and_the_key_is_kept_for_another_try() {
    let house = house();
    let engine = installed(&house).await;
    let mut session = start(&house, Start::Open(engine)).await;
    with_rosewood(&mut session).await;
    let faults = [
        (FaultKind::BadAnswer, "It answered with a web page."),
        (FaultKind::BadAnswer, "Its answer stops in the middle."),
        (FaultKind::Refused, "It sent us to another host."),
        (FaultKind::Unreachable, "It did not answer within 30 s."),
        (
            FaultKind::RateLimited {
                retry_after: Duration::from_secs(60),
            },
            "It asks to slow down.",
        ),
        (FaultKind::KeyRejected, "It does not know this key."),
        (FaultKind::ScopeMissing, "The key may not read members."),
    ];
    press(&mut session, "enter / text:beta enter e").await;
    send(&mut session, pasted(TOKEN)).await;
    for _ in 0..12 {
        if screen(&session).contains("[Verify]") {
            break;
        }
        press(&mut session, "tab").await;
    }
    for (kind, what) in faults {
        house.world.fail(
            "verify",
            Fault::new(kind, what).hint("Look at the address."),
        );
        let shown = press(&mut session, "enter").await;
        assert!(shown.contains(what), "{shown}");
        assert!(shown.contains("Look at the address."), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
        let engine = session.engine().unwrap();
        let actor = engine.actor(None).await.unwrap();
        let slug = "rosewood-co-op".parse().unwrap();
        let beta = engine
            .instance(&actor, &slug, &PlatformId::new("beta"))
            .await
            .unwrap();
        assert!(beta.keys.is_empty(), "{what}");
        for _ in 0..4 {
            if screen(&session).contains("[Verify") {
                break;
            }
            press(&mut session, "tab").await;
        }
    }
    // What was typed is still there: the same key, now accepted.
    let shown = press(&mut session, "enter").await;
    assert!(shown.contains("verified now"), "{shown}");
}

#[tokio::test]
async fn a_missing_key_is_among_what_waits_and_its_form_opens_from_there() {
    let house = house();
    let engine = installed(&house).await;
    let mut session = start(&house, Start::Open(engine)).await;
    let shown = with_rosewood(&mut session).await;
    assert!(shown.contains("1 needs you"), "{shown}");
    let shown = press(&mut session, "t").await;
    assert!(
        shown.contains("The beta") && shown.contains("enter Token"),
        "{shown}"
    );
    let shown = press(&mut session, "enter").await;
    assert!(
        shown.contains("Key for The beta, Rosewood Co-op"),
        "{shown}"
    );
}
