-- What strategies at a desk were at when they were last seen: one row a desk, written over with every save.

CREATE TABLE desks (
    id       INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL,
    -- JSON, as the engine wrote it.
    state    TEXT    NOT NULL,
    saved_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX desks_key ON desks (name);
