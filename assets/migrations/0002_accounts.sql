-- Who can be asked about an account, and accounts that are still to be made.

ALTER TABLE accounts ADD COLUMN contact TEXT NOT NULL DEFAULT '';

-- An account that somebody wants: a person makes it, or its platform does. `marker` names it there before it exists, so
-- that an interrupted run is found again. `holder` is the process that makes it now.
CREATE TABLE wanted_accounts (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    platform TEXT NOT NULL,
    name     TEXT NOT NULL,
    contact  TEXT NOT NULL,
    actor    TEXT NOT NULL,
    marker   TEXT NOT NULL,
    note     TEXT NOT NULL DEFAULT '',
    holder   TEXT,
    asked_at INTEGER NOT NULL,
    UNIQUE (platform, name)
) STRICT;
