//! The budgets: how fast the screen starts, answers a key and leaves, how little it writes, and that it rests.
//!
//! `cargo bench --bench budgets` builds an installation with 1,000 communities and 11,000 instances (ten times as many
//! with `GUILDHALL_BENCH_LARGE=1`), runs the optimised program on it in a pseudo-terminal of 120x40, and prints each
//! figure beside its budget. It asserts nothing: times depend on the machine. Bytes, context switches and processor
//! time can be compared between machines; wall times cannot.
//!
//! `GUILDHALL_BENCH_IDLE_SECONDS` says how long it is left alone (10), `GUILDHALL_BENCH_STARTS` how often it is started
//! (10).

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

mod figures;
mod installation;
mod terminal;

use figures::{Figures, measure};

/// The budgets for 1,000 and for 10,000 communities, in the order of the table.
struct Budgets {
    first_frame_cpu: &'static str,
    first_frame_wall: &'static str,
    memory: &'static str,
}

const USUAL: Budgets = Budgets {
    first_frame_cpu: "15",
    first_frame_wall: "40",
    memory: "15",
};

const LARGE: Budgets = Budgets {
    first_frame_cpu: "40",
    first_frame_wall: "-",
    memory: "60",
};

fn main() {
    let large = std::env::var("GUILDHALL_BENCH_LARGE").is_ok_and(|value| value == "1");
    let idle_seconds = number("GUILDHALL_BENCH_IDLE_SECONDS", 10);
    let starts = number("GUILDHALL_BENCH_STARTS", 10).max(1);
    let communities = if large { 10_000 } else { 1_000 };
    let folder = tempfile::tempdir().unwrap();
    let place = installation::build(folder.path(), communities);
    let figures = measure(&place, starts, idle_seconds);
    print(
        &figures,
        if large { &LARGE } else { &USUAL },
        communities,
        idle_seconds,
    );
}

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(usual)
}

fn print(figures: &Figures, budgets: &Budgets, communities: u32, idle_seconds: u64) {
    println!(
        "{communities} communities, {} instances, 120x40, {} starts",
        communities * 11,
        figures.starts
    );
    let line = |what: &str, figure: String, budget: &str| {
        println!("{what:<46} {figure:>22}   {budget:>8}");
    };
    line("", "measured".to_owned(), "budget");
    let first = &figures.first_frame;
    line(
        "first full frame, processor, ms (least/median)",
        format!("{:.1} / {:.1}", first.cpu.least(), first.cpu.at(50)),
        budgets.first_frame_cpu,
    );
    line(
        "first full frame, wall, ms (least/median)",
        format!("{:.1} / {:.1}", first.wall.least(), first.wall.at(50)),
        budgets.first_frame_wall,
    );
    line(
        "key to frame, ms (p50/p99/most)",
        format!(
            "{:.2} / {:.2} / {:.2}",
            figures.key.at(50),
            figures.key.at(99),
            figures.key.at(100)
        ),
        "5",
    );
    line(
        "bytes of a cursor move (p50/p99/most)",
        format!(
            "{:.0} / {:.0} / {:.0}",
            figures.move_bytes.at(50),
            figures.move_bytes.at(99),
            figures.move_bytes.at(100)
        ),
        "350",
    );
    line(
        "bytes until the chosen row is shown (p50/p99)",
        format!(
            "{:.0} / {:.0}",
            figures.settled_bytes.at(50),
            figures.settled_bytes.at(99)
        ),
        "-",
    );
    line(
        "bytes of a full repaint",
        figures.repaint_bytes.to_string(),
        "4500",
    );
    line(
        &format!("at rest, {idle_seconds} s, context switches"),
        figures.rest.switches.to_string(),
        "0",
    );
    line(
        &format!("at rest, {idle_seconds} s, bytes"),
        figures.rest.bytes.to_string(),
        "0",
    );
    line(
        "resident memory, MiB (all/not shared)",
        format!("{:.1} / {:.1}", figures.memory.all, figures.memory.own),
        budgets.memory,
    );
    line(
        "exit on TERM, ms (median/most)",
        format!("{:.1} / {:.1}", figures.exit.at(50), figures.exit.at(100)),
        "100",
    );
}
