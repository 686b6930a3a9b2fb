-- One index by time in the place of two, what is in hand before what has ended: an order that is written down waits for every
-- index that it goes into. What ends moves within it, and nobody waits for that.

DROP INDEX orders_unfinished;
DROP INDEX orders_by_time;
CREATE INDEX orders_by_time ON orders (account, (status IS NULL AND reason IS NULL), intended_at);
