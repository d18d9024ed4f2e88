//! Provisioning many communities at once, against the longest chain of calls that one of them needs.
//!
//! `cargo bench --bench provisioning` makes 100 communities (`GUILDHALL_BENCH_COMMUNITIES`) on seven simulated platforms
//! (`GUILDHALL_BENCH_PLATFORMS`), each with a key of its own, at 50 ms latency (`GUILDHALL_BENCH_LATENCY_MS`) and with the platforms'
//! own limits lifted, which the settings of those platforms then say. `GUILDHALL_BENCH_CALLS=true` prints every call with its time. A second town of 20
//! (`GUILDHALL_BENCH_LIMITED_COMMUNITIES`) is made with the limits in force. Figures are printed and nothing is asserted but that everything was
//! made: wall time depends on the machine, which here also runs the platforms.
//!
//! The critical path is what no scheduling can beat: one community is made alone first, and the calls of it that came one
//! after the other, each after the former was answered, take their number times the latency. What this process and the
//! platforms in it compute takes the time of the processors there are, which is printed beside it: no program is faster than
//! the longer of both.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

mod rates;
mod town;

use std::{collections::BTreeMap, str::FromStr, time::Duration};
use town::{Figures, Town};

fn asked<T: FromStr>(name: &str, usual: T) -> T {
    let set = std::env::var(name).ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn main() {
    let latency = Duration::from_millis(asked("GUILDHALL_BENCH_LATENCY_MS", 50));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    println!(
        "{}, {} ms latency, {} processors",
        town::platforms().join(", "),
        latency.as_millis(),
        processors()
    );
    for (what, variable, usual, limited) in [
        ("limits lifted", "GUILDHALL_BENCH_COMMUNITIES", 100, false),
        (
            "limits in force",
            "GUILDHALL_BENCH_LIMITED_COMMUNITIES",
            20,
            true,
        ),
    ] {
        let communities = asked(variable, usual);
        if communities == 0 {
            continue;
        }
        let make = async |communities| {
            let town = Town::ready(communities, limited).await;
            town.provision(latency).await
        };
        let alone = runtime.block_on(make(1));
        let figures = runtime.block_on(make(communities));
        println!("\n{communities} communities, {what}");
        print_figures(&figures, latency);
        print_path(&alone, &figures, latency);
        print_refused(&figures);
        if asked("GUILDHALL_BENCH_CALLS", false) {
            print_calls(&figures);
        }
        if limited {
            rates::print(&figures.calls);
        }
    }
    println!(
        "\nThe aim is a ratio of 1.15 to the critical path, and that no call is refused for a limit."
    );
}

fn processors() -> u32 {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(count).unwrap()
}

/// Every call in the order in which they came, to see what waits for what.
fn print_calls(figures: &Figures) {
    for platform in town::platforms() {
        for call in figures.made_by(platform) {
            println!(
                "{:>8.3} {:<16}{:>20} {:<7}{} {}",
                figures.since_start(call.at).as_secs_f64(),
                call.platform,
                call.credential.unwrap_or(0),
                call.method,
                call.path,
                call.status
            );
        }
    }
}

/// Which calls were refused for a limit, and how often.
fn print_refused(figures: &Figures) {
    let mut refused = BTreeMap::<_, usize>::new();
    for call in figures.calls.iter().filter(|call| call.status == 429) {
        let key = if call.credential.is_some() {
            "with"
        } else {
            "without"
        };
        let what = (
            call.platform.clone(),
            key,
            call.method.clone(),
            call.path.clone(),
        );
        *refused.entry(what).or_default() += 1;
    }
    for ((platform, key, method, path), times) in refused {
        println!("refused {times} times: {platform} {method} {path}, {key} a key");
    }
}

fn print_figures(figures: &Figures, latency: Duration) {
    println!(
        "{:<16}{:>7}{:>14}{:>11}{:>11}{:>10}",
        "", "calls", "most of a key", "of them s", "ready at s", "refused"
    );
    let mut calls = 0;
    for platform in town::platforms() {
        let of_platform: Vec<_> = figures.made_by(platform).collect();
        let most = figures.most_of_a_key(platform);
        let last = of_platform.iter().map(|call| call.at).max();
        let last = last.map_or(Duration::ZERO, |at| figures.since_start(at) + latency);
        let refused = of_platform.iter().filter(|call| call.status == 429);
        println!(
            "{platform:<16}{:>7}{most:>14}{:>11.2}{:>11.2}{:>10}",
            of_platform.len(),
            (latency * most).as_secs_f64(),
            last.as_secs_f64(),
            refused.count()
        );
        calls += of_platform.len();
    }
    println!("all: {calls} calls in {:.2} s", figures.wall.as_secs_f64());
    println!(
        "processor time {:.2} s, of which each processor has {:.2} s; at most {} MiB",
        figures.cpu.as_secs_f64(),
        (figures.cpu / processors()).as_secs_f64(),
        figures.peak_mib
    );
}

/// How long it took beside the critical path, and beside what one community takes when nothing else is made.
fn print_path(alone: &Figures, figures: &Figures, latency: Duration) {
    let chain = alone.longest_chain(latency);
    let path = latency * chain;
    let wall = figures.wall.as_secs_f64();
    println!(
        "critical path {:.2} s ({chain} calls), wall {wall:.2} s, ratio {:.2}; one community alone takes {:.2} s, ratio {:.2}",
        path.as_secs_f64(),
        wall / path.as_secs_f64(),
        alone.wall.as_secs_f64(),
        wall / alone.wall.as_secs_f64()
    );
}
