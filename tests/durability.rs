//! Kills Guildhall again and again while it provisions, on platforms that live on in another process, and looks
//! afterwards whether anything was made twice, left over, or lost after it had been acknowledged.
//!
//! `GUILDHALL_KILLS` says how often, `GUILDHALL_SEED` repeats a run whose seed was printed.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test"
)]

#[path = "durability/fire.rs"]
mod fire;
#[path = "support/hall.rs"]
mod hall;
#[path = "durability/keys.rs"]
mod keys;
#[path = "support/platforms.rs"]
mod platforms;
#[path = "durability/town.rs"]
mod town;
#[path = "durability/verdict.rs"]
mod verdict;

use fire::Fire;
use rand::{SeedableRng as _, rngs::StdRng};
use std::{thread, time::Instant};
use town::Town;

/// How many Guildhalls work on the one database at the same time.
const AT_ONCE: u64 = 3;
/// What fits into a minute or two on two busy cores; `.ci/run` asks for more.
const KILLS: usize = 100;

#[test]
fn killed_at_random_nothing_is_doubled_orphaned_or_lost() {
    let seed: u64 = setting("GUILDHALL_SEED").unwrap_or_else(rand::random);
    let kills = setting("GUILDHALL_KILLS").unwrap_or(KILLS);
    eprintln!("GUILDHALL_SEED={seed} GUILDHALL_KILLS={kills}");
    let start = Instant::now();
    let town = Town::begin();
    let fire = Fire::of(kills);
    fire.measure(&town);
    thread::scope(|scope| {
        for worker in 0..AT_ONCE {
            let (town, fire) = (&town, &fire);
            scope.spawn(move || {
                let mut random = StdRng::seed_from_u64(seed.wrapping_add(worker));
                let mut number = worker;
                while fire.is_left() {
                    fire.community(town, &format!("community-{number}"), &mut random);
                    number += AT_ONCE;
                }
            });
        }
    });
    eprintln!("{} in {:?}", fire.summary(), start.elapsed());
    verdict::everything_is_as_it_should_be(&town, &fire.acknowledged());
    eprintln!("verdict after {:?}", start.elapsed());
}

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .ok()
            .unwrap_or_else(|| panic!("{name} is no number")),
    )
}
