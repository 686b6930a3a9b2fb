#!/usr/bin/env python3
"""A stock CCXT trades on a venue server: proof that what the server speaks is Gate.io's wire.

    gateio.py REST_URL KEY SECRET [WS_URL]

With a WS_URL its streaming half listens as well, which takes a market whose price moves.

Nothing of CCXT is changed but its URLs: they are put where its sandbox has its own, so that no call can leave this
machine. Every figure is compared as an exact decimal. One line per check; exit code 1 if any has failed.
"""

import asyncio
import sys
from decimal import ROUND_DOWN, Decimal

import ccxt
import ccxt.pro

SYMBOL = "BTC/USDT:USDT"
SANDBOX = "https://api-testnet.gateapi.io"
FAR = Decimal("0.97")  # well away from the market, within its price band


class Checks:
    """Counts what held and what did not, and says so line by line."""

    def __init__(self):
        self.failed = 0
        self.held = 0
        self.scene = ""

    def that(self, name, holds, detail=""):
        if holds:
            self.held += 1
        else:
            self.failed += 1
        tail = f"  ({detail})" if detail and not holds else ""
        print(f"{'ok  ' if holds else 'FAIL'} {self.scene}: {name}{tail}", flush=True)

    def equal(self, name, found, expected):
        self.that(name, found == expected, f"found {found!r}, expected {expected!r}")

    def refused(self, name, label, call):
        """Refused with this label; what CCXT makes of a label is its own business."""
        try:
            found = call()
        except ccxt.BaseError as refusal:
            self.that(name, f'"label":"{label}"' in str(refusal), f"{type(refusal).__name__}: {refusal}")
        else:
            self.that(name, False, f"was not refused: {found!r}")


def number(value):
    """A figure as it was written; CCXT's floats print the digits that they were read from."""
    return Decimal(str(value))


def moved(urls, there):
    """Every address of the sandbox, at another host."""
    return {name: moved(url, there) if isinstance(url, dict) else url.replace(SANDBOX, there) for name, url in urls.items()}


def connect(url, key, secret):
    venue = ccxt.gate({"apiKey": key, "secret": secret, "options": {"defaultType": "swap"}})
    venue.urls["test"] = moved(venue.urls["test"], url)
    venue.set_sandbox_mode(True)
    return venue


def listen(url, ws_url, key, secret, uid):
    """The streaming half."""
    venue = ccxt.pro.gate({"apiKey": key, "secret": secret, "uid": uid, "options": {"defaultType": "swap"}})
    rest = moved({name: it for name, it in venue.urls["test"].items() if name in ("public", "private")}, url)
    venue.urls["test"] = rest | {"swap": {"usdt": f"{ws_url}/v4/ws/futures/usdt"}}
    venue.set_sandbox_mode(True)
    return venue


