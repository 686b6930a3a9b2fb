-- What is in hand, told by columns that stay as they are until an order ends: an order that is accepted, or whose answer is
-- not known, is moved on without the index. The same orders are in it, by the rules of the table.

DROP INDEX orders_unfinished;
CREATE INDEX orders_unfinished ON orders (account, intended_at) WHERE status IS NULL AND reason IS NULL;
