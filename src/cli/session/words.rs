//! A command line taken apart as far as words go: white space, quotes, and nothing else a shell would do. A sign that means
//! something to a shell is refused outside of quotes, so that nobody believes that it did something.

use crate::domain::{Fault, FaultKind};

/// The longest line that is read. Linux itself passes no variable longer than 128 KiB.
const LONGEST: usize = 16 * 1024;
/// Signs that a shell would act on.
const OF_A_SHELL: &[char] = &[
    ';', '&', '|', '<', '>', '$', '`', '(', ')', '{', '}', '*', '?', '!', '#', '~', '[', ']', '\\',
    '^',
];

/// The words of a line.
///
/// # Errors
/// `BadInput` for a line that is too long, no text, of several lines, with an open quote or with a sign of a shell.
pub fn split(line: &[u8]) -> Result<Vec<String>, Fault> {
    if line.len() > LONGEST {
        return Err(refused("The command is longer than any that there is."));
    }
    let line = std::str::from_utf8(line).map_err(|_| refused("The command is no text."))?;
    if line.chars().any(|each| each.is_control() && each != '\t') {
        return Err(refused(
            "The command has several lines or holds a control character.",
        ));
    }
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut signs = line.chars();
    while let Some(sign) = signs.next() {
        match sign {
            ' ' | '\t' => words.extend(word.take()),
            '\'' | '"' => quoted(sign, &mut signs, word.get_or_insert_default())?,
            sign if OF_A_SHELL.contains(&sign) => {
                return Err(refused(&format!(
                    "There is no shell here that would act on {sign}"
                )));
            }
            sign => word.get_or_insert_default().push(sign),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Takes what stands up to the same quote again. Between double quotes `\"` and `\\` stand for the second sign.
fn quoted(quote: char, signs: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), Fault> {
    while let Some(sign) = signs.next() {
        match sign {
            sign if sign == quote => return Ok(()),
            '\\' if quote == '"' => match signs.next() {
                Some(next @ ('"' | '\\')) => word.push(next),
                Some(next) => word.extend(['\\', next]),
                None => break,
            },
            sign => word.push(sign),
        }
    }
    Err(refused("A quote is open at the end of the command."))
}

fn refused(what: &str) -> Fault {
    let what = what.trim_end_matches('.');
    Fault::new(FaultKind::BadInput, format!("{what}; nothing was run.")).hint(
        "Write one plain command, with quotes around a word that holds a space or another sign.",
    )
}