class Trader:
    """One account on one contract, in one position mode and one margin mode."""

    def __init__(self, venue, checks, hedge, margin_mode):
        self.venue, self.checks, self.hedge, self.margin_mode = venue, checks, hedge, margin_mode
        self.market = venue.market(SYMBOL)
        self.tick = number(self.market["precision"]["price"])
        self.contract = number(self.market["contractSize"])
        self.taker = number(self.market["info"]["taker_fee_rate"])

    def quotes(self):
        book = self.venue.fetch_order_book(SYMBOL, 5)
        return number(book["bids"][0][0]), number(book["asks"][0][0])

    def price(self, value):
        return (value / self.tick).quantize(Decimal(1), ROUND_DOWN) * self.tick

    def positions(self):
        held = self.venue.fetch_positions([SYMBOL])
        return {it["side"]: it for it in held if number(it["contracts"] or 0) != 0}

    def balance(self):
        return self.venue.fetch_balance()["info"][0]

    def book(self):
        return self.venue.privateFuturesGetSettleAccountBook({"settle": "usdt", "limit": 1000})

    def run(self):
        self.flatten()
        self.configure()
        seen = {row["id"] for row in self.book()}
        before = number(self.balance()["total"])
        self.rest_and_cancel()
        self.amend()
        self.batch()
        opened = self.open("buy", 100)
        self.held(opened)
        if self.margin_mode == "isolated" and not self.hedge:
            self.add_margin()
        self.protect()
        if self.hedge:
            self.open("sell", 40)
            self.checks.equal("both legs are held", sorted(self.positions()), ["long", "short"])
            self.close("buy", 40, "short")
        self.refusals()
        self.close("sell", 40, "long")
        self.close("sell", 60, "long")
        self.checks.equal("nothing is held at the end", self.positions(), {})
        booked = [row for row in self.book() if row["id"] not in seen]
        self.checks.equal(
            "the wallet has changed by its ledger, to the last digit",
            number(self.balance()["total"]) - before,
            sum((number(row["change"]) for row in booked), Decimal(0)),
        )

    def flatten(self):
        self.venue.cancel_all_orders(SYMBOL)
        self.venue.cancel_all_orders(SYMBOL, {"trigger": True})
        for side, it in self.positions().items():
            closing = "sell" if side == "long" else "buy"
            self.venue.create_order(SYMBOL, "market", closing, it["contracts"], None, {"reduceOnly": True})

    def configure(self):
        venue, checks = self.venue, self.checks
        if self.balance()["in_dual_mode"] != self.hedge:
            venue.set_position_mode(self.hedge, SYMBOL)
        checks.equal("the position mode is set", self.balance()["in_dual_mode"], self.hedge)
        checks.refused(
            "setting the position mode again changes nothing",
            "NO_CHANGE",
            lambda: venue.set_position_mode(self.hedge, SYMBOL),
        )
        venue.set_leverage(12, SYMBOL, {"marginMode": self.margin_mode})
        answer = venue.set_leverage(10, SYMBOL, {"marginMode": self.margin_mode})
        rows = answer if isinstance(answer, list) else [answer]
        expected = ("10", "0") if self.margin_mode == "isolated" else ("0", "10")
        checks.equal("one row a position is answered", len(rows), 2 if self.hedge else 1)
        found = {(row["leverage"], row["cross_leverage_limit"]) for row in rows}
        checks.equal("the leverage is set, and the margin mode with it", found, {expected})

    def rest_and_cancel(self):
        venue, checks = self.venue, self.checks
        bid, _ = self.quotes()
        price = self.price(bid * FAR)
        name = f"conf-{venue.milliseconds()}"
        order = venue.create_order(SYMBOL, "limit", "buy", 20, float(price), {"clientOrderId": name})
        checks.equal("a limit rests", (order["status"], order["clientOrderId"]), ("open", f"t-{name}"))
        checks.equal("it is for what was asked", (number(order["amount"]), number(order["price"])), (20, price))
        open_ids = [it["id"] for it in venue.fetch_open_orders(SYMBOL)]
        checks.that("it is listed as open", order["id"] in open_ids)
        seen = venue.fetch_order(None, SYMBOL, {"clientOrderId": name})
        checks.equal("it is found by its client id", (seen["id"], seen["status"]), (order["id"], "open"))
        cancelled = venue.cancel_order(order["id"], SYMBOL)
        checks.equal("it is cancelled", cancelled["status"], "canceled")
        checks.equal("it stays known", venue.fetch_order(order["id"], SYMBOL)["status"], "canceled")
        checks.refused("it cannot be cancelled again", "ORDER_FINISHED", lambda: venue.cancel_order(order["id"], SYMBOL))
        self.post_only(bid)

    def post_only(self, bid):
        venue, checks = self.venue, self.checks
        params = {"postOnly": True}
        high = float(self.price(bid * Decimal("1.02")))
        checks.refused(
            "a post-only order that would take is refused",
            "ORDER_POC_IMMEDIATE",
            lambda: venue.create_order(SYMBOL, "limit", "buy", 20, high, params),
        )
        order = venue.create_order(SYMBOL, "limit", "buy", 20, float(self.price(bid * FAR)), params)
        checks.equal("a post-only order rests", (order["status"], order["timeInForce"]), ("open", "PO"))
        venue.cancel_order(order["id"], SYMBOL)

    def amend(self):
        venue, checks = self.venue, self.checks
        bid, _ = self.quotes()
        price, lower = self.price(bid * FAR), self.price(bid * FAR) - 10 * self.tick
        order = venue.create_order(SYMBOL, "limit", "buy", 20, float(price))
        amended = venue.edit_order(order["id"], SYMBOL, "limit", "buy", 30, float(lower))
        checks.equal("an amended order keeps its id", amended["id"], order["id"])
        seen = venue.fetch_order(order["id"], SYMBOL)
        checks.equal("it has its new terms", (number(seen["amount"]), number(seen["price"])), (30, lower))
        venue.cancel_order(order["id"], SYMBOL)

    def batch(self):
        venue, checks = self.venue, self.checks
        bid, _ = self.quotes()
        price = self.price(bid * FAR)
        orders = venue.create_orders(
            [
                {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": 20, "price": float(price - n * self.tick)}
                for n in range(3)
            ]
        )
        checks.equal("a batch is placed", [it["status"] for it in orders], ["open"] * 3)
        answers = venue.cancel_orders([it["id"] for it in orders[:2]], SYMBOL)
        checks.equal("a batch is cancelled", [it["info"]["succeeded"] for it in answers], [True] * 2)
        venue.cancel_all_orders(SYMBOL)
        checks.equal("the rest is cancelled together", venue.fetch_open_orders(SYMBOL), [])

    def open(self, side, contracts):
        """Opens by a market order and checks the order, its trades and their fees."""
        order = self.venue.create_order(SYMBOL, "market", side, contracts)
        return self.filled(order, contracts, "opening")

    def close(self, side, contracts, leg):
        held = self.positions()[leg]
        realised = number(held["info"]["pnl_pnl"])
        order = self.venue.create_order(SYMBOL, "market", side, contracts, None, {"reduceOnly": True})
        trades = self.filled(order, contracts, "closing")
        sign = 1 if leg == "long" else -1
        entry = number(held["info"]["entry_price"])
        earned = sum((sign * (number(it["price"]) - entry) * number(it["amount"]) * self.contract for it in trades), Decimal(0))
        closed = sum((number(it["info"]["close_size"]) for it in trades), Decimal(0))
        self.checks.equal("its trades say that they close", closed, -sign * contracts)
        left = self.positions().get(leg)
        if left is not None:
            found = number(left["info"]["pnl_pnl"]) - realised
        else:
            history = self.venue.fetch_positions_history([SYMBOL], None, 1)[0]["info"]
            self.checks.equal("a closed position is of its side", history["side"], leg)
            found = number(history["pnl_pnl"]) - realised
        self.checks.that(
            f"closing {contracts} of the {leg} realises what it earned",
            abs(found - earned) <= Decimal("1e-8"),
            f"{found} {earned}",
        )

    def filled(self, order, contracts, what):
        seen = self.venue.fetch_order(order["id"], SYMBOL)
        trades = self.venue.fetch_my_trades(SYMBOL, params={"order": order["id"]})
        traded = sum((number(it["amount"]) for it in trades), Decimal(0))
        cost = sum((number(it["amount"]) * self.contract * number(it["price"]) for it in trades), Decimal(0))
        fees = sum((number(it["fee"]["cost"]) for it in trades), Decimal(0))
        checks = self.checks
        what = f"{what} {order['side']} of {contracts}"
        checks.equal(f"the {what} has filled", (seen["status"], number(seen["filled"])), ("closed", contracts))
        checks.equal("its trades sum to it", traded, contracts)
        checks.equal("its average price is theirs", number(seen["average"]), cost / traded / self.contract)
        checks.equal("its cost is theirs", number(seen["cost"]), cost)
        checks.that("its fee is the taker's", abs(fees - cost * self.taker) < Decimal("1e-7"), f"{fees} {cost * self.taker}")
        checks.that("it took", all(it["takerOrMaker"] == "taker" for it in trades))
        return trades

    def held(self, trades):
        it = self.positions()["long"]
        info, checks = it["info"], self.checks
        contracts = sum((number(trade["amount"]) for trade in trades), Decimal(0))
        amount = contracts * self.contract
        cost = sum((number(trade["amount"]) * number(trade["price"]) for trade in trades), Decimal(0))
        entry, mark = number(info["entry_price"]), number(info["mark_price"])
        checks.equal("a long is held", (it["side"], number(it["contracts"])), ("long", contracts))
        checks.equal("its entry is its trades' price", entry, cost / contracts)
        checks.equal("its mode is the account's", info["mode"], "dual_long" if self.hedge else "single")
        checks.equal("its margin mode is the contract's", it["marginMode"], self.margin_mode)
        checks.equal("its value is at the mark", number(info["value"]), amount * mark)
        checks.equal("its profit is at the mark", number(info["unrealised_pnl"]), amount * (mark - entry))
        rate = number(info["average_maintenance_rate"])
        checks.equal("its initial margin is a tenth and a fee", number(info["initial_margin"]), amount * mark * (Decimal("0.1") + self.taker))
        checks.equal("its maintenance margin counts a fee", number(info["maintenance_margin"]), amount * mark * (rate + self.taker))
        if self.margin_mode == "isolated":
            margin = number(info["margin"])
            opened = amount * entry * (Decimal("0.1") + self.taker)
            checks.that("its margin is what opening took", abs(margin - opened) < Decimal("1e-7"), f"{margin} {opened}")
            expected = (entry - margin / amount) / (1 - rate - self.taker)
            found = number(info["liq_price"])
            checks.that("its liquidation price is the formula's", abs(found - expected) <= Decimal("0.005"), f"{found} {expected}")
        balance = self.balance()
        history = balance["history"]
        checks.equal(
            "the wallet is the sum of its history",
            number(balance["total"]),
            sum((number(history[kind]) for kind in ("dnw", "pnl", "fee", "refr", "fund")), Decimal(0)),
        )

    def add_margin(self):
        before = number(self.positions()["long"]["info"]["margin"])
        self.venue.add_margin(SYMBOL, 5)
        after = number(self.positions()["long"]["info"]["margin"])
        self.checks.equal("margin is added", after - before, 5)
        # What it has lost at the mark stays with it.
        self.venue.reduce_margin(SYMBOL, 4)
        taken = after - number(self.positions()["long"]["info"]["margin"])
        self.checks.equal("and taken back", taken, 4)

    def protect(self):
        venue, checks = self.venue, self.checks
        bid, _ = self.quotes()
        below, above = float(self.price(bid * FAR)), float(self.price(bid * Decimal("1.03")))
        stop = venue.create_order(SYMBOL, "market", "sell", 100, None, {"stopLossPrice": below, "reduceOnly": True})
        profit = venue.create_order(SYMBOL, "market", "sell", 100, None, {"takeProfitPrice": above, "reduceOnly": True})
        waiting = {it["id"]: it for it in venue.fetch_open_orders(SYMBOL, params={"trigger": True})}
        checks.equal("a stop and a take-profit wait", set(waiting), {stop["id"], profit["id"]})
        rules = [waiting[it["id"]]["info"]["trigger"]["rule"] for it in (stop, profit) if it["id"] in waiting]
        checks.equal("the stop below, the take-profit above", rules, [2, 1])
        seen = venue.fetch_order(stop["id"], SYMBOL, {"trigger": True})
        checks.equal("a stop is found by its id", (seen["status"], number(seen["triggerPrice"])), ("open", number(below)))
        cancelled = venue.cancel_order(stop["id"], SYMBOL, {"trigger": True})
        checks.equal("it is cancelled", cancelled["status"], "canceled")
        checks.refused(
            "a stop above the market is refused",
            "AUTO_TRIGGER_PRICE_GREATE_LAST",
            lambda: venue.create_order(SYMBOL, "market", "sell", 100, None, {"stopLossPrice": above, "reduceOnly": True}),
        )
        venue.cancel_all_orders(SYMBOL, {"trigger": True})
        checks.equal("none waits any more", venue.fetch_open_orders(SYMBOL, params={"trigger": True}), [])

    def refusals(self):
        venue, checks = self.venue, self.checks
        bid, _ = self.quotes()
        checks.refused(
            "a price far from the mark is refused",
            "PRICE_TOO_DEVIATED",
            lambda: venue.create_order(SYMBOL, "limit", "buy", 1, float(self.price(bid * Decimal("1.2")))),
        )
        checks.refused(
            "more than the account can carry is refused",
            "INSUFFICIENT_AVAILABLE",
            lambda: venue.create_order(SYMBOL, "limit", "buy", 250_000, float(self.price(bid * FAR))),
        )
        if self.hedge:
            checks.refused(
                "more than a leg holds cannot be reduced",
                "REDUCE_EXCEEDED",
                lambda: venue.create_order(SYMBOL, "market", "sell", 1000, None, {"reduceOnly": True}),
            )
        else:
            checks.refused(
                "the position mode cannot change now",
                "POSITION_HOLDING",
                lambda: venue.set_position_mode(True, SYMBOL),
            )


def look_around(venue, checks):
    checks.scene = "market"
    checks.that("the time is told", abs(venue.fetch_time() - venue.milliseconds()) < 60_000)
    market = venue.market(SYMBOL)
    checks.equal("a contract is a ten-thousandth", number(market["contractSize"]), Decimal("0.0001"))
    ticker = venue.fetch_ticker(SYMBOL)
    checks.that("a ticker has a price", number(ticker["last"]) > 0)
    candles = venue.fetch_ohlcv(SYMBOL, "1h", None, 5)
    checks.that("candles are told, the oldest first", len(candles) > 1 and candles[0][0] < candles[-1][0])
    trades = venue.fetch_trades(SYMBOL)
    checks.that("trades are told", len(trades) > 0)
    tiers = venue.fetch_market_leverage_tiers(SYMBOL)
    checks.equal("the first tier allows the most leverage", number(tiers[0]["maxLeverage"]), 125)
    checks.that("tiers join", all(one["maxNotional"] == next["minNotional"] for one, next in zip(tiers, tiers[1:])))
    rate = venue.fetch_funding_rate(SYMBOL)
    checks.equal("the rate of funding is told", number(rate["fundingRate"]), Decimal("0.0001"))
    checks.that("rates of the past are told", len(venue.fetch_funding_rate_history(SYMBOL)) > 0)


def stay_out(url, checks):
    checks.scene = "strangers"
    stranger = connect(url, "nobody", "guess")
    checks.refused("an unknown key is refused", "INVALID_KEY", lambda: stranger.fetch_balance())


def close_whole(venue, checks):
    """A whole position, by the word for it; it is of single mode."""
    checks.scene = "close"
    if venue.fetch_balance()["info"][0]["in_dual_mode"]:
        venue.set_position_mode(False, SYMBOL)
    venue.create_order(SYMBOL, "market", "sell", 25)
    closed = venue.close_position(SYMBOL)
    checks.equal("a position is closed by its word", (closed["status"], closed["side"]), ("closed", "buy"))
    checks.that("it is gone", number(venue.fetch_positions([SYMBOL])[0]["contracts"]) == 0)


async def collect(watch, heard):
    """Keeps what is heard, for as long as it is let."""
    while True:
        heard.extend(await watch())


async def comes(heard, holds):
    """Whether something that holds is heard within ten seconds."""
    for _ in range(200):
        if any(holds(it) for it in heard):
            return True
        await asyncio.sleep(0.05)
    return False


async def watch(url, ws_url, key, secret, uid, checks):
    """What the streaming half hears of the market, and of an order."""
    checks.scene = "streams"
    venue = listen(url, ws_url, key, secret, uid)
    orders, trades, positions = [], [], []
    tasks = []
    try:
        await venue.load_markets()
        ticker = await asyncio.wait_for(venue.watch_ticker(SYMBOL), 20)
        checks.that("a ticker is heard", number(ticker["last"]) > 0)
        book = await asyncio.wait_for(venue.watch_order_book(SYMBOL), 20)
        checks.that("a book is heard", book["bids"][0][0] < book["asks"][0][0])
        for watch, heard in [
            (lambda: venue.watch_orders(SYMBOL), orders),
            (lambda: venue.watch_my_trades(SYMBOL), trades),
            (lambda: venue.watch_positions([SYMBOL]), positions),
        ]:
            tasks.append(asyncio.ensure_future(collect(watch, heard)))
        # The socket is there; its subscriptions are answered in a moment.
        await asyncio.sleep(1)
        order = await venue.create_order(SYMBOL, "market", "buy", 7)
        mine = lambda it: it["id"] == order["id"] and it["status"] == "closed"
        checks.that("the order is heard of", await comes(orders, mine))
        checks.that("so are its trades", await comes(trades, lambda it: it["order"] == order["id"]))
        checks.that("and its position", await comes(positions, lambda it: number(it["contracts"]) == 7))
        await venue.create_order(SYMBOL, "market", "sell", 7, None, {"reduceOnly": True})
        checks.that("and that it is gone", await comes(positions, lambda it: number(it["contracts"]) == 0))
    finally:
        for task in tasks:
            task.cancel()
        await venue.close()


def main(url, key, secret, ws_url=None):
    checks = Checks()
    venue = connect(url, key, secret)
    venue.load_markets()
    look_around(venue, checks)
    stay_out(url, checks)
    for hedge in (False, True):
        for margin_mode in ("isolated", "cross"):
            checks.scene = f"{'hedge' if hedge else 'one-way'} {margin_mode}"
            Trader(venue, checks, hedge, margin_mode).run()
    close_whole(venue, checks)
    if ws_url:
        uid = str(venue.fetch_balance()["info"][0]["user"])
        asyncio.run(watch(url, ws_url, key, secret, uid, checks))
    print(f"{checks.held} held, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
