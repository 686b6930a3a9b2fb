-- Composed orders: what was meant, before any part of it was sent. How far it has got is in its parts, which are orders
-- whose ids begin with its name.

CREATE TABLE composed_orders (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    venue      TEXT    NOT NULL,
    -- The order as one line of text.
    plan       TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('working', 'done', 'canceled', 'failed')),
    -- Why it ended.
    reason     TEXT,
    placed_at  INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((state = 'working') = (reason IS NULL))
) STRICT;
CREATE UNIQUE INDEX composed_orders_key ON composed_orders (account, name);
CREATE INDEX composed_orders_working ON composed_orders (account, placed_at) WHERE state = 'working';
