//! Where things are: chrome and panes for a size. Used by the views to draw and by `update` to know a list's height.

use ratatui::layout::Rect;

/// How many panes are side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    One,
    Two,
    Three,
}

/// The parts of the screen. Chrome goes before content: what has no room has no height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Regions {
    pub title: Rect,
    pub body: Rect,
    pub notice: Rect,
    pub footer: Rect,
}

/// Columns from which three panes fit (`craft.md` c 11).
const THREE_FROM: u16 = 100;
/// Columns from which two panes fit.
const TWO_FROM: u16 = 60;

/// How many panes a width has room for.
pub fn columns(width: u16) -> Columns {
    match width {
        THREE_FROM.. => Columns::Three,
        TWO_FROM.. => Columns::Two,
        _ => Columns::One,
    }
}

/// The parts of a screen of this size with this many lines of notice.
pub fn regions(size: (u16, u16), notice_lines: u16) -> Regions {
    let (width, height) = size;
    let line = |y: u16, height: u16| Rect {
        x: 0,
        y,
        width,
        height,
    };
    let title = u16::from(height >= 5);
    let footer = u16::from(height >= 4);
    let gap = u16::from(height >= 12);
    let notice = notice_lines.min(height.saturating_sub(title + footer + 1));
    let body = height.saturating_sub(title + footer + notice + gap);
    Regions {
        title: line(0, title),
        body: line(title, body),
        notice: line(title + body + gap, notice),
        footer: line(height.saturating_sub(footer), footer),
    }
}

/// The panes of the view of communities: communities, instances, details. A pane that is not in sight has no width.
/// Between two panes are three columns for the rule.
pub fn panes(body: Rect, focus: super::state::Pane) -> [Rect; 3] {
    use super::state::Pane;
    let none = Rect {
        width: 0,
        height: 0,
        ..body
    };
    let part = |x: u16, width: u16| Rect {
        x: body.x + x,
        width,
        ..body
    };
    match columns(body.width) {
        Columns::Three => {
            let first = 27.min(body.width / 4);
            let third = (body.width * 32 / 100).clamp(32, 64);
            let second = body.width - first - third - 6;
            [
                part(0, first),
                part(first + 3, second),
                part(first + second + 6, third),
            ]
        }
        Columns::Two => {
            let first = (body.width * 35 / 100).clamp(21, 30);
            let second = part(first + 3, body.width - first - 3);
            if focus == Pane::Details {
                [part(0, first), none, second]
            } else {
                [part(0, first), second, none]
            }
        }
        Columns::One => {
            let mut panes = [none; 3];
            panes[focus as usize] = body;
            panes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::Pane;
    use super::*;

    #[test]
    fn every_part_lies_on_the_screen_at_every_size() {
        for width in 0..210 {
            for height in 0..70 {
                for lines in 0..3 {
                    let all = regions((width, height), lines);
                    for part in [all.title, all.body, all.notice, all.footer] {
                        assert!(part.right() <= width, "{width}x{height}: {part:?}");
                        assert!(
                            part.height == 0 || part.bottom() <= height,
                            "{width}x{height}: {part:?}"
                        );
                    }
                    assert!(height == 0 || all.body.height > 0, "{width}x{height}");
                    for focus in [Pane::Communities, Pane::Instances, Pane::Details] {
                        let panes = panes(all.body, focus);
                        assert!(panes[focus as usize].width > 0 || width == 0);
                        for pane in panes {
                            assert!(pane.width == 0 || pane.right() <= width);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn three_panes_from_a_hundred_columns_two_from_sixty() {
        assert_eq!(columns(100), Columns::Three);
        assert_eq!(columns(99), Columns::Two);
        assert_eq!(columns(59), Columns::One);
    }
}
