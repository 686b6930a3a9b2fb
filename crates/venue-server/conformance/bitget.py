#!/usr/bin/env python3
"""A stock CCXT trades on a venue server: proof that what the server speaks is Bitget's wire.

    bitget.py REST_URL KEY SECRET PASSPHRASE [WS_URL]

With a WS_URL its streaming half listens as well, which takes a market whose price moves.

Nothing of CCXT is changed but its URLs, so that no call can leave this machine. Every figure is compared as an exact
decimal. One line per check; exit code 1 if any has failed.
"""

import asyncio
import sys
import time
from decimal import ROUND_DOWN, Decimal

import ccxt
import ccxt.pro

SYMBOL = "BTC/USDT:USDT"
OTHER = "ETH/USDT:USDT"
FAR = Decimal("0.97")  # well away from the market, within its price band
FEE = Decimal("0.0006")  # what the venue adds to every maintenance rate


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
        """Refused with this code. What CCXT makes of a code is its own, so `error` may be broad."""
        try:
            found = call()
        except ccxt.BaseError as refusal:
            right = isinstance(refusal, error) and f'"code":"{code}"' in str(refusal)
            self.that(name, right, f"{type(refusal).__name__}: {refusal}")
        else:
            self.that(name, False, f"was not refused: {found!r}")


def number(value):
    """A figure as it was written; CCXT's floats print the digits that they were read from."""
    return Decimal(str(value))


def settings(key, secret, passphrase):
    return {"apiKey": key, "secret": secret, "password": passphrase, "options": {"defaultType": "swap"}}


def put(venue, url, ws_url=None):
    api = venue.urls["api"]
    for name, there in api.items():
        if isinstance(there, str):
            api[name] = url
        elif ws_url is not None:
            api[name] = {kind: there.replace("wss://ws.bitget.com", ws_url).replace("wss://wspap.bitget.com", ws_url)
                         for kind, there in there.items()}
    return venue


def connect(url, key, secret, passphrase):
    return put(ccxt.bitget(settings(key, secret, passphrase)), url)


