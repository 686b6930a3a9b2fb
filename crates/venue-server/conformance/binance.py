#!/usr/bin/env python3
"""A stock CCXT trades on a venue server: proof that what the server speaks is Binance's wire.

    binance.py REST_URL KEY SECRET [WS_URL]

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
OTHER = "ETH/USDT:USDT"
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

    def refused(self, name, code, call, error=ccxt.ExchangeError):
        """Refused with this code. What CCXT makes of a code depends on the host for some, so `error` may be broad."""
        try:
            found = call()
        except ccxt.BaseError as refusal:
            right = isinstance(refusal, error) and f'"code":{code},' in str(refusal)
            self.that(name, right, f"{type(refusal).__name__}: {refusal}")
        else:
            self.that(name, False, f"was not refused: {found!r}")


def number(value):
    """A figure as it was written; CCXT's floats print the digits that they were read from."""
    return Decimal(str(value))


def connect(url, key, secret):
    venue = ccxt.binanceusdm({"apiKey": key, "secret": secret})
    venue.urls["test"] = {
        name: there.replace("https://testnet.binancefuture.com", url)
        for name, there in venue.urls["test"].items()
        if "/fapi/" in there
    }
    venue.set_sandbox_mode(True)
    return venue


def listen(url, ws_url, key, secret):
    """The streaming half: it finds the routes by itself."""
    venue = ccxt.pro.binanceusdm({"apiKey": key, "secret": secret})
    rest = {
        name: there.replace("https://testnet.binancefuture.com", url)
        for name, there in venue.urls["test"].items()
        if isinstance(there, str) and "/fapi/" in there
    }
    venue.urls["test"] = rest | {"ws": {"linear": f"{ws_url}/ws"}}
    venue.set_sandbox_mode(True)
    return venue


