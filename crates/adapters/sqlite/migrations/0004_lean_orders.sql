-- The journal with less to do for a write: an order waits for it. The same columns, and the same rules.
--
-- For every list of three words or more a write would make a table of its own, in which each word is looked up: the words are
-- compared instead. No order is ever deleted, so that ids grow without a table which remembers the highest.

CREATE TABLE lean_orders (
    id              INTEGER PRIMARY KEY,
    account         TEXT    NOT NULL,
    client_order_id TEXT    NOT NULL,
    venue           TEXT    NOT NULL,
    symbol          TEXT    NOT NULL,
    side            TEXT    NOT NULL CHECK (side IN ('buy', 'sell')),
    position_side   TEXT    NOT NULL
                    CHECK (position_side = 'both' OR position_side = 'long' OR position_side = 'short'),
    kind            TEXT    NOT NULL
                    CHECK (kind = 'market' OR kind = 'limit' OR kind = 'stop_market'
                        OR kind = 'take_profit_market'),
    price           TEXT    CHECK (price GLOB '[0-9]*' AND price NOT GLOB '*[^0-9.]*'),
    time_in_force   TEXT
                    CHECK (time_in_force = 'gtc' OR time_in_force = 'ioc' OR time_in_force = 'fok'
                        OR time_in_force = 'post_only' OR time_in_force = 'gtd' OR time_in_force = 'rpi'),
    trigger_price   TEXT    CHECK (trigger_price GLOB '[0-9]*' AND trigger_price NOT GLOB '*[^0-9.]*'),
    trigger_by      TEXT    CHECK (trigger_by IN ('mark', 'last')),
    -- NULL closes the whole position.
    quantity        TEXT    CHECK (quantity GLOB '[0-9]*' AND quantity NOT GLOB '*[^0-9.]*'),
    reduce_only     INTEGER NOT NULL CHECK (reduce_only IN (0, 1)),
    purpose         TEXT    NOT NULL
                    CHECK (purpose = 'entry' OR purpose = 'exit' OR purpose = 'stop_loss'
                        OR purpose = 'take_profit' OR purpose = 'reduce' OR purpose = 'flatten'),
    state           TEXT    NOT NULL
                    CHECK (state = 'intended' OR state = 'unanswered' OR state = 'accepted' OR state = 'refused'
                        OR state = 'not_sent' OR state = 'finished'),
    order_id        TEXT,
    reason          TEXT,
    status          TEXT
                    CHECK (status = 'filled' OR status = 'canceled' OR status = 'expired' OR status = 'rejected'),
    filled          TEXT    CHECK (filled GLOB '[0-9]*' AND filled NOT GLOB '*[^0-9.]*'),
    average_price   TEXT    CHECK (average_price GLOB '[0-9]*' AND average_price NOT GLOB '*[^0-9.]*'),
    intended_at     INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    CHECK ((kind = 'limit') = (price IS NOT NULL)),
    CHECK ((kind = 'limit') = (time_in_force IS NOT NULL)),
    CHECK ((kind IN ('stop_market', 'take_profit_market')) = (trigger_price IS NOT NULL)),
    CHECK ((kind IN ('stop_market', 'take_profit_market')) = (trigger_by IS NOT NULL)),
    CHECK (state <> 'accepted' OR order_id IS NOT NULL),
    CHECK ((state IN ('refused', 'not_sent')) = (reason IS NOT NULL)),
    CHECK ((state = 'finished') = (status IS NOT NULL)),
    CHECK (state = 'finished' OR (filled IS NULL AND average_price IS NULL))
) STRICT;
INSERT INTO lean_orders (id, account, client_order_id, venue, symbol, side, position_side, kind, price, time_in_force,
    trigger_price, trigger_by, quantity, reduce_only, purpose, state, order_id, reason, status, filled, average_price,
    intended_at, updated_at)
SELECT id, account, client_order_id, venue, symbol, side, position_side, kind, price, time_in_force,
    trigger_price, trigger_by, quantity, reduce_only, purpose, state, order_id, reason, status, filled, average_price,
    intended_at, updated_at FROM orders;
DROP TABLE orders;
ALTER TABLE lean_orders RENAME TO orders;
CREATE UNIQUE INDEX orders_key ON orders (account, client_order_id);
CREATE INDEX orders_by_time ON orders (account, intended_at);
CREATE INDEX orders_unfinished ON orders (account, intended_at)
    WHERE state = 'intended' OR state = 'unanswered' OR state = 'accepted';
