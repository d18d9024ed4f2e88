//! Provisioning many communities at once, against the longest chain of calls that one of them needs.
//!
//! `cargo bench --bench provisioning` makes 100 communities (`GUILDHALL_BENCH_COMMUNITIES`) on three simulated platforms
//! where each can have a key of its own and no person is asked, at 50 ms latency. First with the platforms' own limits
//! lifted and any number of operations at once, then with as many as the program runs, then with the limits in force. It
//! prints figures and asserts nothing but that everything was made: wall time depends on the machine, which here also
//! runs the platforms. The bound is what no scheduling can beat: the longest operation, or all of them shared out over
//! those that run at once.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

mod town;

use std::time::Duration;
use town::Town;

/// How late every answer comes.
const LATENCY: Duration = Duration::from_millis(50);
/// What the program runs at once.
const USUAL: usize = 16;

fn main() {
    let communities = std::env::var("GUILDHALL_BENCH_COMMUNITIES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    println!(
        "{communities} communities on {}, {} ms latency\n",
        town::PLATFORMS.join(", "),
        LATENCY.as_millis()
    );
    println!(
        "{:<34}{:>7}{:>11}{:>11}{:>8}{:>9}",
        "", "calls", "bound s", "wall s", "ratio", "refused"
    );
    for (what, at_once, limited) in [
        ("limits lifted, all at once", 10_000, false),
        ("limits lifted, as the program", USUAL, false),
        ("limits in force, as the program", USUAL, true),
    ] {
        let figures = runtime.block_on(async {
            let town = Town::ready(communities, at_once, limited).await;
            town.provision(LATENCY, at_once).await
        });
        println!(
            "{what:<34}{:>7}{:>11.2}{:>11.2}{:>8.2}{:>9}",
            figures.calls,
            figures.bound.as_secs_f64(),
            figures.wall.as_secs_f64(),
            figures.wall.as_secs_f64() / figures.bound.as_secs_f64(),
            figures.refused,
        );
    }
    println!("\nThe aim is a ratio of 1.15, and that no call is refused for a limit.");
}
