"""nautilus_trader 1.x on our files: `nautilus_1.py bars|quotes FILE [--first N]`."""

from decimal import Decimal

import nautilus_trader
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.indicators import ExponentialMovingAverage
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import Bar, BarType, QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

import figures

ID = InstrumentId.from_str("BTCUSDT-PERP.SIM")
BARS = BarType.from_str(f"{ID}-1-MINUTE-LAST-EXTERNAL")
PERPETUAL = CryptoPerpetual(
    instrument_id=ID,
    raw_symbol=Symbol("BTCUSDT"),
    base_currency=BTC,
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
    maker_fee=Decimal(figures.MAKER),
    taker_fee=Decimal(figures.TAKER),
)
SIZE = Quantity.from_str(figures.SIZE)


class Crossing(Strategy):
    """Closes, then opens the other way, at market."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.cross = figures.Cross(ExponentialMovingAverage)
        self.skips = False
        self.fills = 0

    def on_start(self):
        if self.kind == "bars":
            self.subscribe_bars(BARS)
        else:
            self.subscribe_quote_ticks(ID)

    def on_bar(self, bar):
        self.turn(self.cross.hears(bar.close.as_double()))

    def on_quote_tick(self, quote):
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
    if asked.liquidation:
        raise SystemExit("1.x has no liquidation that add_venue could turn on")
    settings = BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), run_analysis=False)
    engine = BacktestEngine(settings)
    engine.add_venue(
        venue=Venue("SIM"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        starting_balances=[Money.from_str(figures.WALLET)],
        default_leverage=Decimal(figures.LEVERAGE),
    )
    engine.add_instrument(PERPETUAL)
    items = list(data(asked))
    engine.add_data(items)
    strategy = Crossing(asked.kind)
    engine.add_strategy(strategy)
    loaded = figures.peak_mb()
    seconds = figures.measure(engine.run)
    figures.tell(
        version=nautilus_trader.__version__,
        events=len(items),
        seconds=seconds,
        orders=engine.cache.orders_total_count(),
        fills=strategy.fills,
        loaded_mb=loaded,
        peak_mb=figures.peak_mb(),
    )


main()
