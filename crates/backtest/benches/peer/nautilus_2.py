"""nautilus_trader 2.x on our files: `nautilus_2.py bars|quotes|native FILE [--first N] [--liquidation]`.

`native` is the EMA cross that comes with it, which is compiled; the others are ours, in Python.
"""

import importlib.metadata
from decimal import Decimal

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.indicators import ExponentialMovingAverage
from nautilus_trader.model import (
    AccountType,
    Bar,
    BarType,
    CryptoPerpetual,
    Currency,
    InstrumentId,
    Money,
    OmsType,
    OrderSide,
    Price,
    Quantity,
    QuoteTick,
    Symbol,
    Venue,
)
from nautilus_trader.trading import EmaCrossConfig, Strategy, StrategyConfig

import figures

ID = InstrumentId.from_str("BTCUSDT-PERP.SIM")
BARS = BarType.from_str(f"{ID}-1-MINUTE-LAST-EXTERNAL")
USDT = Currency.from_str("USDT")
PERPETUAL = CryptoPerpetual(
    instrument_id=ID,
    raw_symbol=Symbol("BTCUSDT"),
    base_currency=Currency.from_str("BTC"),
    quote_currency=USDT,
    settlement_currency=USDT,
    is_inverse=False,
    price_precision=1,
    size_precision=3,
    price_increment=Price.from_str("0.1"),
    size_increment=Quantity.from_str("0.001"),
    ts_event=0,
    ts_init=0,
    margin_init=Decimal(figures.MARGIN_INIT),
    margin_maint=Decimal(figures.MARGIN_MAINT),
)
SIZE = Quantity.from_str(figures.SIZE)


class Crossing(Strategy):
    """Closes, then opens the other way, at market."""

    def __new__(cls, *_):
        return super().__new__(cls, StrategyConfig(log_events=False, log_commands=False))

    def __init__(self, kind):
        super().__init__(StrategyConfig(log_events=False, log_commands=False))
        self.kind = kind
        self.cross = figures.Cross(ExponentialMovingAverage)
        self.skips = False
        self.fills = 0

    def on_start(self):
        if self.kind == "bars":
            self.subscribe_bars(BARS)
        else:
            self.subscribe_quotes(ID)

    def on_bar(self, bar):
        self.turn(self.cross.hears(bar.close.as_double()))

    def on_quote(self, quote):
        self.skips = not self.skips
        if not self.skips:
            self.turn(self.cross.hears(quote.bid_price.as_double()))

    def turn(self, above):
        if above is None:
            return
        self.close_all_positions(ID)
        side = OrderSide.BUY if above else OrderSide.SELL
        self.submit_order(self.order_factory.market(ID, side, SIZE))

    def on_order_filled(self, event):
        self.fills += 1


def price(text):
    return Price(float(text), 1)


def data(asked):
    ten = Quantity.from_str("10.000")
    if asked.kind == "bars":
        for time, (open, high, low, close, _) in figures.rows(asked):
            prices = (price(it) for it in (open, high, low, close))
            closed = time + figures.MINUTE
            yield Bar(BARS, *prices, ten, closed, closed)
    else:
        for time, (bid, ask) in figures.rows(asked):
            yield QuoteTick(ID, price(bid), price(ask), ten, ten, time, time)


def main():
    asked = figures.asked()
    silent = LoggerConfig(bypass_logging=True)
    engine = BacktestEngine(BacktestEngineConfig(logging=silent, bypass_logging=True, run_analysis=False))
    engine.add_venue(
        venue=Venue("SIM"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        starting_balances=[Money.from_str(figures.WALLET)],
        default_leverage=Decimal(figures.LEVERAGE),
        fee_model=MakerTakerFeeModel(Decimal(figures.MAKER), Decimal(figures.TAKER)),
        liquidation_enabled=asked.liquidation,
    )
    engine.add_instrument(PERPETUAL)
    items = list(data(asked))
    engine.add_data(items)
    strategy = None
    if asked.kind == "native":
        engine.add_builtin_strategy("EmaCross", EmaCrossConfig(ID, SIZE, figures.FAST, figures.SLOW))
    else:
        strategy = Crossing(asked.kind)
        engine.add_strategy(strategy)
    loaded = figures.peak_mb()
    seconds = figures.measure(engine.run)
    figures.tell(
        version=importlib.metadata.version("nautilus_trader"),
        events=len(items),
        seconds=seconds,
        orders=engine.get_result().total_orders,
        fills=strategy.fills if strategy else None,
        loaded_mb=loaded,
        peak_mb=figures.peak_mb(),
    )


main()
