-- The foundation. Times are unix milliseconds; words are those of the domain's enums; JSON is text.

CREATE TABLE installation (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    uuid       TEXT NOT NULL,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Communities, in the order of the list: the living before the archived, by name.
CREATE TABLE communities (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    slug        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    sort_key    TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    archived_at INTEGER,
    archived    INTEGER NOT NULL GENERATED ALWAYS AS (archived_at IS NOT NULL) VIRTUAL
) STRICT;
CREATE INDEX communities_in_order ON communities (archived, sort_key, id);

-- Instances. `mark` is the one of the domain (`InstanceSummary::mark_of`); a test holds the two together.
CREATE TABLE instances (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    community    INTEGER NOT NULL REFERENCES communities (id),
    platform     TEXT NOT NULL,
    kind         TEXT NOT NULL,
    desired      TEXT NOT NULL,
    observed     TEXT NOT NULL DEFAULT 'absent',
    note         TEXT NOT NULL DEFAULT '',
    health       TEXT NOT NULL DEFAULT 'unknown',
    checked_at   INTEGER,
    drift        TEXT NOT NULL DEFAULT '[]',
    observe_only INTEGER NOT NULL DEFAULT 0,
    made_by_us   INTEGER NOT NULL DEFAULT 0,
    external_id  TEXT,
    url          TEXT,
    settings     TEXT NOT NULL DEFAULT '{}',
    created_at   INTEGER NOT NULL,
    removed_at   INTEGER,
    mark         TEXT NOT NULL GENERATED ALWAYS AS (CASE
        WHEN removed_at IS NOT NULL                    THEN 'removed'
        WHEN observed IN ('failed', 'gone')            THEN 'failed'
        WHEN observed IN ('needs-key', 'needs-human', 'needs-others') THEN 'waiting'
        WHEN observed = 'working'                      THEN 'working'
        WHEN observed = 'ready' AND drift <> '[]'      THEN 'drift'
        WHEN observed = 'ready' AND desired = 'active' THEN 'active'
        ELSE 'inactive' END) VIRTUAL
) STRICT;
CREATE UNIQUE INDEX instances_of_community ON instances (community, platform) WHERE removed_at IS NULL;
CREATE INDEX instances_by_last_check ON instances (platform, checked_at) WHERE removed_at IS NULL;
-- Those that wait for a key, listed over the whole installation.
CREATE INDEX instances_without_key ON instances (community) WHERE observed = 'needs-key';

-- How many instances of each mark a community has, so that the first screen reads one row a community and not eleven.
CREATE TABLE community_counts (
    community   INTEGER PRIMARY KEY REFERENCES communities (id),
    switched_on INTEGER NOT NULL DEFAULT 0,
    active      INTEGER NOT NULL DEFAULT 0,
    inactive    INTEGER NOT NULL DEFAULT 0,
    waiting     INTEGER NOT NULL DEFAULT 0,
    -- Of the waiting, those that wait for somebody else's decision.
    others      INTEGER NOT NULL DEFAULT 0,
    working     INTEGER NOT NULL DEFAULT 0,
    failed      INTEGER NOT NULL DEFAULT 0,
    drift       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TRIGGER community_is_counted AFTER INSERT ON communities BEGIN
    INSERT INTO community_counts (community) VALUES (NEW.id);
END;

CREATE TRIGGER instance_is_counted AFTER INSERT ON instances BEGIN
    UPDATE community_counts SET
        switched_on = switched_on + (NEW.mark <> 'removed' AND NEW.desired = 'active'),
        active   = active   + (NEW.mark = 'active'),
        inactive = inactive + (NEW.mark = 'inactive'),
        waiting  = waiting  + (NEW.mark = 'waiting'),
        others   = others   + (NEW.mark = 'waiting' AND NEW.observed = 'needs-others'),
        working  = working  + (NEW.mark = 'working'),
        failed   = failed   + (NEW.mark = 'failed'),
        drift    = drift    + (NEW.mark = 'drift')
    WHERE community = NEW.community;
END;

CREATE TRIGGER instance_is_counted_anew AFTER UPDATE OF desired, observed, drift, removed_at ON instances
WHEN OLD.mark <> NEW.mark OR OLD.desired <> NEW.desired
    OR (OLD.observed = 'needs-others') <> (NEW.observed = 'needs-others') BEGIN
    UPDATE community_counts SET
        switched_on = switched_on + (NEW.mark <> 'removed' AND NEW.desired = 'active')
                                  - (OLD.mark <> 'removed' AND OLD.desired = 'active'),
        active   = active   + (NEW.mark = 'active')   - (OLD.mark = 'active'),
        inactive = inactive + (NEW.mark = 'inactive') - (OLD.mark = 'inactive'),
        waiting  = waiting  + (NEW.mark = 'waiting')  - (OLD.mark = 'waiting'),
        others   = others   + (NEW.mark = 'waiting' AND NEW.observed = 'needs-others')
                            - (OLD.mark = 'waiting' AND OLD.observed = 'needs-others'),
        working  = working  + (NEW.mark = 'working')  - (OLD.mark = 'working'),
        failed   = failed   + (NEW.mark = 'failed')   - (OLD.mark = 'failed'),
        drift    = drift    + (NEW.mark = 'drift')    - (OLD.mark = 'drift')
    WHERE community = NEW.community;
END;

-- What an adapter remembers of an instance, by a name of its own.
CREATE TABLE facts (
    instance INTEGER NOT NULL REFERENCES instances (id),
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (instance, name)
) STRICT, WITHOUT ROWID;
-- Steps for a person that a look found, listed over the whole installation.
CREATE INDEX facts_tasks ON facts (instance) WHERE name = '@task';

-- Operations. What is neither done nor cancelled is open; of those one for each instance and verb,
-- save for connections, where each other end counts by itself, and for keys on their way out.
CREATE TABLE operations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    instance   INTEGER NOT NULL REFERENCES instances (id),
    verb       TEXT NOT NULL,
    state      TEXT NOT NULL,
    actor      TEXT NOT NULL,
    argument   TEXT NOT NULL,
    task       TEXT,
    fault      TEXT,
    attempts   INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER,
    cancel_asked INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX operations_open ON operations
    (instance, verb, (CASE WHEN verb IN ('connect', 'disconnect', 'rotate') THEN argument ELSE '' END))
    WHERE state NOT IN ('done', 'cancelled');
CREATE INDEX operations_of_instance ON operations (instance, id);
CREATE INDEX operations_by_state ON operations (state, id);

-- The journal: the intent of a step is here before its call is made.
CREATE TABLE steps (
    operation   INTEGER NOT NULL REFERENCES operations (id),
    name        TEXT NOT NULL,
    state       TEXT NOT NULL,
    key         TEXT NOT NULL,
    result      TEXT,
    intended_at INTEGER NOT NULL,
    recorded_at INTEGER,
    PRIMARY KEY (operation, name)
) STRICT;

-- Who works on an instance. The primary key is the rule: never two on one.
CREATE TABLE leases (
    instance   INTEGER PRIMARY KEY REFERENCES instances (id),
    operation  INTEGER UNIQUE REFERENCES operations (id), -- NULL: work that is no operation
    holder     TEXT NOT NULL,
    taken_at   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    platform    TEXT NOT NULL,
    name        TEXT NOT NULL,
    community   INTEGER REFERENCES communities (id),
    external_id TEXT,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX accounts_by_name ON accounts (platform, name, coalesce(community, 0));
CREATE INDEX accounts_of_community ON accounts (community, platform);

-- How full an account was when its platform last told; the most is the manifest's where the platform told none.
CREATE TABLE account_slots (
    account     INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    unit        TEXT NOT NULL,
    most        INTEGER,
    used        INTEGER,
    source      TEXT NOT NULL,
    measured_at INTEGER NOT NULL,
    PRIMARY KEY (account, unit)
) STRICT, WITHOUT ROWID;
-- A limit of one is a fact of the platform and no account filling up.
CREATE INDEX account_slots_near ON account_slots (account) WHERE most > 1 AND used * 5 >= most * 4;

-- Which accounts an instance was made with, and since when.
CREATE TABLE account_uses (
    instance INTEGER NOT NULL REFERENCES instances (id),
    account  INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    since    INTEGER NOT NULL,
    PRIMARY KEY (instance, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_uses_of_account ON account_uses (account, since);

-- Secrets, sealed: `sealed` under the vault key, `inbox` to the vault's public inbox while it was locked.
-- Ids are never used again (AUTOINCREMENT): a seal is bound to its row.
CREATE TABLE credentials (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    account     INTEGER NOT NULL REFERENCES accounts (id),
    field       TEXT NOT NULL,
    version     INTEGER NOT NULL,
    state       TEXT NOT NULL,
    length      INTEGER NOT NULL,
    last_four   TEXT NOT NULL,
    fingerprint TEXT NOT NULL DEFAULT '',
    created_at  INTEGER NOT NULL,
    verified_at INTEGER,
    used_at     INTEGER,
    expires_at  INTEGER,
    identity    TEXT,
    sealed      BLOB,
    inbox       BLOB,
    UNIQUE (account, field, version)
) STRICT;
CREATE INDEX credentials_by_fingerprint ON credentials (fingerprint) WHERE fingerprint <> '';
CREATE INDEX credentials_refused ON credentials (id) WHERE state IN ('rejected', 'needs-reentry');
CREATE INDEX credentials_ending ON credentials (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX credentials_by_age ON credentials (created_at) WHERE state IN ('active', 'unverified');
CREATE INDEX credentials_in_inbox ON credentials (id) WHERE inbox IS NOT NULL;

-- Keys on their way out: the rows that hold them, what depends on them, and how far each of that is.
CREATE TABLE rotations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    platform   TEXT NOT NULL,
    field      TEXT NOT NULL,
    last_four  TEXT NOT NULL,
    reason     TEXT NOT NULL,
    why        TEXT NOT NULL,
    actor      TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    proof      TEXT NOT NULL DEFAULT ''
) STRICT;
-- A row may be deleted before the rotation is over; the record of it stays.
CREATE TABLE rotation_keys (
    rotation   INTEGER NOT NULL REFERENCES rotations (id),
    credential INTEGER NOT NULL,
    PRIMARY KEY (rotation, credential)
) STRICT, WITHOUT ROWID;
CREATE INDEX rotations_of_key ON rotation_keys (credential);
CREATE TABLE rotation_parts (
    rotation INTEGER NOT NULL REFERENCES rotations (id),
    instance INTEGER NOT NULL REFERENCES instances (id),
    field    TEXT NOT NULL,
    state    TEXT NOT NULL,
    note     TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (rotation, instance)
) STRICT, WITHOUT ROWID;
CREATE INDEX rotations_at_instance ON rotation_parts (instance);

CREATE TABLE connections (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    from_instance INTEGER NOT NULL REFERENCES instances (id),
    to_instance   INTEGER NOT NULL REFERENCES instances (id),
    verb          TEXT NOT NULL,
    state         TEXT NOT NULL,
    note          TEXT NOT NULL DEFAULT '',
    tested_at     INTEGER,
    UNIQUE (from_instance, to_instance, verb)
) STRICT;
CREATE INDEX connections_to ON connections (to_instance);

CREATE TABLE actors (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL UNIQUE,
    role       TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE actor_communities (
    actor     INTEGER NOT NULL REFERENCES actors (id),
    community INTEGER NOT NULL REFERENCES communities (id),
    PRIMARY KEY (actor, community)
) STRICT, WITHOUT ROWID;

-- The audit chain. `digest` covers the entry and the digest before it; `seal` is its keyed countersign, made while the
-- vault is open. Nothing is ever changed here but a seal that is still missing.
CREATE TABLE audit (
    sequence  INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    action    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    community INTEGER,
    result    TEXT NOT NULL,
    detail    TEXT NOT NULL,
    digest    TEXT NOT NULL,
    seal      TEXT
) STRICT;
CREATE INDEX audit_of_community ON audit (community, sequence);
CREATE INDEX audit_of_keys ON audit (sequence) WHERE action = 'keys-changed';
CREATE INDEX audit_unsealed ON audit (sequence) WHERE seal IS NULL;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN
    SELECT raise(ABORT, 'the audit is never shortened');
END;
CREATE TRIGGER audit_is_fixed BEFORE UPDATE OF sequence, at, actor, action, subject, community, result, detail, digest
ON audit BEGIN
    SELECT raise(ABORT, 'the audit is never edited');
END;

-- Calls that were granted, by the end of the short slot they fell into, shared by every process on this file.
CREATE TABLE rate_grants (
    bucket TEXT NOT NULL,
    at     INTEGER NOT NULL,
    calls  INTEGER NOT NULL,
    PRIMARY KEY (bucket, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE rate_pauses (
    bucket TEXT PRIMARY KEY,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE vault (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    inbox_public BLOB NOT NULL,
    check_value  TEXT NOT NULL
) STRICT;

-- The vault key, wrapped to each of those who may open it.
CREATE TABLE vault_recipients (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    label      TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    wrapped    BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ports (
    port     INTEGER PRIMARY KEY,
    instance INTEGER NOT NULL REFERENCES instances (id),
    name     TEXT NOT NULL,
    UNIQUE (instance, name)
) STRICT;

-- Who comes in over SSH, how much of a community they may switch on, and what they ask for.
CREATE TABLE actor_keys (
    fingerprint TEXT PRIMARY KEY,
    actor       INTEGER NOT NULL REFERENCES actors (id),
    kind        TEXT NOT NULL,
    body        TEXT NOT NULL,
    comment     TEXT NOT NULL,
    added_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX actor_keys_of_actor ON actor_keys (actor, added_at);

CREATE TABLE allowances (
    community INTEGER PRIMARY KEY REFERENCES communities (id),
    allowance TEXT NOT NULL
) STRICT;

CREATE TABLE requests (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    community   INTEGER NOT NULL REFERENCES communities (id),
    asked_by    TEXT NOT NULL,
    asked_at    INTEGER NOT NULL,
    wish        TEXT NOT NULL,
    words       TEXT NOT NULL,
    state       TEXT NOT NULL,
    answered_by TEXT,
    answered_at INTEGER,
    answer      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX requests_of_community ON requests (community, id);
-- The same is asked for once at a time; also what is counted on every screen.
CREATE UNIQUE INDEX requests_once ON requests (community, wish, words) WHERE state = 'open';
