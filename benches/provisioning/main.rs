//! Provisioning many communities at once, against the longest chain of calls that one of them needs.
//!
//! `cargo bench --bench provisioning` makes 100 communities (`GUILDHALL_BENCH_COMMUNITIES`) on seven simulated platforms,
//! (`GUILDHALL_BENCH_PLATFORMS`), each with a key of its own, at 50 ms latency (`GUILDHALL_BENCH_LATENCY_MS`). First with the platforms' own limits lifted,
//! as many operations at once as the program runs; then any number at once; then with the limits in force. It prints figures
//! and asserts nothing but that everything was made: wall time depends on the machine, which here also runs the platforms.
//! The critical path is what no scheduling can beat: the longest operation, or all of them shared out over those that run at
//! once. With limits in force it is what the platforms let through, which is not computed here: then only refusals count.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

mod town;

use guildhall::engine::Limits;
use std::{str::FromStr, time::Duration};
use town::Town;

fn asked<T: FromStr>(name: &str, usual: T) -> T {
    let set = std::env::var(name).ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn main() {
    let communities = asked("GUILDHALL_BENCH_COMMUNITIES", 100);
    let latency = Duration::from_millis(asked("GUILDHALL_BENCH_LATENCY_MS", 50));
    let usual = Limits::default().at_once;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    println!(
        "{communities} communities on {}, {} ms latency\n",
        town::platforms().join(", "),
        latency.as_millis()
    );
    println!(
        "{:<34}{:>7}{:>11}{:>9}{:>8}{:>9}{:>8}{:>9}",
        "", "calls", "critical s", "wall s", "ratio", "refused", "cpu s", "peak MiB"
    );
    for (what, at_once, limited) in [
        ("limits lifted, as the program", usual, false),
        ("limits lifted, all at once", 10_000, false),
        ("limits in force, as the program", usual, true),
    ] {
        let figures = runtime.block_on(async {
            let town = Town::ready(communities, at_once, limited).await;
            town.provision(latency, at_once).await
        });
        println!(
            "{what:<34}{:>7}{:>11.2}{:>9.2}{:>8.2}{:>9}{:>8.2}{:>9}",
            figures.calls,
            figures.bound.as_secs_f64(),
            figures.wall.as_secs_f64(),
            figures.wall.as_secs_f64() / figures.bound.as_secs_f64(),
            figures.refused,
            figures.cpu.as_secs_f64(),
            figures.peak_mib,
        );
    }
    println!("\nThe aim is a ratio of 1.15, and that no call is refused for a limit.");
}
