-- What venues book beside fills and funding: positive is credited to the wallet.

CREATE TABLE bookings (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    account  TEXT    NOT NULL,
    venue    TEXT    NOT NULL,
    booking  TEXT    NOT NULL,
    -- 'other:' precedes a venue's own word.
    kind     TEXT    NOT NULL
             CHECK (kind IN ('transfer', 'conversion', 'liquidation_clearance', 'rebate', 'bonus')
                 OR kind GLOB 'other:*'),
    symbol   TEXT,
    amount   TEXT    NOT NULL CHECK (amount GLOB '[-0-9]*' AND amount NOT GLOB '*[^-0-9.]*'),
    currency TEXT    NOT NULL,
    time     INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX bookings_key ON bookings (account, venue, booking);
CREATE INDEX bookings_by_time ON bookings (account, time);

-- What was earned beside profit, fees and funding; nothing of the kind was recorded before.
ALTER TABLE pnl_snapshots ADD COLUMN adjustments TEXT NOT NULL DEFAULT '0'
    CHECK (adjustments GLOB '[-0-9]*' AND adjustments NOT GLOB '*[^-0-9.]*');
