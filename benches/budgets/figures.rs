//! What is measured, in which order, and how a row of values is summed up.

use super::{
    installation::Place,
    terminal::{Memory, Program},
};
use std::time::Duration;

/// Nothing written for this long: the screen has shown what it was asked for.
const QUIET: Duration = Duration::from_millis(250);
/// Cursor moves, half of them down and half up.
const MOVES: usize = 100;

/// Values of one kind.
#[derive(Default)]
pub struct Values(Vec<f64>);

impl Values {
    fn add(&mut self, value: f64) {
        let place = self.0.partition_point(|other| *other < value);
        self.0.insert(place, value);
    }

    /// The smallest.
    pub fn least(&self) -> f64 {
        self.0.first().copied().unwrap_or_default()
    }

    /// The smallest value that this share of a hundred does not exceed (nearest rank).
    pub fn at(&self, percent: usize) -> f64 {
        self.0
            .get((self.0.len() * percent).div_ceil(100).saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }
}

/// Milliseconds until the first full frame.
#[derive(Default)]
pub struct FirstFrame {
    pub cpu: Values,
    pub wall: Values,
}

/// What happened while nothing was asked.
#[derive(Default)]
pub struct Rest {
    pub switches: u64,
    pub bytes: usize,
}

/// All of it.
#[derive(Default)]
pub struct Figures {
    pub starts: u64,
    pub first_frame: FirstFrame,
    pub key: Values,
    pub move_bytes: Values,
    pub settled_bytes: Values,
    pub repaint_bytes: usize,
    pub rest: Rest,
    pub memory: Memory,
    pub exit: Values,
}

/// Measures the program on that installation.
pub fn measure(place: &Place, starts: u64, idle_seconds: u64) -> Figures {
    let mut figures = Figures {
        starts,
        ..Figures::default()
    };
    for turn in 1..=starts {
        let mut program = Program::start(place);
        first_frame(&program, place, &mut figures);
        if turn == starts {
            program.wait_until_quiet(QUIET * 4);
            at_rest(&program, idle_seconds, &mut figures);
            moves(&mut program, &mut figures);
            repaint(&mut program, &mut figures);
            figures.memory = program.memory();
        }
        figures.exit.add(program.end());
    }
    figures
}

/// The list, the instances of its first community, the details and the footer are all there.
fn first_frame(program: &Program, place: &Place, figures: &mut Figures) {
    let full = [place.first.as_str(), "Governance", "needs key", "? help"];
    let at = program.wait_for(&full);
    figures.first_frame.cpu.add(program.processor());
    let wall = at.duration_since(program.started);
    figures.first_frame.wall.add(wall.as_secs_f64() * 1e3);
}

fn at_rest(program: &Program, seconds: u64, figures: &mut Figures) {
    let (switches, bytes) = (program.switches(), program.bytes());
    std::thread::sleep(Duration::from_secs(seconds));
    figures.rest = Rest {
        switches: program.switches() - switches,
        bytes: program.bytes() - bytes,
    };
}

#[expect(clippy::cast_precision_loss, reason = "some hundred bytes")]
fn moves(program: &mut Program, figures: &mut Figures) {
    for turn in 0..MOVES {
        let before = program.bytes();
        let typed = program.type_keys(if turn < MOVES / 2 { "j" } else { "k" });
        let (at, end) = program.wait_for_frame(before);
        figures
            .key
            .add(at.duration_since(typed).as_secs_f64() * 1e3);
        figures.move_bytes.add((end - before) as f64);
        program.wait_until_quiet(QUIET);
        figures.settled_bytes.add((program.bytes() - before) as f64);
    }
}

fn repaint(program: &mut Program, figures: &mut Figures) {
    let before = program.bytes();
    program.type_keys("\x0c");
    let (_, end) = program.wait_for_frame(before);
    figures.repaint_bytes = end - before;
    program.wait_until_quiet(QUIET);
}
