//! A rotation is cut off at every single step: at each call to the platform, and before each change of a row of the
//! database. Whoever begins again comes to the same end.

use super::{
    rotation::{NEW, OLD, begun, key_of, only_rotation, replace, resume_what_waits, runtime},
    *,
};
use guildhall::domain::{CredentialState, RotationReason};
use rusqlite::Connection;

/// More rows than a rotation changes.
const PLENTY: i64 = 1_000_000;

/// What the process is cut off at.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// The call with this number stands still, and the process ends.
    Call(usize),
    /// No row can be changed any more after so many.
    Row(i64),
}

/// Lets so many rows be changed from now on; then nothing is written any more, as after a death.
fn allow(home: &Home, rows: i64) {
    let database = Connection::open(home.options.home.join("guildhall.db")).unwrap();
    let mut named = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name != 'allowed'")
        .unwrap();
    let tables: Vec<String> = named
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let changes = ["INSERT", "UPDATE", "DELETE"];
    let triggers: Vec<String> = tables
        .iter()
        .flat_map(|table| changes.map(|change| (table, change)))
        .map(|(table, change)| {
            format!(
                "CREATE TRIGGER IF NOT EXISTS cut_{table}_{change} BEFORE {change} ON {table} BEGIN
                   UPDATE allowed SET rows = rows - 1;
                   SELECT RAISE(ABORT, 'cut off') FROM allowed WHERE rows < 0;
                 END;"
            )
        })
        .collect();
    let orders = format!(
        "CREATE TABLE IF NOT EXISTS allowed (rows INTEGER); DELETE FROM allowed;
         INSERT INTO allowed VALUES ({rows}); {}",
        triggers.concat()
    );
    database.execute_batch(&orders).unwrap();
}

fn left(home: &Home) -> i64 {
    let database = Connection::open(home.options.home.join("guildhall.db")).unwrap();
    database
        .query_row("SELECT rows FROM allowed", [], |row| row.get(0))
        .unwrap()
}

/// An instance that works with the old key.
async fn furnished(home: &Home) {
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", OLD).await;
    settle(&engine).await;
    home.world.mint_keys();
    engine.shutdown().await;
}

/// Everything that is to be done for the rotation, from wherever it stands.
async fn go_through(engine: &Engine, by_hand: bool, home: &Home) {
    let actor = ada(engine).await;
    if engine.rotations(&actor, false).await.unwrap().is_empty() {
        let key = key_of(engine, "rosewood").await;
        replace(engine, key, RotationReason::Leaked).await;
    }
    settle(engine).await;
    if by_hand && only_rotation(engine).await.rotation.ended_at.is_none() {
        // Whether it was entered before is told by whether it is refused now.
        let _ = enter_for(engine, "rosewood", NEW).await;
        settle(engine).await;
        home.world.kill(OLD);
        resume_what_waits(engine).await;
        settle(engine).await;
    }
}

/// A rotation in a process that is cut off, where it is; answers how many calls and changed rows it came to.
fn disturbed(by_hand: bool, cut: Option<Cut>) -> (usize, i64) {
    let home = Home::new();
    let first = runtime();
    first.block_on(furnished(&home));
    first.shutdown_background();
    if by_hand {
        home.world.mint_nothing();
    }
    let rows = match cut {
        Some(Cut::Row(rows)) => rows,
        _ => PLENTY,
    };
    let process = runtime();
    let calls = process.block_on(async {
        let engine = begun(&home).await;
        settle(&engine).await;
        let events = engine.events(&ada(&engine).await);
        allow(&home, rows);
        let before = home.world.calls().len();
        if let Some(Cut::Call(number)) = cut {
            home.world.stop_at_call(number);
        }
        let work = tokio::spawn({
            let (engine, home) = (engine.clone(), home.clone());
            async move { go_through(&engine, by_hand, &home).await }
        });
        tokio::select! {
            () = home.world.somebody_stopped(), if matches!(cut, Some(Cut::Call(_))) => {}
            () = nothing_is_written(events) => {}
            _ = work => {}
        }
        home.world.calls().len() - before
    });
    process.shutdown_background();
    let changed = PLENTY - left(&home);
    home.world.release();
    allow(&home, PLENTY);
    let last = runtime();
    last.block_on(async {
        let engine = begun(&home).await;
        go_through(&engine, by_hand, &home).await;
        let report = only_rotation(&engine).await;
        let proof = &report.rotation.proof;
        assert!(proof.contains("refused it"), "{cut:?}: {report:#?}");
        let actor = ada(&engine).await;
        let accounts = engine.accounts(&actor).await.unwrap();
        let mut states: Vec<_> = accounts
            .iter()
            .flat_map(|row| row.keys.iter().map(|key| key.state))
            .collect();
        states.sort_unstable_by_key(|state| state.word());
        let expected = [CredentialState::Active, CredentialState::Revoked];
        assert_eq!(states, expected, "{cut:?}");
        assert_eq!(observed(&engine, "beta").await, Observed::Ready, "{cut:?}");
        assert_eq!(home.world.count("hall"), 2, "{cut:?}: one of each platform");
        let tasks = engine.tasks(&actor).await.unwrap();
        assert!(tasks.is_empty(), "{cut:?}: {tasks:?}");
        let verdict = engine.audit_verify(&actor).await.unwrap();
        assert_eq!(verdict.broken, None, "{cut:?}");
    });
    last.shutdown_background();
    (calls, changed)
}

fn cut_everywhere(by_hand: bool) {
    let (calls, rows) = disturbed(by_hand, None);
    assert!(calls >= 3 && rows >= 20, "{calls} calls, {rows} rows");
    for number in 0..calls {
        disturbed(by_hand, Some(Cut::Call(number)));
    }
    for number in 0..rows {
        disturbed(by_hand, Some(Cut::Row(number)));
    }
}

#[test]
fn cut_at_every_step_where_the_platform_makes_keys() {
    cut_everywhere(false);
}

#[test]
fn cut_at_every_step_where_a_person_makes_keys() {
    cut_everywhere(true);
}
