//! How many bytes frames cost, for tests of what the screen writes.

use super::{Link, encode::Encoder, frame::FrameWriter};
use ratatui::buffer::Buffer;

/// The bytes sent for each of these frames, one after the other, on a terminal that shows nothing at first.
#[must_use]
pub fn bytes_of(frames: &[(Buffer, Vec<Link>)]) -> Vec<usize> {
    let Some((first, _)) = frames.first() else {
        return Vec::new();
    };
    let mut encoder = Encoder::new(first.area.as_size());
    let mut writer = FrameWriter::new();
    let mut before = Buffer::empty(first.area);
    let mut sizes = Vec::new();
    for (frame, links) in frames {
        let changed = before.diff(frame);
        encoder.encode(changed.into_iter(), links, writer.bytes());
        let mut sent = 0;
        let written = writer.commit(|bytes| {
            sent = bytes.len();
            Ok(())
        });
        sizes.push(written.map_or(usize::MAX, |_| sent));
        before.clone_from(frame);
    }
    sizes
}
