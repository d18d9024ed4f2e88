//! The three durable helpers against a platform in memory: what is recorded is skipped, what may have been made is looked
//! for first, and wherever an operation dies exactly one object exists in the end. Time is tokio's own, and stands still.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test"
)]
#![expect(
    dead_code,
    reason = "the journal is shared with tests that use more of it"
)]

#[path = "support/journal.rs"]
mod journal;

use guildhall::{
    adapters::{
        Halt, Op, Secrets, Settings, Site,
        http::{Http, HttpOptions},
        process::Runner,
    },
    domain::{
        CommunityId, Fault, FaultKind, HumanTask, InstanceId, InstanceKind, OperationKey,
        PlatformId, Progress,
    },
};
use journal::{Death, MemoryJournal};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

/// What one creation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Creation {
    /// It is made, and that is said.
    Made,
    /// It is made, and the answer is lost.
    MadeUnheard,
    /// It is lost on the way, and nobody knows.
    Lost,
    /// It is made, and the process dies before it hears of it.
    MadeAndDied,
    /// The process dies before the call goes out.
    Died,
    /// The platform asks to slow down.
    Limited,
    /// The platform cannot be reached.
    Unreachable,
}

#[derive(Default)]
struct Platform {
    state: Mutex<Made>,
}

#[derive(Default)]
struct Made {
    /// Since when each object is to be seen.
    objects: Vec<Instant>,
    plan: VecDeque<Creation>,
    /// How long what was made stays invisible.
    hidden: Duration,
    finds: usize,
    creations: usize,
}

impl Platform {
    fn with(plan: &[Creation], hidden: Duration) -> Self {
        let platform = Self::default();
        platform.state().plan = plan.iter().copied().collect();
        platform.state().hidden = hidden;
        platform
    }

    fn state(&self) -> MutexGuard<'_, Made> {
        self.state.lock().expect("nobody panicked")
    }

    fn counts(&self) -> (usize, usize, usize) {
        let state = self.state();
        (state.objects.len(), state.finds, state.creations)
    }

    fn find(&self) -> Option<u32> {
        let mut state = self.state();
        state.finds += 1;
        let now = Instant::now();
        state.objects.iter().any(|seen| *seen <= now).then_some(7)
    }

    fn create(&self) -> Result<u32, Fault> {
        let mut state = self.state();
        state.creations += 1;
        let what = state.plan.pop_front().unwrap_or(Creation::Made);
        if matches!(
            what,
            Creation::Made | Creation::MadeUnheard | Creation::MadeAndDied
        ) {
            let seen = Instant::now() + state.hidden;
            state.objects.push(seen);
        }
        let kind = match what {
            Creation::Made => return Ok(7),
            Creation::MadeUnheard | Creation::Lost => FaultKind::OutcomeUnknown,
            Creation::MadeAndDied | Creation::Died => FaultKind::Internal,
            Creation::Limited => FaultKind::RateLimited {
                retry_after: Duration::from_secs(1),
            },
            Creation::Unreachable => FaultKind::Unreachable,
        };
        Err(Fault::new(kind, "The creation did not end well."))
    }
}

fn op(journal: &Arc<MemoryJournal>, settling: Duration, cancel: &CancellationToken) -> Op {
    let site = Site {
        installation: "installation-1".into(),
        community: CommunityId(1),
        slug: "rosewood".parse().expect("a slug"),
        community_name: "Rosewood Co-op".into(),
        description: String::new(),
        instance: InstanceId(1),
        platform: PlatformId::new("alpha"),
        marker: "4f1d2c3b5a69788796a5b4c3d2e1f001".into(),
        kind: InstanceKind::Account,
        external_id: None,
        made_by_us: true,
        active: true,
        settings: Settings::default(),
        facts: BTreeMap::new(),
        secrets: Secrets::default(),
        credential_key: "credential-1".into(),
        locked: false,
        data_folder: "/nonexistent".into(),
        runtime_folder: "/nonexistent".into(),
        settling,
        http: Http::new(HttpOptions::default()),
        runner: Runner::default(),
        supervisor: guildhall::services::supervisor::Supervisor::default().without_systemd(),
    };
    let progress = watch::Sender::new(Progress::default());
    Op::new(
        site,
        Arc::clone(journal) as Arc<_>,
        progress,
        cancel.clone(),
    )
}