class Trader:
    """One account on one contract, in one position mode and one margin mode."""

    def __init__(self, venue, checks, hedge, margin_mode):
        self.venue, self.checks, self.hedge, self.margin_mode = venue, checks, hedge, margin_mode
        self.market = venue.market(SYMBOL)
        self.tick = number(self.market["precision"]["price"])
        self.taker = number(venue.fetch_trading_fee(SYMBOL)["taker"])

    def side_params(self, leg, closing=False):
        """Hedge mode names the leg; one-way mode says reduce-only to close."""
        if self.hedge:
            return {"positionSide": leg}
        return {"reduceOnly": True} if closing else {}

    def quotes(self):
        book = self.venue.fetch_order_book(SYMBOL, 5)
        return number(book["bids"][0][0]), number(book["asks"][0][0])

    def price(self, value):
        return (value / self.tick).quantize(Decimal(1), ROUND_DOWN) * self.tick

    def positions(self):
        held = self.venue.fetch_positions([SYMBOL])
        return {it["side"]: it for it in held if number(it["contracts"] or 0) != 0}

    def wallet(self):
        return number(self.venue.fetch_balance()["info"]["totalWalletBalance"])

    def income(self, since):
        rows = self.venue.fapiPrivateGetIncome({"startTime": since, "limit": 1000})
        return [row for row in rows if row["incomeType"] != "TRANSFER"]

    def trades(self, order):
        trades = self.venue.fetch_my_trades(SYMBOL, params={"orderId": order["id"]})
        self.checks.that(f"the trades of the {order['side']} are listed", len(trades) > 0)
        return trades

    def run(self):
        self.flatten()
        self.configure()
        began = self.venue.fetch_ticker(SYMBOL)["timestamp"] - 1000
        seen = {row["tranId"] for row in self.income(began - 3_600_000)}
        before = self.wallet()
        self.rest_and_cancel()
        self.amend()
        self.batch()
        opened = self.open("buy", "LONG", Decimal("0.010"))
        self.held(opened)
        if self.margin_mode == "isolated":
            self.add_margin()
        self.protect()
        if self.hedge:
            self.open("sell", "SHORT", Decimal("0.004"))
            self.checks.equal("both legs are held", sorted(self.positions()), ["long", "short"])
            self.close("buy", "SHORT", Decimal("0.004"))
        self.refusals()
        self.close("sell", "LONG", Decimal("0.004"))
        self.close("sell", "LONG", Decimal("0.006"))
        self.checks.equal("nothing is held at the end", self.positions(), {})
        booked = [row for row in self.income(began - 3_600_000) if row["tranId"] not in seen]
        self.checks.equal(
            "the wallet has changed by its income, to the last digit",
            self.wallet() - before,
            sum((number(row["income"]) for row in booked), Decimal(0)),
        )

    def flatten(self):
        self.venue.cancel_all_orders(SYMBOL)
        self.venue.cancel_all_orders(SYMBOL, {"trigger": True})
        for side, it in self.positions().items():
            closing = "sell" if side == "long" else "buy"
            hedged = it["info"]["positionSide"] != "BOTH"
            params = {"positionSide": it["info"]["positionSide"]} if hedged else {"reduceOnly": True}
            self.venue.create_order(SYMBOL, "market", closing, it["contracts"], None, params)

    def configure(self):
        venue, checks = self.venue, self.checks
        if venue.fetch_position_mode(SYMBOL)["hedged"] != self.hedge:
            venue.set_position_mode(self.hedge, SYMBOL)
        checks.equal("the position mode is set", venue.fetch_position_mode(SYMBOL)["hedged"], self.hedge)
        checks.refused(
            "setting the position mode again is refused",
            -4059,
            lambda: venue.set_position_mode(self.hedge, SYMBOL),
        )
        if venue.fetch_margin_mode(SYMBOL)["marginMode"] != self.margin_mode:
            venue.set_margin_mode(self.margin_mode, SYMBOL)
        checks.equal("the margin mode is set", venue.fetch_margin_mode(SYMBOL)["marginMode"], self.margin_mode)
        answer = venue.set_leverage(12, SYMBOL)
        checks.equal("the leverage is answered", (int(answer["leverage"]), answer["symbol"]), (12, "BTCUSDT"))
        venue.set_leverage(10, SYMBOL)
        leverage = venue.fetch_leverage(SYMBOL)
        checks.equal("the leverage is set", (leverage["longLeverage"], leverage["shortLeverage"]), (10, 10))

    def rest_and_cancel(self):
        venue, checks = self.venue, self.checks
        bid, _ = self.quotes()
        price = self.price(bid * FAR)
        name = f"conf-{venue.milliseconds()}"
        params = self.side_params("LONG") | {"clientOrderId": name}
        order = venue.create_order(SYMBOL, "limit", "buy", 0.002, float(price), params)
        checks.equal("a limit rests", (order["status"], order["clientOrderId"]), ("open", name))
        checks.equal("it is for what was asked", (number(order["amount"]), number(order["price"])), (Decimal("0.002"), price))
        open_ids = [it["id"] for it in venue.fetch_open_orders(SYMBOL)]
        checks.that("it is listed as open", order["id"] in open_ids)
        seen = venue.fetch_order(None, SYMBOL, {"clientOrderId": name})
        checks.equal("it is found by its client id", (seen["id"], seen["status"]), (order["id"], "open"))
        cancelled = venue.cancel_order(order["id"], SYMBOL)
        checks.equal("it is cancelled", cancelled["status"], "canceled")
        checks.equal("it stays known", venue.fetch_order(order["id"], SYMBOL)["status"], "canceled")
        checks.refused(
            "it cannot be cancelled again", -2011, lambda: venue.cancel_order(order["id"], SYMBOL), ccxt.OrderNotFound
        )
        self.post_only(bid)

    def post_only(self, bid):
        venue, checks = self.venue, self.checks
        price = self.price(bid * Decimal("1.02"))
        params = self.side_params("LONG") | {"postOnly": True}
        checks.refused(
            "a post-only order that would take is refused",
            -5022,
            lambda: venue.create_order(SYMBOL, "limit", "buy", 0.002, float(price), params),
        )
        low = self.price(bid * FAR)
        order = venue.create_order(SYMBOL, "limit", "buy", 0.002, float(low), params)
        checks.equal("a post-only order rests", (order["status"], order["timeInForce"]), ("open", "PO"))
        venue.cancel_order(order["id"], SYMBOL)

    def amend(self):
        venue, checks = self.venue, self.checks
        bid, _ = self.quotes()
        price, lower = self.price(bid * FAR), self.price(bid * FAR) - 10 * self.tick
        order = venue.create_order(SYMBOL, "limit", "buy", 0.002, float(price), self.side_params("LONG"))
        amended = venue.edit_order(order["id"], SYMBOL, "limit", "buy", 0.003, float(lower))
        checks.equal("an amended order keeps its id", amended["id"], order["id"])
        seen = venue.fetch_order(order["id"], SYMBOL)
        checks.equal("it has its new terms", (number(seen["amount"]), number(seen["price"])), (Decimal("0.003"), lower))
        venue.cancel_order(order["id"], SYMBOL)

    def batch(self):
        venue, checks = self.venue, self.checks
        bid, _ = self.quotes()
        price = self.price(bid * FAR)
        params = self.side_params("LONG")
        orders = venue.create_orders(
            [
                {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": 0.002, "price": float(price - n * self.tick), "params": params}
                for n in range(3)
            ]
        )
        checks.equal("a batch is placed", [it["status"] for it in orders], ["open"] * 3)
        cancelled = venue.cancel_orders([it["id"] for it in orders[:2]], SYMBOL)
        checks.equal("a batch is cancelled", [it["status"] for it in cancelled], ["canceled"] * 2)
        venue.cancel_all_orders(SYMBOL)
        checks.equal("the rest is cancelled together", venue.fetch_open_orders(SYMBOL), [])

    def open(self, side, leg, amount):
        """Opens by a market order and checks the order, its trades and their fees."""
        order = self.venue.create_order(SYMBOL, "market", side, float(amount), None, self.side_params(leg))
        return self.filled(order, amount, opening=True)

    def close(self, side, leg, amount):
        held = self.positions()["long" if leg == "LONG" else "short"]
        params = self.side_params(leg, closing=True)
        order = self.venue.create_order(SYMBOL, "market", side, float(amount), None, params)
        trades = self.filled(order, amount, opening=False)
        sign = 1 if leg == "LONG" else -1
        entry = number(held["info"]["entryPrice"])
        realised = sum((number(it["info"]["realizedPnl"]) for it in trades), Decimal(0))
        earned = sum((sign * (number(it["price"]) - entry) * number(it["amount"]) for it in trades), Decimal(0))
        self.checks.equal(f"closing {amount} of the {leg} realises what it earned", realised, earned)

    def filled(self, order, amount, opening):
        seen = self.venue.fetch_order(order["id"], SYMBOL)
        trades = self.trades(order)
        traded = sum((number(it["amount"]) for it in trades), Decimal(0))
        cost = sum((number(it["amount"]) * number(it["price"]) for it in trades), Decimal(0))
        fees = sum((number(it["fee"]["cost"]) for it in trades), Decimal(0))
        checks = self.checks
        what = f"{'opening' if opening else 'closing'} {order['side']} of {amount}"
        checks.equal(f"the {what} has filled", (seen["status"], number(seen["filled"])), ("closed", amount))
        checks.equal("its trades sum to it", traded, amount)
        checks.equal("its average price is theirs", number(seen["average"]), cost / traded)
        checks.equal("its cost is theirs", number(seen["cost"]), cost)
        checks.equal("its fee is the taker's", fees, cost * self.taker)
        checks.that("it took", all(it["takerOrMaker"] == "taker" for it in trades))
        if opening:
            checks.that("opening realises nothing", all(number(it["info"]["realizedPnl"]) == 0 for it in trades))
        return trades

    def held(self, trades):
        it = self.positions()["long"]
        info, checks = it["info"], self.checks
        amount = sum((number(trade["amount"]) for trade in trades), Decimal(0))
        cost = sum((number(trade["amount"]) * number(trade["price"]) for trade in trades), Decimal(0))
        entry, mark = number(info["entryPrice"]), number(info["markPrice"])
        checks.equal("a long is held", (it["side"], number(it["contracts"])), ("long", amount))
        checks.equal("its entry is its trades' price", entry, cost / amount)
        checks.equal("its side is the mode's", info["positionSide"], "LONG" if self.hedge else "BOTH")
        checks.equal("its margin mode is the contract's", it["marginMode"], self.margin_mode)
        checks.equal("its notional is at the mark", number(info["notional"]), amount * mark)
        checks.equal("its profit is at the mark", number(info["unRealizedProfit"]), amount * (mark - entry))
        checks.equal("its initial margin is a tenth", number(info["positionInitialMargin"]), amount * mark / 10)
        bracket = self.venue.fapiPrivateGetLeverageBracket({"symbol": "BTCUSDT"})[0]["brackets"][0]
        rate = number(bracket["maintMarginRatio"])
        checks.equal("its maintenance margin is its bracket's", number(info["maintMargin"]), amount * mark * rate)
        if self.margin_mode == "isolated":
            margin = number(info["isolatedWallet"])
            expected = (margin - amount * entry) / (amount * (rate - 1))
            found = number(info["liquidationPrice"])
            checks.that("its liquidation price is the formula's", abs(found - expected) < Decimal("1e-7"), f"{found} {expected}")
            checks.equal("its margin counts its profit", number(info["isolatedMargin"]), margin + amount * (mark - entry))
        else:
            checks.equal("it has no margin of its own", number(info["isolatedWallet"]), Decimal(0))
        balance = self.venue.fetch_balance()
        info = balance["info"]
        equity = number(info["totalWalletBalance"]) + number(info["totalUnrealizedProfit"])
        checks.equal("equity is wallet and profit", number(info["totalMarginBalance"]), equity)
        checks.equal("the wallet is CCXT's total", number(balance["USDT"]["total"]), number(info["totalMarginBalance"]))
        checks.equal("what is free is CCXT's too", number(balance["USDT"]["free"]), number(info["availableBalance"]))

    def add_margin(self):
        venue, checks = self.venue, self.checks
        leg = {"positionSide": "LONG"} if self.hedge else {}
        before = number(self.positions()["long"]["info"]["isolatedWallet"])
        venue.add_margin(SYMBOL, 25.5, leg)
        after = number(self.positions()["long"]["info"]["isolatedWallet"])
        checks.equal("margin is added", after - before, Decimal("25.5"))
        venue.reduce_margin(SYMBOL, 5.5, leg)
        back = number(self.positions()["long"]["info"]["isolatedWallet"])
        checks.equal("margin is taken", back - before, Decimal("20"))
        rows = venue.fetch_margin_adjustment_history(SYMBOL)
        changes = [(it["type"], number(it["amount"])) for it in rows[-2:]]
        checks.equal("both are on record", changes, [("add", Decimal("25.5")), ("reduce", Decimal("5.5"))])

    def protect(self):
        """A stop and a take-profit: stored, listed apart, cancelled."""
        venue, checks = self.venue, self.checks
        bid, ask = self.quotes()
        stop_price, profit_price = self.price(bid * FAR), self.price(ask * Decimal("1.03"))
        stop = venue.create_order(
            SYMBOL, "market", "sell", 0.01, None, self.side_params("LONG", closing=True) | {"stopLossPrice": float(stop_price)}
        )
        leg = {"positionSide": "LONG"} if self.hedge else {}
        profit = venue.create_order(
            SYMBOL, "TAKE_PROFIT_MARKET", "sell", None, None,
            leg | {"triggerPrice": float(profit_price), "closePosition": True, "workingType": "MARK_PRICE"},
        )
        checks.equal("a stop is stored", number(stop["triggerPrice"]), stop_price)
        checks.equal("a take-profit is stored", (profit["info"]["closePosition"], number(profit["triggerPrice"])), (True, profit_price))
        listed = {it["id"] for it in venue.fetch_open_orders(SYMBOL, params={"trigger": True})}
        checks.equal("both wait", listed, {stop["id"], profit["id"]})
        checks.equal("they are no ordinary orders", venue.fetch_open_orders(SYMBOL), [])
        seen = venue.fetch_order(stop["id"], SYMBOL, {"trigger": True})
        checks.equal("the stop is found", (seen["status"], number(seen["amount"])), ("open", Decimal("0.01")))
        checks.refused(
            "a stop beyond the market is refused",
            -2021,
            lambda: venue.create_order(
                SYMBOL, "market", "sell", 0.01, None,
                self.side_params("LONG", closing=True) | {"stopLossPrice": float(self.price(ask * Decimal("1.01")))},
            ),
        )
        venue.cancel_order(profit["id"], SYMBOL, {"trigger": True})
        left = [it["id"] for it in venue.fetch_open_orders(SYMBOL, params={"trigger": True})]
        checks.equal("one is cancelled", left, [stop["id"]])
        venue.cancel_all_orders(SYMBOL, {"trigger": True})
        checks.equal("the other too", venue.fetch_open_orders(SYMBOL, params={"trigger": True}), [])
        gone = venue.fetch_order(stop["id"], SYMBOL, {"trigger": True})
        checks.equal("a cancelled stop stays known", gone["status"], "canceled")

    def refusals(self):
        venue, checks = self.venue, self.checks
        bid, _ = self.quotes()
        price = float(self.price(bid * FAR))
        params = self.side_params("LONG")
        checks.refused(
            "more than the margin allows is refused",
            -2019,
            lambda: venue.create_order(SYMBOL, "limit", "buy", 50, price, params),
        )
        checks.refused(
            "less than the smallest notional is refused",
            -4164,
            lambda: venue.fapiPrivatePostOrder(
                {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001", "price": "100"} | params
            ),
        )
        checks.refused(
            "conditional types are refused at the ordinary service",
            -4120,
            lambda: venue.fapiPrivatePostOrder(
                {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.001", "stopPrice": "100"} | params
            ),
        )
        wrong = {} if self.hedge else {"positionSide": "LONG"}
        checks.refused(
            "a position side that is not the mode's is refused",
            -4061,
            lambda: venue.create_order(SYMBOL, "market", "buy", 0.002, None, wrong),
        )
        checks.refused(
            "the margin mode stays while something is held",
            -4048,
            lambda: venue.set_margin_mode("cross" if self.margin_mode == "isolated" else "isolated", SYMBOL),
        )
        checks.refused(
            "closing more than is held opens nothing",
            -2022,
            lambda: venue.create_order(SYMBOL, "market", "buy", 0.004, None, self.side_params("SHORT", closing=True)),
        )


def public_data(venue, checks):
    """What CCXT reads of the market."""
    market = venue.market(SYMBOL)
    checks.equal("the contract is a linear swap", (market["swap"], market["linear"], market["settle"]), (True, True, "USDT"))
    checks.equal("its tick and lot", (number(market["precision"]["price"]), number(market["precision"]["amount"])), (Decimal("0.1"), Decimal("0.001")))
    checks.equal("its smallest order", (number(market["limits"]["amount"]["min"]), number(market["limits"]["cost"]["min"])), (Decimal("0.001"), Decimal(50)))
    checks.that("the server has a time", abs(venue.fetch_time() - venue.milliseconds()) < 60_000)
    ticker = venue.fetch_ticker(SYMBOL)
    checks.that("the ticker is in order", ticker["low"] <= ticker["last"] <= ticker["high"])
    checks.that("all tickers are there", SYMBOL in venue.fetch_tickers())
    quotes = venue.fetch_bids_asks([SYMBOL])[SYMBOL]
    checks.that("the bid is below the ask", quotes["bid"] < quotes["ask"])
    book = venue.fetch_order_book(SYMBOL, 10)
    bids, asks = [it[0] for it in book["bids"]], [it[0] for it in book["asks"]]
    checks.that("the book is in order", bids == sorted(bids, reverse=True) and asks == sorted(asks) and bids[0] < asks[0])
    candles = venue.fetch_ohlcv(SYMBOL, "5m", limit=20)
    checks.that("candles follow each other", all(b[0] - a[0] == 300_000 for a, b in zip(candles, candles[1:])) and candles)
    checks.that("candles enclose their prices", all(c[3] <= min(c[1], c[4]) and max(c[1], c[4]) <= c[2] for c in candles))
    checks.that("mark candles are there", len(venue.fetch_mark_ohlcv(SYMBOL, "1h", limit=3)) > 0)
    checks.that("trades are there", all(it["symbol"] == SYMBOL for it in venue.fetch_trades(SYMBOL, limit=10)))
    funding = venue.fetch_funding_rate(SYMBOL)
    checks.that("a funding is to come", funding["fundingTimestamp"] % 3_600_000 == 0 and funding["fundingRate"] is not None)
    checks.that("the mark has an index", funding["markPrice"] > 0 and funding["indexPrice"] > 0)
    checks.that("all funding rates are there", SYMBOL in venue.fetch_funding_rates())
    checks.that("funding intervals are read", isinstance(venue.fetch_funding_intervals(), dict))
    history = venue.fetch_funding_rate_history(SYMBOL)
    times = [it["timestamp"] for it in history]
    first = venue.fetch_ohlcv(SYMBOL, "1h", since=0, limit=1)[0][0]
    first = venue.fetch_ohlcv(SYMBOL, "1m", since=first, limit=1)[0][0]
    period = 8 * 3_600_000
    due = list(range(first - first % period + period, ticker["timestamp"] + 1, period))
    checks.equal(f"funding was settled {len(due)} times, whenever it was due", times, due[-200:])
    since = venue.fetch_funding_rate_history(SYMBOL, times[-1], 1) if times else []
    checks.equal("funding history starts where it is asked to", [it["timestamp"] for it in since], times[-1:])
    checks.that("open interest is there", venue.fetch_open_interest(SYMBOL)["openInterestAmount"] >= 0)


def tiers(venue, checks):
    """The margin table, and the recursion that makes it continuous."""
    listed = [symbol for symbol in (SYMBOL, OTHER) if symbol in venue.markets]
    table = venue.fetch_leverage_tiers(listed)
    checks.equal("a table for each contract", sorted(table), listed)
    rows = [it["info"] for it in table[SYMBOL]]
    cum, rate = Decimal(0), None
    for row in rows:
        step = Decimal(0) if rate is None else number(row["notionalFloor"]) * (number(row["maintMarginRatio"]) - rate)
        cum, rate = cum + step, number(row["maintMarginRatio"])
        if cum != number(row["cum"]):
            checks.equal("the table is continuous", number(row["cum"]), cum)
    checks.that("the table has several lines", len(rows) > 3)
    floors = [number(it["notionalFloor"]) for it in rows]
    caps = [number(it["notionalCap"]) for it in rows]
    checks.equal("lines follow each other", floors[1:], caps[:-1])


def strangers(venue, checks, url, key):
    """Those who may not call, and what does not exist."""
    checks.refused("a wrong secret is refused", -1022, lambda: bad(url, key, "wrong").fetch_balance(), ccxt.AuthenticationError)
    checks.refused("a wrong key is refused", -2015, lambda: bad(url, "nobody", "wrong").fetch_balance(), ccxt.AuthenticationError)
    checks.refused("a wrong symbol is refused", -1121, lambda: venue.fapiPublicGetPremiumIndex({"symbol": "NOPE"}), ccxt.BadSymbol)
    checks.refused("an unknown order is not found", -2013, lambda: venue.fetch_order("1", SYMBOL), ccxt.OrderNotFound)
    late = {"timestamp": venue.milliseconds() - 60_000}
    checks.refused("a late request is refused", -1021, lambda: venue.fapiPrivateV3GetBalance(late), ccxt.InvalidNonce)


def bad(url, key, secret):
    venue = connect(url, key, secret)
    venue.load_markets()
    return venue


def account(venue, checks):
    """Calls about the account that no trade is needed for."""
    balance = venue.fetch_balance()
    checks.that("the account has money", number(balance["USDT"]["total"]) > 0)
    rows = venue.fetch_ledger("USDT")
    checks.that("the deposit is in the ledger", len(rows) > 0)
    fee = venue.fetch_trading_fee(SYMBOL)
    checks.equal("fees are the contract's", (number(fee["maker"]), number(fee["taker"])), (Decimal("0.0002"), Decimal("0.0004")))
    checks.that("all fees are there", SYMBOL in venue.fetch_trading_fees())
    checks.that("fundings are listed", isinstance(venue.fetch_funding_history(SYMBOL), list))
    orders = venue.fetch_orders(SYMBOL)
    checks.that("the order history is in order", [it["timestamp"] for it in orders] == sorted(it["timestamp"] for it in orders))
    checks.that("deleveraging ranks are read", isinstance(venue.fapiPrivateGetAdlQuantile(), list))
    limits = venue.fapiPrivateGetRateLimitOrder()
    checks.equal("order limits are told", [it["interval"] for it in limits], ["SECOND", "MINUTE"])


async def streams(checks, url, ws_url, key, secret):
    """What CCXT hears: prices on their routes, and the account's own events."""
    venue = listen(url, ws_url, key, secret)
    try:
        await venue.load_markets()
        await public_streams(venue, checks)
        await private_streams(venue, checks)
    finally:
        await venue.close()


async def heard(checks, name, coroutine, right):
    try:
        found = await asyncio.wait_for(coroutine, 30)
    except (ccxt.BaseError, asyncio.TimeoutError) as error:
        checks.that(name, False, f"{type(error).__name__}: {error}")
        return None
    checks.that(name, right(found), repr(found))
    return found


async def until(watch, wanted):
    """What is heard after a snapshot that does not hold it yet."""
    while not wanted(found := await watch()):
        pass
    return found


async def public_streams(venue, checks):
    await heard(checks, "a mark price is heard", venue.watch_mark_price(SYMBOL), lambda it: it["markPrice"] > 0)
    await heard(checks, "a ticker is heard", venue.watch_ticker(SYMBOL), lambda it: it["low"] <= it["last"] <= it["high"])
    quotes = venue.watch_bids_asks([SYMBOL])
    await heard(checks, "quotes are heard", quotes, lambda it: it[SYMBOL]["bid"] < it[SYMBOL]["ask"])
    await heard(checks, "a trade is heard", venue.watch_trades(SYMBOL), lambda it: it[-1]["price"] > 0)
    await heard(checks, "a candle is heard", venue.watch_ohlcv(SYMBOL, "1m"), lambda it: it[-1][3] <= it[-1][2])

    def in_order(book):
        return book["bids"][0][0] < book["asks"][0][0] and len(book["bids"]) >= 10

    for count in ("first", "next"):
        await heard(checks, f"the book is followed, {count} change", venue.watch_order_book(SYMBOL), in_order)


async def private_streams(venue, checks):
    watched = {
        "orders": venue.watch_orders(SYMBOL),
        "trades": venue.watch_my_trades(SYMBOL),
        "positions": until(lambda: venue.watch_positions([SYMBOL]), lambda it: len(it) > 0),
        "balance": until(venue.watch_balance, lambda it: it["info"].get("e") == "ACCOUNT_UPDATE"),
    }
    tasks = {name: asyncio.ensure_future(watch) for name, watch in watched.items()}
    # All four share one socket; once it is there, whatever is done is heard.
    for _ in range(100):
        await asyncio.sleep(0.05)
        if any("/private/" in there and client.connection for there, client in venue.clients.items()):
            break
    await asyncio.sleep(0.5)
    order = await venue.create_order(SYMBOL, "market", "buy", 0.005)
    await heard(checks, "the order is heard", tasks["orders"], lambda it: it[0]["id"] == order["id"])

    def filled(trades):
        trade = trades[-1]
        cost = number(trade["price"]) * number(trade["amount"])
        return trade["order"] == order["id"] and number(trade["fee"]["cost"]) == cost * Decimal("0.0004")

    await heard(checks, "the trade is heard with its fee", tasks["trades"], filled)
    await heard(
        checks, "the position is heard", tasks["positions"],
        lambda it: (it[0]["side"], number(it[0]["contracts"])) == ("long", Decimal("0.005")),
    )
    now = await venue.fetch_balance()
    wallet = number(now["info"]["totalWalletBalance"])
    await heard(checks, "the balance is heard", tasks["balance"], lambda it: number(it["USDT"]["total"]) == wallet)
    await venue.create_order(SYMBOL, "market", "sell", 0.005, None, {"reduceOnly": True})


def main(arguments):
    if len(arguments) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    url, key, secret = arguments[:3]
    url = url.rstrip("/")
    checks, venue = Checks(), connect(url, key, secret)
    checks.scene = f"ccxt {ccxt.__version__}"
    markets = venue.load_markets()
    checks.that("markets load", SYMBOL in markets)
    for name, scene in [("market", public_data), ("tiers", tiers), ("account", account)]:
        checks.scene = name
        scene(venue, checks)
    for hedge in (False, True):
        for margin_mode in ("cross", "isolated"):
            checks.scene = f"{'hedge' if hedge else 'one-way'} {margin_mode}"
            Trader(venue, checks, hedge, margin_mode).run()
    checks.scene = "one-way again"
    venue.set_position_mode(False, SYMBOL)
    checks.equal("the position mode goes back", venue.fetch_position_mode(SYMBOL)["hedged"], False)
    if len(arguments) == 4:
        checks.scene = "streams"
        asyncio.run(streams(checks, url, arguments[3].rstrip("/"), key, secret))
    checks.scene = "strangers"
    strangers(venue, checks, url, key)
    checks.scene = "account"
    account(venue, checks)
    print(f"{checks.held} checks held, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
