//! The list of cases that every platform goes through.
//!
//! A failure names platform, case and moment: "matrix: killed at step 4 of provision: ...". To let a platform join, add a
//! line to the list at the end of this file.

mod bad_luck;
mod hands;
mod keys;
mod misfortunes;
mod obstacles;
mod once;
mod owners;
mod replaced;
mod shapes;
mod switching;

use crate::description::Platform;
use guildhall::{
    adapters::{Halt, Presence},
    domain::Fault,
};

/// How many things a person may be asked for until an instance is there.
const MOST_TASKS: usize = 12;

/// Provisions, doing what people are asked for, until it is there, fails, or dies as planned.
async fn finish<P: Platform>(world: &P) -> Result<Presence, Fault> {
    for _ in 0..MOST_TASKS {
        match world.provision().await {
            Ok(presence) => return Ok(presence),
            Err(Halt::Stopped(fault)) => return Err(*fault),
            Err(Halt::Human(task)) => world.fulfil(&task).await,
        }
    }
    panic!("{}: people are asked for ever more", P::NAME);
}

/// An instance that is there, as the engine knows it.
async fn there<P: Platform>() -> P {
    let mut world = P::fresh().await;
    settle(&mut world, "provision").await;
    world
}

/// Provisions and records it, or fails in the name of the moment.
async fn settle<P: Platform>(world: &mut P, moment: &str) -> Presence {
    let presence = finish(world)
        .await
        .unwrap_or_else(|fault| panic!("{}: {moment}: {fault:?}", P::NAME));
    world.take(&presence);
    presence
}

/// Makes the tests of one platform: one for each case.
macro_rules! conformance {
    ($($platform:ident: $world:ty),+ $(,)?) => {
        $(mod $platform {
            conformance!(@cases $world;
                once::provisioned_twice,
                once::killed_while_provisioning,
                once::answers_lost_after_the_work,
                shapes::made_once_by_answers_of_a_wrong_shape,
                shapes::nothing_is_gone_by_an_answer_of_a_wrong_shape,
                shapes::switched_back_after_answers_of_a_wrong_shape,
                bad_luck::refused,
                bad_luck::broken,
                bad_luck::slowed_down,
                switching::off_and_on,
                switching::killed_while_switching,
                hands::drift_is_told,
                hands::adopting_deletes_nothing,
                hands::removed_and_removed_again,
                obstacles::a_bot_that_is_not_in_the_server,
                obstacles::a_bot_without_the_permission,
                obstacles::a_key_of_another_server,
                obstacles::a_name_taken_by_somebody_else,
                misfortunes::a_key_refused_in_the_middle,
                misfortunes::a_key_revoked_in_the_middle,
                misfortunes::slowed_down_for_an_hour,
                misfortunes::a_platform_down_for_a_day,
                misfortunes::something_renamed_by_hand,
                misfortunes::a_marker_taken_away_by_hand,
                misfortunes::something_archived_by_hand,
                misfortunes::a_part_deleted_by_hand,
                misfortunes::our_right_taken_by_hand,
                misfortunes::deleted_by_hand,
                owners::told_when_people_own_it,
                owners::given_away_by_a_call,
                owners::not_theirs_by_answers_of_a_wrong_shape,
                keys::wrong_keys,
                keys::nothing_secret_is_written,
                replaced::killed_while_replacing,
            );
        })+
    };
    (@cases $world:ty; $($room:ident::$case:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $case() {
            super::$room::$case::<$world>().await;
        })+
    };
}

conformance! {
    discord: crate::discord::Server,
    discourse: crate::discourse::Forum,
    kybern: crate::kybern::Commons,
    loomio_hosted: crate::loomio::Hosted,
    loomio_own_server: crate::loomio::OwnServer,
    mastodon: crate::mastodon::Server,
    matrix: crate::matrix::Homeserver,
    metagov: crate::metagov::Gate,
    opencollective: crate::opencollective::Service,
    slack: crate::slack::Workspace,
    policykit: crate::policykit::Hall,
    policykit_shared: crate::policykit::Tenant,
    sourcecred: crate::sourcecred::Ledger,
}
