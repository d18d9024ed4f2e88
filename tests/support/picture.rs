//! Draws what a terminal shows as an SVG picture: for the pictures in `assets/screenshots`, which are frames of the
//! real program and never drawn by hand.

use std::fmt::Write as _;

/// Width and height of one cell, in pixels of the picture.
const CELL: (u32, u32) = (9, 19);
/// Space around the cells.
const MARGIN: u32 = 12;
/// Foreground and background of the pictured terminal.
const INK: &str = "#d8dee9";
const PAPER: &str = "#1c2028";
/// The sixteen colours of the pictured terminal, in the order of their numbers.
const PALETTE: [&str; 16] = [
    "#3b4252", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d8dee9",
    "#6b7489", "#f07f88", "#abd489", "#f0d08b", "#7fc0ff", "#d890ea", "#6cc9d4", "#ffffff",
];

/// How a run of cells looks.
#[derive(Clone, PartialEq, Eq)]
struct Look {
    ink: String,
    paper: Option<String>,
    bold: bool,
    dim: bool,
    underlined: bool,
}

/// The picture of a screen. `title` becomes its description for those who cannot see it.
pub fn svg(screen: &vt100::Screen, title: &str) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let width = u32::from(columns) * CELL.0 + 2 * MARGIN;
    let height = u32::from(rows) * CELL.1 + 2 * MARGIN;
    let mut picture = String::new();
    let _ = writeln!(
        picture,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-label="{}">
<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>
<g font-family="'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace" font-size="15" xml:space="preserve">"#,
        escape(title)
    );
    for row in 0..rows {
        draw_row(&mut picture, screen, row, columns);
    }
    picture.push_str("</g>\n</svg>\n");
    picture
}

fn draw_row(picture: &mut String, screen: &vt100::Screen, row: u16, columns: u16) {
    let mut column = 0;
    while column < columns {
        let Some(look) = screen.cell(row, column).map(look_of) else {
            return;
        };
        let start = column;
        let mut text = String::new();
        while let Some(cell) = screen
            .cell(row, column)
            .filter(|cell| look_of(cell) == look)
        {
            let contents = cell.contents();
            text.push_str(if contents.is_empty() { " " } else { contents });
            column += if cell.is_wide() { 2 } else { 1 };
            if column >= columns {
                break;
            }
        }
        draw_run(picture, (row, start, column), &text, &look);
    }
}

fn draw_run(picture: &mut String, (row, start, end): (u16, u16, u16), text: &str, look: &Look) {
    let x = MARGIN + u32::from(start) * CELL.0;
    let y = MARGIN + u32::from(row) * CELL.1;
    let width = u32::from(end - start) * CELL.0;
    if let Some(paper) = &look.paper {
        let _ = writeln!(
            picture,
            r#"<rect x="{x}" y="{y}" width="{width}" height="{}" fill="{paper}"/>"#,
            CELL.1
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let mut style = String::new();
    if look.bold {
        style.push_str(r#" font-weight="bold""#);
    }
    if look.dim {
        style.push_str(r#" opacity="0.6""#);
    }
    if look.underlined {
        style.push_str(r#" text-decoration="underline""#);
    }
    // The length is fixed, so that the picture keeps its columns whatever font the reader has.
    let _ = writeln!(
        picture,
        r#"<text x="{x}" y="{}" fill="{}"{style} textLength="{width}" lengthAdjust="spacingAndGlyphs">{}</text>"#,
        y + 14,
        look.ink,
        escape(text)
    );
}

fn look_of(cell: &vt100::Cell) -> Look {
    let mut ink = colour(cell.fgcolor());
    let mut paper = colour(cell.bgcolor());
    if cell.inverse() {
        let former = ink.take();
        ink = Some(paper.take().unwrap_or_else(|| PAPER.to_owned()));
        paper = Some(former.unwrap_or_else(|| INK.to_owned()));
    }
    Look {
        ink: ink.unwrap_or_else(|| INK.to_owned()),
        paper,
        bold: cell.bold(),
        dim: cell.dim(),
        underlined: cell.underline(),
    }
}

fn colour(colour: vt100::Color) -> Option<String> {
    match colour {
        vt100::Color::Default => None,
        vt100::Color::Idx(number) => PALETTE
            .get(usize::from(number))
            .map(|&name| name.to_owned()),
        vt100::Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
