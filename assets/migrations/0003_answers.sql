-- Whether the one who asked has seen the answer. What was answered before this could be told is not told now.

ALTER TABLE requests ADD COLUMN seen_at INTEGER;
UPDATE requests SET seen_at = answered_at WHERE answered_at IS NOT NULL;
