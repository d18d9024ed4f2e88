//! One frame, as bytes: collected, then sent with a single `write`, or thrown away.
//!
//! A `BufWriter` would not do: `Terminal::draw` flushes by itself, which makes two writes of each frame, and what it
//! still holds during a panic goes out on drop, after the terminal was left. Must not know what the bytes mean.

use std::io::{self, Write};
use zeroize::Zeroize;

const BEGIN_SYNCHRONISED: &[u8] = b"\x1b[?2026h";
const END_SYNCHRONISED: &[u8] = b"\x1b[?2026l";

/// The bytes of the frame being drawn. Flushing does nothing; only [`FrameWriter::commit`] sends.
#[derive(Debug)]
pub(super) struct FrameWriter {
    bytes: Vec<u8>,
}

impl FrameWriter {
    pub(super) fn new() -> Self {
        let mut bytes = Vec::with_capacity(16 * 1024);
        bytes.extend_from_slice(BEGIN_SYNCHRONISED);
        Self { bytes }
    }

    /// Whether nothing was written since the last frame.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.len() == BEGIN_SYNCHRONISED.len()
    }

    /// Forgets what was written and not sent.
    pub(super) fn discard(&mut self) {
        // Overwritten: a frame may have shown a key.
        self.bytes.zeroize();
        self.bytes.extend_from_slice(BEGIN_SYNCHRONISED);
    }

    /// Where the next bytes go.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Sends the frame as one synchronised update through `send`, and starts the next one. An empty frame is not sent.
    ///
    /// # Errors
    /// What `send` says; the frame is forgotten all the same, because the terminal's state is then unknown.
    pub(super) fn commit(
        &mut self,
        send: impl FnOnce(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        if self.is_empty() {
            return Ok(false);
        }
        self.bytes.extend_from_slice(END_SYNCHRONISED);
        let outcome = send(&self.bytes);
        self.discard();
        outcome.map(|()| true)
    }
}

impl Write for FrameWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(frame: &mut FrameWriter) -> Vec<Vec<u8>> {
        let mut writes = Vec::new();
        frame
            .commit(|bytes| {
                writes.push(bytes.to_vec());
                Ok(())
            })
            .unwrap();
        writes
    }

    #[test]
    fn a_frame_is_one_write_in_one_synchronised_update() {
        let mut frame = FrameWriter::new();
        frame.write_all(b"one").unwrap();
        frame.flush().unwrap();
        frame.write_all(b"two").unwrap();
        assert_eq!(commit(&mut frame), [b"\x1b[?2026honetwo\x1b[?2026l"]);
    }

    #[test]
    fn an_empty_or_discarded_frame_is_not_sent() {
        let mut frame = FrameWriter::new();
        assert!(commit(&mut frame).is_empty());
        frame.write_all(b"half a frame").unwrap();
        frame.discard();
        assert!(commit(&mut frame).is_empty());
    }

    #[test]
    fn a_frame_that_failed_is_not_sent_again() {
        let mut frame = FrameWriter::new();
        frame.write_all(b"lost").unwrap();
        assert!(
            frame
                .commit(|_| Err(io::ErrorKind::BrokenPipe.into()))
                .is_err()
        );
        frame.write_all(b"next").unwrap();
        assert_eq!(commit(&mut frame), [b"\x1b[?2026hnext\x1b[?2026l"]);
    }
}