class Trader:
    """One account on one contract, in one position mode and one margin mode."""

    def __init__(self, venue, checks, hedge, margin_mode):
        self.venue, self.checks, self.hedge, self.margin_mode = venue, checks, hedge, margin_mode
        market = venue.market(SYMBOL)
        self.tick, self.lot = number(market["precision"]["price"]), number(market["precision"]["amount"])
        self.taker = number(market["taker"])

    def params(self, closing=False):
        params = {"marginMode": self.margin_mode, "hedged": self.hedge}
        return params | {"reduceOnly": True} if closing else params

    def place(self, *order, closing=False, **more):
        return self.venue.create_order(SYMBOL, *order, self.params(closing) | more)

    def quotes(self):
        book = self.venue.fetch_order_book(SYMBOL, 5)
        return number(book["bids"][0][0]), number(book["asks"][0][0])

    def price(self, value):
        return (value / self.tick).quantize(Decimal(1), ROUND_DOWN) * self.tick

    def positions(self):
        held = self.venue.fetch_positions([SYMBOL])
        return {it["side"]: it for it in held if number(it["contracts"] or 0) != 0}

    def wallet(self):
        row = self.venue.fetch_balance()["info"][0]
        return number(row["accountEquity"]) - number(row["unrealizedPL"])

    def bills(self):
        rows = self.venue.privateMixGetV2MixAccountBill({"productType": "USDT-FUTURES", "limit": "100"})["data"]["bills"]
        return {row["billId"]: row for row in rows}

    def run(self):
        self.flatten()
        self.configure()
        seen, before = set(self.bills()), self.wallet()
        self.rest_and_cancel()
        self.post_only()
        self.amend()
        self.batch()
        self.held(self.open("buy", Decimal("0.010")))
        if self.margin_mode == "isolated":
            self.add_margin()
        self.protect()
        self.trigger()
        if self.hedge:
            self.open("sell", Decimal("0.004"))
            self.checks.equal("both legs are held", sorted(self.positions()), ["long", "short"])
            self.close("buy", "short", Decimal("0.004"))
        self.refusals()
        self.close("sell", "long", Decimal("0.004"))
        self.attached()
        self.flash_close()
        booked = [row for id, row in self.bills().items() if id not in seen]
        earned = sum((number(row["amount"]) + number(row["fee"]) for row in booked), Decimal(0))
        self.checks.equal("the wallet has changed by its bills, to the last digit", self.wallet() - before, earned)
        history = self.venue.fetch_positions_history([SYMBOL])
        self.checks.that("what was held is remembered", len(history) > 0 and history[0]["entryPrice"] > 0)

    def flatten(self):
        self.clear()
        if self.positions():
            self.venue.close_position(SYMBOL)

    def clear(self):
        for params in ({}, {"trigger": True}, {"trigger": True, "planType": "profit_loss"}):
            try:
                self.venue.cancel_all_orders(SYMBOL, params)
            except ccxt.ExchangeError as nothing:
                if '"code":"22001"' not in str(nothing):
                    raise

    def configure(self):
        venue, checks = self.venue, self.checks
        venue.set_position_mode(self.hedge, SYMBOL)
        venue.set_margin_mode(self.margin_mode, SYMBOL)
        checks.equal("the margin mode is set", venue.fetch_margin_mode(SYMBOL)["marginMode"], self.margin_mode)
        leg = {"holdSide": "long"} if self.hedge and self.margin_mode == "isolated" else {}
        if leg:
            checks.refused("a leg without a name is refused", 40808, lambda: venue.set_leverage(12, SYMBOL))
        answer = venue.set_leverage(12, SYMBOL, leg)["data"]
        checks.equal("the leverage is answered", (answer["longLeverage"], answer["symbol"]), ("12", "BTCUSDT"))
        checks.refused("setting it again changes nothing", 40814, lambda: venue.set_leverage(12, SYMBOL, leg))
        venue.set_leverage(10, SYMBOL, leg)
        leverage = venue.fetch_leverage(SYMBOL)
        checks.equal("the leverage is set", (leverage["longLeverage"], leverage["shortLeverage"]), (10, 10))
        mode = leverage["info"]["posMode"]
        checks.equal("the position mode is set", mode, "hedge_mode" if self.hedge else "one_way_mode")

    def rest_and_cancel(self):
        venue, checks = self.venue, self.checks
        price = self.price(self.quotes()[0] * FAR)
        name = f"conf-{venue.milliseconds()}"
        order = self.place("limit", "buy", 0.002, float(price), clientOrderId=name)
        checks.equal("a limit is accepted", order["clientOrderId"], name)
        (listed,) = [it for it in venue.fetch_open_orders(SYMBOL) if it["id"] == order["id"]]
        checks.equal("it rests", (listed["status"], number(listed["amount"])), ("open", Decimal("0.002")))
        seen = venue.fetch_order(None, SYMBOL, {"clientOrderId": name})
        checks.equal("it is found by its client id", (seen["id"], number(seen["price"])), (order["id"], price))
        venue.cancel_order(order["id"], SYMBOL)
        gone = venue.fetch_order(order["id"], SYMBOL)
        checks.equal("it is cancelled and stays known", gone["status"], "canceled")
        again = lambda: venue.cancel_order(order["id"], SYMBOL)
        checks.refused("it cannot be cancelled again", 43001, again, ccxt.OrderNotFound)

    def post_only(self):
        venue, checks = self.venue, self.checks
        bid, _ = self.quotes()
        takes = self.place("limit", "buy", 0.002, float(self.price(bid * Decimal("1.02"))), postOnly=True)
        seen = venue.fetch_order(takes["id"], SYMBOL)
        checks.equal("a post-only order that would take is cancelled", (seen["status"], seen["filled"]), ("canceled", 0))
        rests = self.place("limit", "buy", 0.002, float(self.price(bid * FAR)), postOnly=True)
        seen = venue.fetch_order(rests["id"], SYMBOL)
        checks.equal("a post-only order rests", (seen["status"], seen["timeInForce"]), ("open", "PO"))
        venue.cancel_order(rests["id"], SYMBOL)

    def amend(self):
        venue, checks = self.venue, self.checks
        price = self.price(self.quotes()[0] * FAR)
        lower, name = price - 10 * self.tick, f"edit-{venue.milliseconds()}"
        order = self.place("limit", "buy", 0.002, float(price))
        amended = venue.edit_order(order["id"], SYMBOL, "limit", "buy", 0.003, float(lower), {"newClientOrderId": name})
        checks.equal("an edit answers with the old order", amended["id"], order["id"])
        checks.equal("which is cancelled", venue.fetch_order(order["id"], SYMBOL)["status"], "canceled")
        seen = venue.fetch_order(None, SYMBOL, {"clientOrderId": name})
        checks.equal("the new one has its terms", (number(seen["amount"]), number(seen["price"])), (Decimal("0.003"), lower))
        venue.cancel_order(seen["id"], SYMBOL)

    def batch(self):
        venue, checks = self.venue, self.checks
        price = self.price(self.quotes()[0] * FAR)
        orders = venue.create_orders(
            [
                {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": 0.002, "price": float(price - n * self.tick), "params": self.params()}
                for n in range(3)
            ],
            {"marginMode": self.margin_mode},
        )
        ids = [it["id"] for it in orders]
        checks.equal("a batch is placed", sorted(it["id"] for it in venue.fetch_open_orders(SYMBOL)), sorted(ids))
        venue.cancel_orders(ids[:2], SYMBOL)
        checks.equal("a batch is cancelled", [it["id"] for it in venue.fetch_open_orders(SYMBOL)], ids[2:])
        venue.cancel_all_orders(SYMBOL)
        checks.equal("the rest is cancelled together", venue.fetch_open_orders(SYMBOL), [])

    def open(self, side, amount):
        order = self.place("market", side, float(amount), None)
        return self.filled(order, side, amount, opening=True)

    def close(self, side, leg, amount):
        held = self.positions()[leg]
        order = self.place("market", side, float(amount), None, closing=True)
        trades = self.filled(order, side, amount, opening=False)
        sign = 1 if leg == "long" else -1
        entry = number(held["info"]["openPriceAvg"])
        realised = sum((number(it["info"]["profit"]) for it in trades), Decimal(0))
        earned = sum((sign * (number(it["price"]) - entry) * number(it["amount"]) for it in trades), Decimal(0))
        self.checks.equal(f"closing {amount} of the {leg} realises what it earned", realised, earned)

    def filled(self, order, side, amount, opening):
        seen = self.venue.fetch_order(order["id"], SYMBOL)
        trades = self.venue.fetch_my_trades(SYMBOL, params={"orderId": order["id"]})
        traded = sum((number(it["amount"]) for it in trades), Decimal(0))
        cost = sum((number(it["amount"]) * number(it["price"]) for it in trades), Decimal(0))
        fees = sum((number(it["fee"]["cost"]) for it in trades), Decimal(0))
        checks, what = self.checks, f"{'opening' if opening else 'closing'} {side} of {amount}"
        checks.equal(f"the {what} has filled", (seen["status"], number(seen["filled"])), ("closed", amount))
        checks.equal("its side is the trader's", (seen["side"], {it["side"] for it in trades}), (side, {side}))
        checks.equal("its trades sum to it", traded, amount)
        checks.equal("its average price is theirs", number(seen["average"]), cost / traded)
        checks.equal("its cost is theirs", number(seen["cost"]), cost)
        checks.equal("its fee is the taker's", (fees, number(seen["fee"]["cost"])), (cost * self.taker,) * 2)
        checks.that("it took", all(it["takerOrMaker"] == "taker" for it in trades))
        return trades

    def held(self, trades):
        it = self.positions()["long"]
        info, checks = it["info"], self.checks
        amount = sum((number(trade["amount"]) for trade in trades), Decimal(0))
        cost = sum((number(trade["amount"]) * number(trade["price"]) for trade in trades), Decimal(0))
        entry, mark, margin = number(info["openPriceAvg"]), number(info["markPrice"]), number(info["marginSize"])
        checks.equal("a long is held", (it["side"], number(it["contracts"]), it["hedged"]), ("long", amount, self.hedge))
        checks.equal("its entry is its trades' price", entry, cost / amount)
        checks.equal("its margin mode is the contract's", it["marginMode"], self.margin_mode)
        checks.equal("its profit is at the mark", number(info["unrealizedPL"]), amount * (mark - entry))
        at = entry if self.margin_mode == "isolated" else mark
        checks.that("its margin is a tenth", abs(margin - amount * at / 10) < Decimal("1e-7"), f"{margin}")
        rate = number(info["keepMarginRate"]) + FEE
        ratio = amount * mark * rate / (margin + number(info["unrealizedPL"]))
        if self.margin_mode == "isolated":
            expected = (margin - amount * entry) / (amount * (rate - 1))
            found = number(info["liquidationPrice"])
            checks.that("its liquidation price is the formula's", abs(found - expected) < Decimal("1e-7"), f"{found} {expected}")
            checks.that("its margin ratio is too", abs(number(info["marginRatio"]) - ratio) < Decimal("1e-12"), f"{ratio}")
        tier = self.venue.fetch_market_leverage_tiers(SYMBOL)[0]
        checks.equal("its maintenance rate is its tier's", number(info["keepMarginRate"]), number(tier["info"]["keepMarginRate"]))
        one = self.venue.fetch_position(SYMBOL)
        checks.equal("it is found alone", number(one["info"]["total"]), amount)
        balance = self.venue.fetch_balance()
        row = balance["info"][0]
        checks.equal("equity is CCXT's total", number(balance["USDT"]["total"]), number(row["accountEquity"]))
        profit = number(row["crossedUnrealizedPL"]) + number(row["isolatedUnrealizedPL"])
        checks.equal("profit is that of both margin modes", number(row["unrealizedPL"]), profit)

    def add_margin(self):
        venue, checks, leg = self.venue, self.checks, {"holdSide": "long"}
        before = number(self.positions()["long"]["info"]["marginSize"])
        venue.add_margin(SYMBOL, 25.5, leg)
        checks.equal("margin is added", number(self.positions()["long"]["info"]["marginSize"]) - before, Decimal("25.5"))
        venue.reduce_margin(SYMBOL, -5.5, leg)
        checks.equal("margin is taken", number(self.positions()["long"]["info"]["marginSize"]) - before, Decimal("20"))

    def protect(self):
        """A stop and a take-profit for the whole position: stored, listed apart, changed, cancelled."""
        venue, checks, listed = self.venue, self.checks, {"trigger": True, "planType": "profit_loss"}
        bid, ask = self.quotes()
        stop_price, profit_price = self.price(bid * FAR), self.price(ask * Decimal("1.03"))
        stop = self.place("market", "sell", 0.01, None, stopLossPrice=float(stop_price))
        profit = self.place("market", "sell", 0.01, None, takeProfitPrice=float(profit_price))
        waiting = {it["id"]: it for it in venue.fetch_open_orders(SYMBOL, params=listed)}
        checks.equal("both wait", set(waiting), {stop["id"], profit["id"]})
        seen = waiting[stop["id"]]
        checks.equal("the stop is what was asked for", (number(seen["triggerPrice"]), seen["info"]["planType"]), (stop_price, "pos_loss"))
        checks.equal("they are no ordinary orders", venue.fetch_open_orders(SYMBOL), [])
        position = self.positions()["long"]["info"]
        checks.equal("the position knows them", (number(position["stopLoss"]), number(position["takeProfit"])), (stop_price, profit_price))
        checks.refused("a plan is no order", 40109, lambda: venue.fetch_order(stop["id"], SYMBOL), ccxt.OrderNotFound)
        beyond = float(self.price(ask * Decimal("1.01")))
        checks.refused("a stop beyond the market is refused", 40917, lambda: self.place("market", "sell", 0.01, None, stopLossPrice=beyond))
        lower = stop_price - 10 * self.tick
        edited = venue.edit_order(stop["id"], SYMBOL, "market", "sell", 0.01, None, {"stopLossPrice": float(lower)})
        checks.equal("a changed stop keeps its id", edited["id"], stop["id"])
        (seen,) = [it for it in venue.fetch_open_orders(SYMBOL, params=listed) if it["id"] == stop["id"]]
        checks.equal("and has its new trigger", number(seen["triggerPrice"]), lower)
        venue.cancel_order(profit["id"], SYMBOL, {"trigger": True})
        left = [it["id"] for it in venue.fetch_open_orders(SYMBOL, params=listed)]
        checks.equal("one is cancelled", left, [stop["id"]])
        venue.cancel_all_orders(SYMBOL, listed)
        checks.equal("the other too", venue.fetch_open_orders(SYMBOL, params=listed), [])
        past = {it["id"]: it["status"] for it in venue.fetch_canceled_and_closed_orders(SYMBOL, params=listed)}
        checks.equal("cancelled ones stay known", (past[stop["id"]], past[profit["id"]]), ("canceled",) * 2)

    def trigger(self):
        """An order that waits for a price before it opens."""
        venue, checks = self.venue, self.checks
        below = self.price(self.quotes()[0] * FAR)
        plan = self.place("market", "buy", 0.002, None, triggerPrice=float(below))
        (seen,) = venue.fetch_open_orders(SYMBOL, params={"trigger": True})
        checks.equal("a trigger order waits", (seen["id"], number(seen["triggerPrice"])), (plan["id"], below))
        venue.cancel_order(plan["id"], SYMBOL, {"trigger": True})
        checks.equal("and is cancelled", venue.fetch_open_orders(SYMBOL, params={"trigger": True}), [])

    def attached(self):
        """What is attached to an order waits for it to fill."""
        venue, checks, listed = self.venue, self.checks, {"trigger": True, "planType": "profit_loss"}
        bid, ask = self.quotes()
        stop, profit = self.price(bid * FAR), self.price(ask * Decimal("1.03"))
        self.place("market", "buy", 0.002, None, stopLoss={"triggerPrice": float(stop)}, takeProfit={"triggerPrice": float(profit)})
        waiting = venue.fetch_open_orders(SYMBOL, params=listed)
        found = sorted((it["info"]["planType"], number(it["triggerPrice"]), number(it["amount"])) for it in waiting)
        expected = [("loss_plan", stop, Decimal("0.002")), ("profit_plan", profit, Decimal("0.002"))]
        checks.equal("what was attached waits", found, expected)
        venue.cancel_all_orders(SYMBOL, listed)

    def flash_close(self):
        order = self.venue.close_position(SYMBOL, "long" if self.hedge else None)
        seen = self.venue.fetch_order(order["id"], SYMBOL)
        self.checks.equal("a flash close closes all", (seen["status"], number(seen["filled"])), ("closed", Decimal("0.008")))
        self.checks.equal("nothing is held at the end", self.positions(), {})
        time.sleep(1)  # it may be called once a second
        self.checks.refused("there is nothing more to close", 22002, lambda: self.venue.close_position(SYMBOL))

    def refusals(self):
        venue, checks = self.venue, self.checks
        price = float(self.price(self.quotes()[0] * FAR))
        funds = ccxt.InsufficientFunds
        checks.refused("more than the margin allows is refused", 40762, lambda: self.place("limit", "buy", 50, price), funds)
        raw = {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT", "orderType": "limit", "side": "buy",
               "marginMode": "isolated" if self.margin_mode == "isolated" else "crossed"}
        raw |= {"tradeSide": "open"} if self.hedge else {}
        order = venue.privateMixPostV2MixOrderPlaceOrder
        checks.refused("less than the smallest notional is refused", 45110, lambda: order(raw | {"size": str(self.lot), "price": str(self.price(number(price) / 2))}))
        checks.refused("a size between steps is refused", 40808, lambda: order(raw | {"size": str(self.lot * Decimal("1.5")), "price": str(price)}))
        checks.refused("a price between ticks is refused", 45115, lambda: order(raw | {"size": "0.002", "price": f"{price:.1f}5"}))
        wrong = {"hedged": not self.hedge, "marginMode": self.margin_mode}
        mode = lambda: venue.create_order(SYMBOL, "market", "buy", 0.002, None, wrong)
        checks.refused("an order of the other mode is refused", 40774, mode)
        other = "cross" if self.margin_mode == "isolated" else "isolated"
        checks.refused("the margin mode stays while something is held", 45117, lambda: venue.set_margin_mode(other, SYMBOL))
        checks.refused("so does the position mode", 40920, lambda: venue.set_position_mode(not self.hedge, SYMBOL))
        nothing = lambda: self.place("market", "buy", 0.004, None, closing=True)
        checks.refused("there is no short to close", 22002, nothing)


def public_data(venue, checks):
    """What CCXT reads of the market."""
    market = venue.market(SYMBOL)
    checks.equal("the contract is a linear swap", (market["swap"], market["linear"], market["settle"]), (True, True, "USDT"))
    info = market["info"]
    tick = number(info["priceEndStep"]).scaleb(-int(info["pricePlace"]))
    checks.equal("its tick and lot", (number(market["precision"]["price"]), number(market["precision"]["amount"])), (tick, number(info["sizeMultiplier"])))
    checks.equal("its smallest order", number(market["limits"]["amount"]["min"]), number(info["minTradeNum"]))
    checks.that("the server has a time", abs(venue.fetch_time() - venue.milliseconds()) < 60_000)
    ticker = venue.fetch_ticker(SYMBOL)
    checks.that("the ticker is in order", ticker["low"] <= ticker["last"] <= ticker["high"] and ticker["bid"] < ticker["ask"])
    checks.that("all tickers are there", SYMBOL in venue.fetch_tickers())
    book = venue.fetch_order_book(SYMBOL, 15)
    bids, asks = [it[0] for it in book["bids"]], [it[0] for it in book["asks"]]
    checks.that("the book is in order", bids == sorted(bids, reverse=True) and asks == sorted(asks) and bids[0] < asks[0])
    candles = venue.fetch_ohlcv(SYMBOL, "5m", limit=20)
    checks.that("candles follow each other", all(b[0] - a[0] == 300_000 for a, b in zip(candles, candles[1:])) and candles)
    checks.that("candles enclose their prices", all(c[3] <= min(c[1], c[4]) and max(c[1], c[4]) <= c[2] for c in candles))
    checks.that("mark candles are there", len(venue.fetch_mark_ohlcv(SYMBOL, "1h", limit=3)) > 0)
    checks.that("trades are there", all(it["symbol"] == SYMBOL for it in venue.fetch_trades(SYMBOL, limit=10)))
    checks.that("a mark price is there", venue.fetch_mark_price(SYMBOL)["markPrice"] > 0)
    funding = venue.fetch_funding_rate(SYMBOL)
    checks.that("a funding is to come", funding["fundingTimestamp"] % 3_600_000 == 0 and funding["fundingRate"] is not None)
    checks.equal("its interval is told", venue.fetch_funding_interval(SYMBOL)["interval"], "8h")
    checks.that("all funding rates are there", SYMBOL in venue.fetch_funding_rates(None, {"productType": "USDT-FUTURES"}))
    times = [it["timestamp"] for it in venue.fetch_funding_rate_history(SYMBOL, limit=100)]
    checks.that("fundings were settled when they were due", times and all(it % (8 * 3_600_000) == 0 for it in times))
    checks.that("open interest is there", venue.fetch_open_interest(SYMBOL)["openInterestAmount"] >= 0)


def tiers(venue, checks):
    for symbol in [it for it in (SYMBOL, OTHER) if it in venue.markets]:
        rows = venue.fetch_market_leverage_tiers(symbol)
        starts, ends = [it["minNotional"] for it in rows], [it["maxNotional"] for it in rows]
        rates = [it["maintenanceMarginRate"] for it in rows]
        checks.that(f"{symbol} has several tiers", len(rows) > 3)
        checks.equal(f"the tiers of {symbol} follow each other", starts[1:], ends[:-1])
        checks.that(f"and grow dearer", rates == sorted(rates))


def account(venue, checks):
    """Calls about the account that no trade is needed for."""
    checks.that("the account has money", number(venue.fetch_balance()["USDT"]["total"]) > 0)
    checks.that("the ledger is read", len(venue.fetch_ledger("USDT", params={"productType": "USDT-FUTURES"})) > 0)
    fee = venue.fetch_trading_fee(SYMBOL)
    market = venue.market(SYMBOL)
    checks.equal("fees are the contract's", (fee["maker"], fee["taker"]), (market["maker"], market["taker"]))
    checks.that("fundings are listed", isinstance(venue.fetch_funding_history(SYMBOL), list))
    orders = venue.fetch_canceled_and_closed_orders(SYMBOL)
    checks.that("the order history is in order", [it["timestamp"] for it in orders] == sorted(it["timestamp"] for it in orders))


def strangers(venue, checks, url, key, secret, passphrase):
    """Those who may not call, and what does not exist."""

    def bad(*credentials):
        other = connect(url, *credentials)
        other.options["uta"] = False
        return other.fetch_balance()

    refused = lambda name, code, call: checks.refused(name, code, call, ccxt.AuthenticationError)
    refused("a wrong secret is refused", 40009, lambda: bad(key, "wrong", passphrase))
    refused("a wrong key is refused", 40037, lambda: bad("nobody", secret, passphrase))
    refused("a wrong passphrase is refused", 40012, lambda: bad(key, secret, "wrong"))
    no_symbol = lambda: venue.publicMixGetV2MixMarketTicker({"symbol": "NOPE", "productType": "USDT-FUTURES"})
    checks.refused("a wrong symbol is refused", 40034, no_symbol)
    checks.refused("an unknown order is not found", 40109, lambda: venue.fetch_order("1", SYMBOL), ccxt.OrderNotFound)
    late = connect(url, key, secret, passphrase)
    late.options |= {"uta": False, "timeDifference": 60_000}
    late.markets = venue.markets
    checks.refused("a late request is refused", 40008, late.fetch_balance, ccxt.InvalidNonce)


async def streams(checks, url, ws_url, key, secret, passphrase):
    """What CCXT hears: prices, and the account's own events."""
    venue = put(ccxt.pro.bitget(settings(key, secret, passphrase)), url, ws_url)
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
    params = {"marginMode": "isolated", "hedged": False}
    sent = {}

    def ours(orders):
        return "id" in sent and any(it["id"] == sent["id"] and it["status"] in ("filled", "closed") for it in orders)

    watched = {
        "orders": until(lambda: venue.watch_orders(SYMBOL), ours),
        "trades": venue.watch_my_trades(SYMBOL),
        "positions": until(lambda: venue.watch_positions([SYMBOL]), lambda it: any(number(p["contracts"]) for p in it)),
        "balance": until(venue.watch_balance, lambda it: "id" in sent and number(it["info"]["data"][0]["frozen"]) >= 0),
    }
    tasks = {name: asyncio.ensure_future(watch) for name, watch in watched.items()}
    await asyncio.sleep(2)
    order = await venue.create_order(SYMBOL, "market", "buy", 0.005, None, params)
    sent["id"] = order["id"]
    await heard(checks, "the order is heard", tasks["orders"], ours)

    def filled(trades):
        trade = trades[-1]
        cost = number(trade["price"]) * number(trade["amount"])
        return trade["order"] == order["id"] and number(trade["fee"]["cost"]) == cost * number(venue.market(SYMBOL)["taker"])

    await heard(checks, "the trade is heard with its fee", tasks["trades"], filled)
    held = lambda it: (it[0]["side"], number(it[0]["contracts"])) == ("long", Decimal("0.005"))
    await heard(checks, "the position is heard", tasks["positions"], held)
    await venue.create_order(SYMBOL, "market", "sell", 0.005, None, params | {"reduceOnly": True})
    await heard(checks, "the balance is heard", tasks["balance"], lambda it: number(it["USDT"]["total"]) > 0)


def main(arguments):
    if len(arguments) not in (4, 5):
        print(__doc__, file=sys.stderr)
        return 2
    url, *credentials = arguments[:4]
    url = url.rstrip("/")
    checks, venue = Checks(), connect(url, *credentials)
    checks.scene = f"ccxt {ccxt.__version__}"
    markets = venue.load_markets()
    checks.that("markets load", SYMBOL in markets)
    checks.equal("the account is of the classic kind", venue.options["uta"], False)
    for name, scene in [("market", public_data), ("tiers", tiers), ("account", account)]:
        checks.scene = name
        scene(venue, checks)
    for hedge in (False, True):
        for margin_mode in ("cross", "isolated"):
            checks.scene = f"{'hedge' if hedge else 'one-way'} {margin_mode}"
            Trader(venue, checks, hedge, margin_mode).run()
    checks.scene = "one-way again"
    answer = venue.set_position_mode(False, SYMBOL)
    checks.equal("the position mode goes back", answer["data"]["posMode"], "one_way_mode")
    if len(arguments) == 5:
        checks.scene = "streams"
        asyncio.run(streams(checks, url, arguments[4].rstrip("/"), *credentials))
    checks.scene = "strangers"
    strangers(venue, checks, url, *credentials)
    checks.scene = "account"
    account(venue, checks)
    print(f"{checks.held} checks held, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
