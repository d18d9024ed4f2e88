//! Text to the clipboard of the person's own terminal (OSC 52), also over SSH. No clipboard program is called.
//!
//! The terminal does not say whether it obeyed, so the screen says "sent to your terminal", never "copied". A secret
//! is never sent: the clipboard outlives us and is read by anything.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::io;

/// More is cut or dropped by common terminals (xterm and tmux: 100,000 bytes of base64 less the sequence around it).
const MOST_BYTES: usize = 74_000;

/// The bytes that put `text` into the clipboard.
///
/// Inside tmux they go twice: as they are, which tmux obeys with `set-clipboard on`, and wrapped, which it hands to the
/// terminal with `allow-passthrough on`. Whichever is off ignores its copy; both on is the same text twice.
///
/// # Errors
/// Where the text is longer than terminals take.
pub(super) fn sequence(text: &str, inside_tmux: bool) -> io::Result<String> {
    if text.len() > MOST_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("terminals take at most {MOST_BYTES} bytes for the clipboard"),
        ));
    }
    let plain = format!("\x1b]52;c;{}\x1b\\", STANDARD.encode(text));
    if !inside_tmux {
        return Ok(plain);
    }
    let wrapped = plain.replace('\x1b', "\x1b\x1b");
    Ok(format!("{plain}\x1bPtmux;{wrapped}\x1b\\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_encoded_so_that_it_cannot_end_the_sequence() {
        assert_eq!(
            sequence("a\x1b\\b", false).unwrap(),
            "\x1b]52;c;YRtcYg==\x1b\\"
        );
    }

    #[test]
    fn tmux_gets_it_plain_and_wrapped() {
        assert_eq!(
            sequence("hi", true).unwrap(),
            "\x1b]52;c;aGk=\x1b\\\x1bPtmux;\x1b\x1b]52;c;aGk=\x1b\x1b\\\x1b\\"
        );
    }

    #[test]
    fn what_no_terminal_takes_is_refused() {
        assert!(sequence(&"x".repeat(MOST_BYTES), false).is_ok());
        assert!(sequence(&"x".repeat(MOST_BYTES + 1), false).is_err());
    }
}
