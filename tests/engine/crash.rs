//! A process that dies at any point of an operation leaves no orphan and no double; two processes never do the same work.

use super::{fake_adapter::PARTS, *};
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Every point between two writes to the journal.
fn points() -> Vec<String> {
    let mut points = vec!["provision".to_owned()];
    for part in PARTS {
        points.push(format!("before {part}"));
        points.push(format!("after {part}"));
    }
    points.extend(["link", "provisioned", "activate", "activated"].map(str::to_owned));
    points
}

#[test]
fn dying_at_any_point_leaves_exactly_one_of_everything() {
    for point in points() {
        let home = Home::new();
        let first = runtime();
        first.block_on(async {
            let engine = home.init().await;
            home.world.stop_at(&point);
            create(&engine).await;
            tokio::time::timeout(Duration::from_secs(10), home.world.somebody_stopped())
                .await
                .unwrap_or_else(|_| panic!("nobody came to {point:?}"));
        });
        // The process dies: no future goes on, nothing is put away.
        first.shutdown_background();
        home.world.release();
        let second = runtime();
        second.block_on(async {
            let engine = home.open().await;
            engine.start().await;
            settle(&engine).await;
            assert_eq!(
                observed(&engine, "alpha").await,
                Observed::Ready,
                "died at {point:?}"
            );
        });
        for part in PARTS {
            assert_eq!(home.world.count(part), 1, "{part}, died at {point:?}");
        }
        assert!(
            home.world.objects().iter().all(|object| object.active),
            "died at {point:?}"
        );
        second.shutdown_background();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_of_a_process_that_is_gone_is_not_called_running() {
    let home = Home::new();
    let working = home.init().await;
    home.world.stop_at("after room-1");
    create(&working).await;
    home.world.somebody_stopped().await;
    let words = |rows: Vec<OperationRow>| rows.first().map(OperationRow::state_words);
    assert_eq!(words(operations(&working).await), Some("running"));

    // Long after its lease would have been renewed, had its process lived.
    let mut options = home.options.clone();
    options.clock = Arc::new(|| jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1));
    let looking = Engine::open(options).await.expect("it opens");
    assert_eq!(words(operations(&looking).await), Some("interrupted"));
    home.world.release();
}

#[test]
fn a_shutdown_puts_work_away_and_the_next_start_goes_on_at_once() {
    let home = Home::new();
    let first = runtime();
    first.block_on(async {
        let engine = home.init().await;
        home.world.stop_at("after room-1");
        create(&engine).await;
        home.world.somebody_stopped().await;
        engine.shutdown().await;
        let states = states(&engine).await;
        assert_eq!(
            states,
            [("alpha provision".to_owned(), OperationState::Queued)]
        );
    });
    first.shutdown_background();
    home.world.release();
    runtime().block_on(async {
        let engine = home.open().await;
        engine.start().await;
        settle(&engine).await;
        assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
        assert_eq!(home.world.count("room-1"), 1);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn two_guildhalls_on_one_file_never_do_the_same_work() {
    let home = Home::new();
    let one = home.init().await;
    let other = home.open().await;
    one.start().await;
    other.start().await;
    for number in 0..12 {
        let engine = if number % 2 == 0 { &one } else { &other };
        let mut new = rosewood();
        new.slug = slug(&format!("community-{number}"));
        new.choices.insert(id("beta"), Choice::Off);
        let actor = ada(engine).await;
        engine
            .submit(&actor, Intent::CreateCommunity(new))
            .await
            .unwrap();
    }
    settle(&one).await;
    settle(&other).await;
    settle(&one).await;
    assert_eq!(home.world.most_inside(), 1, "two at work on one instance");
    for part in PARTS {
        assert_eq!(home.world.count(part), 12);
    }
    let unfinished: Vec<_> = operations(&one)
        .await
        .into_iter()
        .filter(|row| row.operation.state != OperationState::Done)
        .collect();
    assert_eq!(unfinished, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_works_off_its_own_and_leaves_the_rest_to_the_screen() {
    let home = Home::new();
    let engine = home.init().await;
    home.world.stop_at("before hall");
    create(&engine).await;
    home.world.somebody_stopped().await;
    engine.shutdown().await;
    home.world.release();
    let command = home.open().await;
    let mut new = rosewood();
    new.slug = slug("fern");
    let actor = ada(&command).await;
    command
        .submit(&actor, Intent::CreateCommunity(new))
        .await
        .unwrap();
    settle(&command).await;
    assert_eq!(home.world.count("hall"), 1, "only fern's");
    command.start().await;
    settle(&command).await;
    assert_eq!(home.world.count("hall"), 2);
}
