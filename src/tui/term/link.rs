//! Hyperlinks on the screen (OSC 8), kept beside the cells: a cell with an escape sequence in it would have a wrong
//! width, and would end up in snapshots.

use ratatui::layout::{Position, Rect};

/// Longer addresses are refused by common terminals (VTE: 2,083 bytes).
const LONGEST: usize = 2_083;

/// A part of the screen that opens an address when clicked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    area: Rect,
    address: String,
}

impl Link {
    /// A link over `area`, or none where `address` is not one a person should be led to: only `http` and `https`, only
    /// printable ASCII (anything else could end the sequence and begin another), and no user name or password in it.
    #[must_use]
    pub fn new(area: Rect, address: &str) -> Option<Self> {
        let parsed = url::Url::parse(address).ok()?;
        let plain = parsed.username().is_empty() && parsed.password().is_none();
        let web = matches!(parsed.scheme(), "http" | "https") && parsed.has_host();
        let address: String = parsed.into();
        let printable = address.bytes().all(|byte| byte.is_ascii_graphic());
        (plain && web && printable && address.len() <= LONGEST).then_some(Self { area, address })
    }

    pub(super) fn covers(&self, position: Position) -> bool {
        self.area.contains(position)
    }

    /// What opens the link in the byte stream.
    pub(super) fn opening(&self) -> String {
        format!("\x1b]8;;{}\x1b\\", self.address)
    }
}

/// What closes any link in the byte stream.
pub(super) const CLOSING: &[u8] = b"\x1b]8;;\x1b\\";

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(address: &str) -> Option<String> {
        Link::new(Rect::new(0, 0, 4, 1), address).map(|link| link.opening())
    }

    #[test]
    fn a_web_address_becomes_a_link() {
        assert_eq!(
            opening("https://example.org/settings?tab=keys").as_deref(),
            Some("\x1b]8;;https://example.org/settings?tab=keys\x1b\\")
        );
    }

    #[test]
    fn an_address_cannot_smuggle_an_escape_sequence() {
        let opened = opening("https://example.org/\x1b\\\x07x").unwrap_or_default();
        assert!(
            !opened.trim_start_matches('\x1b').contains('\x07'),
            "{opened:?}"
        );
        assert_eq!(opened.matches('\x1b').count(), 2, "{opened:?}");
    }

    #[test]
    fn other_schemes_and_addresses_with_a_password_are_no_links() {
        for address in [
            "file:///etc/passwd",
            "javascript:x",
            "https://a:b@example.org/",
            "settings",
        ] {
            assert_eq!(opening(address), None, "{address}");
        }
        assert_eq!(
            opening(&format!("https://example.org/{}", "a".repeat(3_000))),
            None
        );
    }
}
