-- The records of accounts. Decimals are TEXT, written exactly and added up by the program, never REAL or NUMERIC;
-- times are INTEGER microseconds since 1970 in UTC; fees, funding and payments are positive when paid.

CREATE TABLE positions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    account      TEXT    NOT NULL,
    venue        TEXT    NOT NULL,
    symbol       TEXT    NOT NULL,
    side         TEXT    NOT NULL CHECK (side IN ('both', 'long', 'short')),
    direction    TEXT    NOT NULL CHECK (direction IN ('long', 'short')),
    quantity     TEXT    NOT NULL CHECK (quantity GLOB '[0-9]*' AND quantity NOT GLOB '*[^0-9.]*'),
    entry_price  TEXT    NOT NULL CHECK (entry_price GLOB '[0-9]*' AND entry_price NOT GLOB '*[^0-9.]*'),
    leverage     INTEGER NOT NULL CHECK (leverage BETWEEN 1 AND 1000),
    margin_mode  TEXT    NOT NULL CHECK (margin_mode IN ('isolated', 'cross')),
    strategy     TEXT    NOT NULL,
    opened_at    INTEGER NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN ('open', 'closed', 'liquidated')),
    exit_price   TEXT    CHECK (exit_price GLOB '[0-9]*' AND exit_price NOT GLOB '*[^0-9.]*'),
    realized_pnl TEXT    CHECK (realized_pnl GLOB '[-0-9]*' AND realized_pnl NOT GLOB '*[^-0-9.]*'),
    fees         TEXT    CHECK (fees GLOB '[-0-9]*' AND fees NOT GLOB '*[^-0-9.]*'),
    funding      TEXT    CHECK (funding GLOB '[-0-9]*' AND funding NOT GLOB '*[^-0-9.]*'),
    close_reason TEXT,
    closed_at    INTEGER,
    CHECK (side = 'both' OR side = direction),
    -- How it ended is known whole, or not at all.
    CHECK ((status = 'open') = (exit_price IS NULL)),
    CHECK ((status = 'open') = (realized_pnl IS NULL)),
    CHECK ((status = 'open') = (fees IS NULL)),
    CHECK ((status = 'open') = (funding IS NULL)),
    CHECK ((status = 'open') = (close_reason IS NULL)),
    CHECK ((status = 'open') = (closed_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX positions_one_open ON positions (account, symbol, side) WHERE status = 'open';
CREATE INDEX positions_by_status ON positions (account, status, opened_at);

CREATE TABLE trades (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account         TEXT    NOT NULL,
    venue           TEXT    NOT NULL,
    symbol          TEXT    NOT NULL,
    trade_id        TEXT    NOT NULL,
    position_id     INTEGER REFERENCES positions (id),
    order_id        TEXT    NOT NULL,
    client_order_id TEXT    NOT NULL,
    side            TEXT    NOT NULL CHECK (side IN ('buy', 'sell')),
    position_side   TEXT    NOT NULL CHECK (position_side IN ('both', 'long', 'short')),
    price           TEXT    NOT NULL CHECK (price GLOB '[0-9]*' AND price NOT GLOB '*[^0-9.]*'),
    quantity        TEXT    NOT NULL CHECK (quantity GLOB '[0-9]*' AND quantity NOT GLOB '*[^0-9.]*'),
    fee             TEXT    NOT NULL CHECK (fee GLOB '[-0-9]*' AND fee NOT GLOB '*[^-0-9.]*'),
    fee_currency    TEXT,
    liquidity       TEXT    CHECK (liquidity IN ('maker', 'taker')),
    realized_pnl    TEXT    CHECK (realized_pnl GLOB '[-0-9]*' AND realized_pnl NOT GLOB '*[^-0-9.]*'),
    cause           TEXT    NOT NULL CHECK (cause IN ('order', 'liquidation', 'adl', 'settlement')),
    time            INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX trades_key ON trades (account, symbol, trade_id);
CREATE INDEX trades_by_time ON trades (account, time);
CREATE INDEX trades_by_symbol ON trades (account, symbol, time);
CREATE INDEX trades_by_position ON trades (position_id, time);

-- The journal: every order, written before it is sent.
CREATE TABLE orders (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account         TEXT    NOT NULL,
    client_order_id TEXT    NOT NULL,
    venue           TEXT    NOT NULL,
    symbol          TEXT    NOT NULL,
    side            TEXT    NOT NULL CHECK (side IN ('buy', 'sell')),
    position_side   TEXT    NOT NULL CHECK (position_side IN ('both', 'long', 'short')),
    kind            TEXT    NOT NULL CHECK (kind IN ('market', 'limit', 'stop_market', 'take_profit_market')),
    price           TEXT    CHECK (price GLOB '[0-9]*' AND price NOT GLOB '*[^0-9.]*'),
    time_in_force   TEXT    CHECK (time_in_force IN ('gtc', 'ioc', 'fok', 'post_only', 'gtd', 'rpi')),
    trigger_price   TEXT    CHECK (trigger_price GLOB '[0-9]*' AND trigger_price NOT GLOB '*[^0-9.]*'),
    trigger_by      TEXT    CHECK (trigger_by IN ('mark', 'last')),
    -- NULL closes the whole position.
    quantity        TEXT    CHECK (quantity GLOB '[0-9]*' AND quantity NOT GLOB '*[^0-9.]*'),
    reduce_only     INTEGER NOT NULL CHECK (reduce_only IN (0, 1)),
    purpose         TEXT    NOT NULL
                    CHECK (purpose IN ('entry', 'exit', 'stop_loss', 'take_profit', 'reduce', 'flatten')),
    state           TEXT    NOT NULL
                    CHECK (state IN ('intended', 'unanswered', 'accepted', 'refused', 'not_sent', 'finished')),
    order_id        TEXT,
    reason          TEXT,
    status          TEXT    CHECK (status IN ('filled', 'canceled', 'expired', 'rejected')),
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
CREATE UNIQUE INDEX orders_key ON orders (account, client_order_id);
CREATE INDEX orders_by_time ON orders (account, intended_at);
CREATE INDEX orders_unfinished ON orders (account, intended_at)
    WHERE state IN ('intended', 'unanswered', 'accepted');

CREATE TABLE funding_events (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    TEXT    NOT NULL,
    venue      TEXT    NOT NULL,
    booking    TEXT    NOT NULL,
    symbol     TEXT    NOT NULL,
    side       TEXT    CHECK (side IN ('both', 'long', 'short')),
    rate       TEXT    CHECK (rate GLOB '[-0-9]*' AND rate NOT GLOB '*[^-0-9.]*'),
    quantity   TEXT    CHECK (quantity GLOB '[0-9]*' AND quantity NOT GLOB '*[^0-9.]*'),
    mark_price TEXT    CHECK (mark_price GLOB '[0-9]*' AND mark_price NOT GLOB '*[^0-9.]*'),
    payment    TEXT    NOT NULL CHECK (payment GLOB '[-0-9]*' AND payment NOT GLOB '*[^-0-9.]*'),
    expected   TEXT    CHECK (expected GLOB '[-0-9]*' AND expected NOT GLOB '*[^-0-9.]*'),
    currency   TEXT    NOT NULL,
    time       INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX funding_events_key ON funding_events (account, venue, booking);
CREATE INDEX funding_events_by_time ON funding_events (account, time);

CREATE TABLE pnl_snapshots (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    account        TEXT    NOT NULL,
    time           INTEGER NOT NULL,
    wallet         TEXT    NOT NULL CHECK (wallet GLOB '[-0-9]*' AND wallet NOT GLOB '*[^-0-9.]*'),
    unrealized_pnl TEXT    NOT NULL CHECK (unrealized_pnl GLOB '[-0-9]*' AND unrealized_pnl NOT GLOB '*[^-0-9.]*'),
    realized_pnl   TEXT    NOT NULL CHECK (realized_pnl GLOB '[-0-9]*' AND realized_pnl NOT GLOB '*[^-0-9.]*'),
    fees           TEXT    NOT NULL CHECK (fees GLOB '[-0-9]*' AND fees NOT GLOB '*[^-0-9.]*'),
    funding        TEXT    NOT NULL CHECK (funding GLOB '[-0-9]*' AND funding NOT GLOB '*[^-0-9.]*'),
    margin_ratio   TEXT    CHECK (margin_ratio GLOB '[-0-9]*' AND margin_ratio NOT GLOB '*[^-0-9.]*'),
    open_positions INTEGER NOT NULL CHECK (open_positions BETWEEN 0 AND 4294967295),
    -- The highest equity of the account among this row and all rows before it.
    peak           TEXT    NOT NULL CHECK (peak GLOB '[-0-9]*' AND peak NOT GLOB '*[^-0-9.]*')
) STRICT;
CREATE UNIQUE INDEX pnl_snapshots_key ON pnl_snapshots (account, time);
CREATE INDEX pnl_snapshots_latest ON pnl_snapshots (account, id);

CREATE TABLE risk_events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    account     TEXT    NOT NULL,
    time        INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    symbol      TEXT,
    detail      TEXT    NOT NULL,
    figure      TEXT    CHECK (figure GLOB '[-0-9]*' AND figure NOT GLOB '*[^-0-9.]*'),
    limit_value TEXT    CHECK (limit_value GLOB '[-0-9]*' AND limit_value NOT GLOB '*[^-0-9.]*'),
    action      TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX risk_events_key ON risk_events (account, time, kind, ifnull(symbol, ''), detail);
CREATE INDEX risk_events_by_time ON risk_events (account, time);

-- Every change of the kill switch and the ladder; the last row of each is what holds.
CREATE TABLE controls (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    account   TEXT    NOT NULL,
    control   TEXT    NOT NULL CHECK (control IN ('kill_switch', 'ladder')),
    -- The switch's 'engaged' or 'released', or the name of the step.
    setting   TEXT    NOT NULL,
    reason    TEXT,
    -- Who did it; on the ladder, only who took the step out of turn.
    by_whom   TEXT,
    since     INTEGER,
    CHECK (control = 'ladder'
        OR (setting IN ('engaged', 'released') AND reason IS NOT NULL AND by_whom IS NOT NULL)),
    CHECK (control = 'kill_switch' OR since IS NOT NULL)
) STRICT;
CREATE INDEX controls_latest ON controls (account, control, id);