async fn ensure(op: &Op, platform: &Platform) -> Result<u32, Halt> {
    op.ensure(
        "space",
        |_: OperationKey| async { Ok(platform.find()) },
        |_: OperationKey| async { platform.create() },
    )
    .await
}

async fn run(
    journal: &Arc<MemoryJournal>,
    platform: &Platform,
    settling: Duration,
) -> Result<u32, Halt> {
    ensure(&op(journal, settling, &CancellationToken::new()), platform).await
}

/// Lets time pass by the journal's clock.
fn pass(journal: &MemoryJournal, time: Duration) {
    *journal.later.lock().expect("nobody panicked") += time;
}

fn kind(halt: Halt) -> FaultKind {
    match halt {
        Halt::Stopped(fault) => fault.kind,
        Halt::Human(task) => panic!("nobody is asked: {}", task.title),
    }
}

const SETTLING: Duration = Duration::from_secs(20);
const AT_ONCE: Duration = Duration::ZERO;

#[tokio::test(start_paused = true)]
async fn what_is_recorded_is_neither_looked_for_nor_made_again() {
    let (journal, platform) = (MemoryJournal::new(), Platform::default());
    assert_eq!(run(&journal, &platform, SETTLING).await, Ok(7));
    assert_eq!(run(&journal, &platform, SETTLING).await, Ok(7));
    assert_eq!(platform.counts(), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_was_made_and_not_recorded_is_found_even_when_it_shows_late() {
    let journal = MemoryJournal::new();
    let platform = Platform::with(&[], Duration::from_secs(5));
    // The first write is the intent, the second the record.
    journal.revive(Some(Death::BeforeWrite(2)));
    assert_eq!(
        kind(run(&journal, &platform, SETTLING).await.unwrap_err()),
        FaultKind::Internal
    );
    journal.revive(None);
    assert_eq!(run(&journal, &platform, SETTLING).await, Ok(7));
    let (objects, finds, creations) = platform.counts();
    assert_eq!((objects, creations), (1, 1));
    assert!(finds > 1, "it was looked for {finds} times");
}

#[tokio::test(start_paused = true)]
async fn a_creation_nobody_heard_of_is_found_and_not_repeated() {
    let journal = MemoryJournal::new();
    let platform = Platform::with(&[Creation::MadeUnheard], Duration::from_secs(5));
    assert_eq!(run(&journal, &platform, SETTLING).await, Ok(7));
    let (objects, _, creations) = platform.counts();
    assert_eq!((objects, creations), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_is_lost_three_times_is_given_up_with_its_outcome_unknown() {
    let journal = MemoryJournal::new();
    let platform = Platform::with(&[Creation::Lost; 4], AT_ONCE);
    let halt = run(&journal, &platform, SETTLING).await.unwrap_err();
    assert_eq!(kind(halt), FaultKind::OutcomeUnknown);
    assert_eq!(platform.counts().2, 3);
    // The next run looks before it tries again.
    let (_, looked, _) = platform.counts();
    platform.state().plan = [Creation::Made].into();
    assert_eq!(run(&journal, &platform, SETTLING).await, Ok(7));
    let (objects, finds, creations) = platform.counts();
    assert!(finds > looked);
    assert_eq!((objects, creations), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn where_nothing_settles_one_look_is_enough() {
    for first in [Creation::Limited, Creation::Unreachable, Creation::Died] {
        let journal = MemoryJournal::new();
        let platform = Platform::with(&[first], AT_ONCE);
        let halt = run(&journal, &platform, AT_ONCE).await.unwrap_err();
        assert_ne!(kind(halt), FaultKind::OutcomeUnknown);
        let began = Instant::now();
        assert_eq!(run(&journal, &platform, AT_ONCE).await, Ok(7));
        assert_eq!(platform.counts(), (1, 1, 2), "{first:?}");
        assert_eq!(began.elapsed(), Duration::ZERO, "{first:?}");
    }
    let journal = MemoryJournal::new();
    let platform = Platform::with(&[Creation::MadeUnheard], AT_ONCE);
    assert_eq!(run(&journal, &platform, AT_ONCE).await, Ok(7));
    assert_eq!(platform.counts(), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_settling_time_counts_from_the_last_attempt_and_not_from_the_first() {
    let journal = MemoryJournal::new();
    let platform = Platform::with(
        &[Creation::Limited, Creation::MadeAndDied],
        Duration::from_secs(5),
    );
    run(&journal, &platform, SETTLING).await.unwrap_err();
    // Long after the first attempt the second one is made, and the process dies of it.
    pass(&journal, Duration::from_secs(3600));
    run(&journal, &platform, SETTLING).await.unwrap_err();
    assert_eq!(run(&journal, &platform, SETTLING).await, Ok(7));
    let (objects, _, creations) = platform.counts();
    assert_eq!((objects, creations), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_a_pause_at_once() {
    let journal = MemoryJournal::new();
    let platform = Platform::with(&[Creation::Lost], AT_ONCE);
    let cancel = CancellationToken::new();
    let op = op(&journal, Duration::from_secs(600), &cancel);
    let began = Instant::now();
    let (ended, ()) = tokio::join!(ensure(&op, &platform), async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        cancel.cancel();
    });
    assert_eq!(kind(ended.unwrap_err()), FaultKind::Cancelled);
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    assert_eq!(platform.counts().2, 1);
    assert_eq!(
        kind(ensure(&op, &platform).await.unwrap_err()),
        FaultKind::Cancelled,
        "nothing is begun any more"
    );
    assert_eq!(platform.counts().2, 1);
}

#[tokio::test(start_paused = true)]
async fn a_step_is_repeated_until_its_result_is_recorded() {
    let journal = MemoryJournal::new();
    let calls = Mutex::new(0);
    let step = || async {
        let op = op(&journal, SETTLING, &CancellationToken::new());
        op.step("link", || async {
            let mut calls = calls.lock().expect("nobody panicked");
            *calls += 1;
            Ok(*calls)
        })
        .await
    };
    journal.revive(Some(Death::BeforeWrite(2)));
    step().await.unwrap_err();
    journal.revive(None);
    assert_eq!(step().await, Ok(2), "the call may be repeated");
    assert_eq!(step().await, Ok(2), "the record stands");
}

#[tokio::test(start_paused = true)]
async fn a_person_is_waited_for_and_asked_no_more_once_it_is_done() {
    let journal = MemoryJournal::new();
    let task = HumanTask {
        step: "invite".into(),
        title: "invite the bot".into(),
        why: "a program cannot".into(),
        who: "somebody there".into(),
        url: None,
        instructions: Vec::new(),
        asks_for: Vec::new(),
        others_decide: false,
    };
    let ask = |found: Option<u32>| {
        let (op, task) = (
            op(&journal, SETTLING, &CancellationToken::new()),
            task.clone(),
        );
        async move { op.human(task, || async move { Ok(found) }).await }
    };
    assert_eq!(ask(None).await, Err(Halt::Human(Box::new(task.clone()))));
    assert_eq!(ask(None).await, Err(Halt::Human(Box::new(task.clone()))));
    assert_eq!(ask(Some(3)).await, Ok(3));
    assert_eq!(ask(None).await, Ok(3));
}

/// Where one run of the operation dies, beside what its creations do.
fn death() -> impl Strategy<Value = Option<Death>> {
    prop_oneof![
        Just(None),
        (1_usize..5).prop_map(|write| Some(Death::BeforeWrite(write))),
        (1_usize..5).prop_map(|write| Some(Death::AfterWrite(write))),
    ]
}

fn creation() -> impl Strategy<Value = Creation> {
    prop_oneof![
        Just(Creation::Made),
        Just(Creation::MadeUnheard),
        Just(Creation::Lost),
        Just(Creation::MadeAndDied),
        Just(Creation::Died),
        Just(Creation::Limited),
        Just(Creation::Unreachable),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn however_it_dies_exactly_one_object_exists_in_the_end(
        plan in prop::collection::vec(creation(), 0..8),
        deaths in prop::collection::vec((death(), 0_u64..120), 0..6),
        hidden in 0_u64..15,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let journal = MemoryJournal::new();
            let platform = Platform::with(&plan, Duration::from_secs(hidden));
            let mut done = false;
            for (death, later) in deaths {
                journal.revive(death);
                done |= run(&journal, &platform, SETTLING).await.is_ok();
                prop_assert!(platform.counts().0 <= 1);
                let later = Duration::from_secs(later);
                tokio::time::sleep(later).await;
                pass(&journal, later);
            }
            journal.revive(None);
            // Every run takes at least one creation off the plan; after that they succeed.
            for _ in 0..=plan.len() {
                done |= run(&journal, &platform, SETTLING).await.is_ok();
            }
            prop_assert!(done);
            prop_assert_eq!(platform.counts().0, 1);
            Ok(())
        })?;
    }
}
