// A small world that answers as docs and the program's own description of its API have it. Figures are made up and hang
// together only as far as the pages need; nothing here is what the program computes.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const iso = (ms) => new Date(ms).toISOString();
const text = (value, places = 8) => {
  if (value === null || value === undefined) return null;
  const fixed = Number(value).toFixed(places);
  const cut = fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed;
  return cut === '-0' ? '0' : cut;
};

/** The same noise every time. */
function noise(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

const HELD = [
  { account: 'main', venue: 'binance', base: 'BTC', side: 'both', direction: 'long', quantity: 0.045, entry: 60000.1, mark: 60412.6, leverage: 5, mode: 'isolated', liquidation: 48203.41950213, stop: 58250, target: 64000, strategy: 'trend', rate: 0.0001, hours: 8, tick: 1, opened: 31 * HOUR },
  { account: 'main', venue: 'binance', base: 'ETH', side: 'both', direction: 'short', quantity: 1.2, entry: 3120.55, mark: 3188.2, leverage: 8, mode: 'isolated', liquidation: 3466.18420017, stop: 3290, target: 2900, strategy: 'breakout', rate: -0.000042, hours: 8, tick: 2, opened: 9 * HOUR },
  { account: 'carry-gate', venue: 'gateio', base: 'SOL', side: 'long', direction: 'long', quantity: 40, entry: 142.31, mark: 141.02, leverage: 3, mode: 'cross', liquidation: 98.4417300291, stop: 112.5, target: null, strategy: 'carry', rate: -0.00021, hours: 4, tick: 3, opened: 6 * DAY },
  { account: 'carry-bitget', venue: 'bitget', base: 'SOL', side: 'short', direction: 'short', quantity: 39.9, entry: 142.44, mark: 141.1, leverage: 3, mode: 'cross', liquidation: 186.90155, stop: 172, target: null, strategy: 'carry', rate: 0.00031, hours: 8, tick: 3, opened: 6 * DAY },
  { account: 'carry-bitget', venue: 'bitget', base: 'DOGE', side: 'long', direction: 'long', quantity: 5000, entry: 0.16412, mark: 0.163977, leverage: 2, mode: 'cross', liquidation: 0.0850112233, stop: 0.14, target: 0.21, strategy: null, rate: 0.00005, hours: 8, tick: 6, opened: 2 * DAY },
];

const ACCOUNTS = [
  { account: 'main', venue: 'binance', wallet: 10000, peak: 10120.81, start: 10007.42, ratio: 0.34 },
  { account: 'carry-gate', venue: 'gateio', wallet: 4200, peak: 4260.2, start: 4190.1, ratio: 0.721 },
  { account: 'carry-bitget', venue: 'bitget', wallet: 5100, peak: 5140.02, start: 5101.9, ratio: 0.187 },
];

const THRESHOLDS = [
  ['warn', '0.7'],
  ['cancel', '0.75'],
  ['reduce', '0.8'],
  ['flatten', '0.95'],
];

export class World {
  constructor(mode = 'simulated') {
    this.mode = mode;
    this.held = HELD.map((it) => ({ ...it }));
    this.random = noise(7);
    this.kill = 'released';
    this.killed = { state: 'released', reason: null, by: null, since: null };
    this.history = [
      { state: 'released', reason: 'the feed is back', by: 'ops', since: iso(Date.now() - 3 * DAY) },
      { state: 'engaged', reason: 'the price feed jumped', by: 'ops', since: iso(Date.now() - 3 * DAY - 40 * MINUTE) },
    ];
    this.strategies = { trend: 'running', breakout: 'paused', carry: 'running', grid: 'running' };
    this.candles = true;
    this.candlesTrouble = null;
    this.unprotected = false;
    this.seq = 4700;
    this.epoch = Date.now().toString(16);
    this.events = [];
    const now = Date.now();
    const past = [
      [190, 'info', 'reconciled', 'main', null, 'records and venue agree: 2 positions, 4 orders'],
      [95, 'info', 'funding', 'carry-gate', 'SOL/USDT:USDT', 'received 1.18 USDT of funding for SOL/USDT:USDT'],
      [74, 'warning', 'stream_disconnected', 'carry-bitget', null, 'the private stream is down: looking by the clock'],
      [73, 'info', 'gap_closed', 'carry-bitget', null, 'in doubt for 41 s, whole again'],
      [52, 'warning', 'refused_leverage', 'main', 'ETH/USDT:USDT', 'leverage 10x is above the limit of 8x'],
      [33, 'critical', 'stop_gone', 'carry-gate', 'SOL/USDT:USDT', 'the stop of SOL/USDT:USDT was cancelled elsewhere; another one was placed and read back'],
      [12, 'warning', 'margin_stage', 'carry-gate', null, 'margin of carry-gate has reached warn: ratio 0.71 (1 is liquidation)'],
      [4, 'info', 'position_updated', 'main', 'BTC/USDT:USDT', 'BTC/USDT:USDT long is 0.045 at 60000.1'],
    ];
    for (const [minutes, severity, kind, account, symbol, said] of past) this.happen(severity, kind, account, symbol, said, now - minutes * MINUTE);
  }

  happen(severity, kind, account, symbol, said, at = Date.now()) {
    this.seq += 1;
    const event = { seq: this.seq, time: iso(at), severity, kind, account, symbol, text: said };
    this.events.push(event);
    return event;
  }

  move() {
    for (const it of this.held) it.mark *= 1 + this.random() * 0.0006;
  }

  time() {
    return iso(Date.now());
  }

  open({ account, symbol, direction, notional, leverage, stop_loss, take_profit }) {
    const mark = 25.5;
    const venue = ACCOUNTS.find((it) => it.account === account).venue;
    this.held.push({ account, venue, base: symbol.split('/')[0], side: 'both', direction, quantity: Number(notional) / mark, entry: mark, mark, leverage, mode: 'isolated', liquidation: direction === 'long' ? 20.1 : 30.2, stop: Number(stop_loss ?? mark * 0.98), target: take_profit ? Number(take_profit) : null, strategy: 'operator', rate: 0.0001, hours: 8, tick: 2, opened: 0 });
  }

  modeOf() {
    return this.mode === 'mixed' ? 'live' : this.mode;
  }

  position(it) {
    const sign = it.direction === 'long' ? 1 : -1;
    const notional = it.quantity * it.mark;
    const pnl = (it.mark - it.entry) * it.quantity * sign;
    const margin = (it.quantity * it.entry) / it.leverage;
    const maintenance = notional * 0.005;
    const payment = notional * it.rate * sign;
    const bare = this.unprotected && it.base === 'ETH';
    const venueLiquidation = Number(it.liquidation.toFixed(it.tick));
    const now = Date.now();
    return {
      account: it.account, venue: it.venue, mode: this.modeOf(), symbol: `${it.base}/USDT:USDT`, base: it.base, currency: 'USDT', position_side: it.side,
      direction: it.direction, quantity: text(it.quantity), entry_price: text(it.entry, it.tick + 1), mark_price: text(it.mark, it.tick + 1), notional: text(notional),
      leverage: it.leverage, margin_mode: it.mode, margin: text(margin), initial_margin: text(margin), maintenance_margin: text(maintenance),
      margin_ratio: text(maintenance / (margin + pnl), 6), stage: it.account === 'carry-gate' ? 'warn' : null, unrealized_pnl: text(pnl),
      return_on_equity_percent: text((pnl / margin) * 100, 4), liquidation_price: text(it.liquidation, 10),
      liquidation_below: sign > 0 ? text(it.liquidation, 10) : null, liquidation_above: sign < 0 ? text(it.liquidation, 10) : null, is_due: false,
      venue_liquidation_price: text(venueLiquidation), liquidation_difference: text(venueLiquidation - it.liquidation, 10),
      distance: text(Math.abs(1 - it.liquidation / it.mark), 6),
      stop: bare ? null : { trigger: text(it.stop), distance: text(Math.abs(1 - it.stop / it.mark), 6), client_order_id: `pl-stop-${it.base.toLowerCase()}`, covers_all: true, verified_at: iso(now - 4200) },
      target: it.target ? { trigger: text(it.target), distance: text(Math.abs(1 - it.target / it.mark), 6), client_order_id: `pl-target-${it.base.toLowerCase()}`, covers_all: true, verified_at: iso(now - 4200) } : null,
      is_protected: !bare, stop_comes_first: bare ? null : true, loss_at_stop: bare ? null : text(Math.max(0, (it.entry - it.stop) * it.quantity * sign)),
      funding: { rate: text(it.rate), interval_hours: it.hours, next_time: iso(this.settles(it.hours)), next_payment: text(payment), per_day: text((payment * 24) / it.hours), annualised: text((it.rate * 24 * 365) / it.hours), known_at: iso(now - 3000) },
      opened_at: iso(now - it.opened), strategy: it.strategy, as_of: iso(now - 300), is_fresh: true,
    };
  }

  settles(hours) {
    return Math.ceil(Date.now() / (hours * HOUR)) * hours * HOUR;
  }

  positions() {
    const positions = this.held.map((it) => this.position(it)).sort((a, b) => Number(a.distance) - Number(b.distance));
    return { time: this.time(), positions };
  }

  lines() {
    const positions = this.positions().positions;
    return ACCOUNTS.map((it, i) => {
      const own = positions.filter((one) => one.account === it.account);
      const unrealized = own.reduce((sum, one) => sum + Number(one.unrealized_pnl), 0);
      const equity = it.wallet + unrealized;
      return {
        account: it.account, venue: it.venue, mode: this.mode === 'mixed' && i > 0 ? 'paper' : this.modeOf(), currency: 'USDT', link: 'live', link_reason: null,
        data_age_ms: 180 + i * 240, is_fresh: true, clock_offset_ms: i * 11 - 8, equity: text(equity), day_pnl: text(equity - it.start), drawdown: text(Math.max(0, it.peak - equity)),
        margin_ratio: text(it.ratio), stage: it.ratio >= 0.7 ? 'warn' : null, kill_switch: this.kill, positions: own.length, unprotected: own.filter((one) => !one.is_protected).length,
        more: { unrealized, start: it.start, peak: it.peak },
      };
    });
  }

  overview() {
    const lines = this.lines();
    const sum = (of) => lines.reduce((total, it) => total + of(it), 0);
    const positions = this.positions().positions;
    const nearest = positions[0];
    const states = Object.values(this.strategies);
    const isLive = this.mode === 'live';
    return {
      time: this.time(), mode: this.mode,
      totals: [...(this.mode === 'mixed' ? [{ currency: 'USDT', is_live: true, equity: lines[0].equity, unrealized_pnl: '-1', used_margin: '10', maintenance_margin: '1', day_pnl: lines[0].day_pnl, day_start_equity: '1', drawdown: lines[0].drawdown, peak_equity: '1' }] : []), { currency: 'USDT', is_live: isLive, equity: text(sum((it) => Number(it.equity))), unrealized_pnl: text(sum((it) => it.more.unrealized)), used_margin: '3861.2', maintenance_margin: '91.7', day_pnl: text(sum((it) => Number(it.day_pnl))), day_start_equity: text(sum((it) => it.more.start)), drawdown: text(sum((it) => Number(it.drawdown))), peak_equity: text(sum((it) => it.more.peak)) }],
      worst_margin_ratio: { account: 'carry-gate', venue: 'gateio', symbol: null, margin_ratio: '0.721', stage: 'warn' },
      nearest_liquidation: nearest ? { account: nearest.account, venue: nearest.venue, symbol: nearest.symbol, position_side: nearest.position_side, distance: nearest.distance, liquidation_below: nearest.liquidation_below, liquidation_above: nearest.liquidation_above } : null,
      kill_switch: this.kill, positions: positions.length, unprotected: positions.filter((it) => !it.is_protected).length, unpriced: 0, open_orders: 9, unknown_orders: 0,
      strategies: { running: states.filter((it) => it === 'running').length, paused: states.filter((it) => it === 'paused').length, stopped: 0 },
      last_event: this.seq, accounts: lines.map(({ more: _, ...line }) => line),
    };
  }

  risk() {
    const now = Date.now();
    const accounts = this.lines().map((it) => {
      const cross = it.account !== 'main';
      const own = this.positions().positions.filter((one) => one.account === it.account);
      const notional = Math.max(0, ...own.map((one) => Number(one.notional)));
      const limit = (name, unit, used, most, said, engages = false, symbol = null, inverse = false) => {
        const share = inverse ? most / used : used / most;
        return { name, unit, used: text(used, 6), limit: text(most, 6), share: text(share, 4), state: share > 1 ? 'broken' : share >= 0.8 ? 'near' : 'ok', engages_kill_switch: engages, symbol, text: said };
      };
      const lost = Math.max(0, -Number(it.day_pnl));
      return {
        account: it.account, venue: it.venue, mode: it.mode, currency: 'USDT', is_fresh: true, equity: it.equity,
        limits: [
          limit('max_daily_loss', 'money', lost, 499.37, `${lost.toFixed(2)} of 499.37 USDT may be lost today`, true),
          limit('max_drawdown', 'money', Number(it.drawdown), 1000, `${Number(it.drawdown).toFixed(2)} of 1000 USDT below the peak`, true),
          limit('max_position', 'money', notional, 4400, `the largest is worth ${notional.toFixed(0)} of 4400 USDT`, false, own[0]?.symbol ?? null),
          limit('max_positions', 'count', own.length, 3, `${own.length} of 3 are open`),
          limit('max_leverage', 'times', cross ? 3 : 8, 8, cross ? '3x of 8x' : '8x of 8x', false, own[0]?.symbol ?? null),
          limit('min_liquidation_distance', 'fraction', Math.min(...own.map((one) => Number(one.distance))), 0.03, 'the nearest liquidation is further than 3 % away', false, own[0]?.symbol ?? null, true),
          limit('max_funding_per_day', 'money', 0.82, 10, '0.82 of 10 USDT a day'),
          limit('max_state_age', 'ms', 420, 10000, 'read 0.4 s ago'),
        ],
        margin: {
          margin_ratio: it.margin_ratio, pool_ratio: cross ? it.margin_ratio : null, stage: it.stage, thresholds: THRESHOLDS.map(([stage, ratio]) => ({ stage, ratio, distance: stage === 'reduce' ? '0.03' : null })), target: { ratio: '0.6', distance: null },
          gauges: cross ? [{ of: 'pool', symbol: null, position_side: null, margin_ratio: it.margin_ratio, distance: null, stage: it.stage }] : own.map((one) => ({ of: 'position', symbol: one.symbol, position_side: one.position_side, margin_ratio: one.margin_ratio, distance: one.distance, stage: null })),
        },
        kill_switch: this.killed, ladder: it.account === 'main' && it.mode === 'live' ? { step: 'micro', since: iso(now - 12 * DAY), served_days: 12, needed_days: 30, next: 'full' } : null,
        events: it.account === 'carry-bitget' ? [] : [
          { time: iso(now - 52 * MINUTE), kind: 'refused_leverage', symbol: 'ETH/USDT:USDT', detail: 'leverage 10x is above the limit of 8x', figure: '10', limit: '8', action: 'refused' },
          { time: iso(now - 3 * DAY), kind: 'kill_switch', symbol: null, detail: 'by ops: the feed is back', figure: null, limit: null, action: 'released' },
          { time: iso(now - 3 * DAY - 40 * MINUTE), kind: 'kill_switch', symbol: null, detail: 'by ops: the price feed jumped', figure: null, limit: null, action: 'engaged' },
          { time: iso(now - 4 * DAY), kind: 'margin_thin', symbol: 'BTC/USDT:USDT', detail: '0.004 of BTC/USDT:USDT sold at 58911.2 to bring the ratio to 0.6', figure: '0.81', limit: '0.8', action: 'reduced', duration_ms: 214 },
        ],
      };
    });
    return { time: this.time(), accounts };
  }

  pnl(days) {
    const now = Date.now();
    return {
      time: this.time(),
      accounts: this.lines().map((it, which) => {
        const random = noise(11 + which * 31 + days);
        const points = 300;
        const end = Number(it.equity);
        const wallet = ACCOUNTS[which].wallet;
        const raw = [];
        let value = 0;
        for (let i = 0; i < points; i++) {
          value += random() * end * 0.0042 + end * 0.00004;
          raw.push(value);
        }
        const deposited = which === 0 && days >= 7 ? 500 : 0;
        const curve = raw.map((one, i) => {
          const before = deposited > 0 && i < points * 0.42 ? deposited : 0;
          const equity = end - (value - one) - before;
          return {
            time: iso(now - ((points - 1 - i) / points) * days * DAY), equity: text(equity, 6), wallet: text(wallet - (value - Math.round(one / 14) * 14) - before, 6), unrealized_pnl: text(one - Math.round(one / 14) * 14, 6),
            realized_pnl: '0', fees: '0', funding: '0', adjustments: '0', earned: text(one, 6), margin_ratio: it.margin_ratio, open_positions: 2,
          };
        });
        const marks = which === 0 && days >= 7 ? [
          { time: iso(now - days * DAY * 0.58), kind: 'transfer', text: 'deposit of 500 USDT' },
          { time: iso(now - Math.min(3, days * 0.3) * DAY), kind: 'kill_switch', text: 'engaged: the price feed jumped' },
        ] : [];
        return {
          account: it.account, venue: it.venue, mode: it.mode, currency: 'USDT', day: { start_equity: text(it.more.start), equity: it.equity, pnl: it.day_pnl, drawdown: it.drawdown, peak_equity: text(it.more.peak) },
          totals: [{ currency: 'USDT', realized_pnl: text(128.5372 - which * 90), fees: '46.24', funding: text(-8.1 + which * 5), adjustments: '0', transfers: '0', net: text(90.4 - which * 80) }],
          days: [], curve, thinned: days > 7, marks,
        };
      }),
    };
  }

  funding(days) {
    const rates = this.positions().positions.map((it) => ({ account: it.account, venue: it.venue, symbol: it.symbol, direction: it.direction, quantity: it.quantity, mark_price: it.mark_price, ...it.funding }));
    const history = [];
    for (let i = 1; i <= 60; i++) {
      const it = this.held[i % this.held.length];
      const sign = it.direction === 'long' ? 1 : -1;
      const payment = it.quantity * it.mark * it.rate * sign;
      history.push({ account: it.account, venue: it.venue, symbol: `${it.base}/USDT:USDT`, time: iso(this.settles(8) - i * 8 * HOUR), rate: text(it.rate), quantity: text(it.quantity), mark_price: text(it.mark, it.tick), payment: text(payment), expected: text(payment), difference: '0', currency: 'USDT' });
    }
    const by = {};
    for (const it of history) {
      const key = `${it.account} ${it.symbol}`;
      by[key] ??= { account: it.account, symbol: it.symbol, currency: 'USDT', paid: 0, received: 0, net: 0, bookings: 0 };
      const value = Number(it.payment);
      by[key][value > 0 ? 'paid' : 'received'] += Math.abs(value);
      by[key].net += value;
      by[key].bookings += 1;
    }
    return {
      time: this.time(), rates, per_day: [{ currency: 'USDT', per_day: text(rates.reduce((sum, it) => sum + Number(it.per_day), 0)) }],
      totals: ACCOUNTS.map((it, i) => ({ account: it.account, currency: 'USDT', last_24h: text(0.81 - i * 2.2), last_7d: text(5.6 - i * 14), last_days: text(21.3 - i * 48), all: text(64.02 - i * 102), difference: i === 2 ? '0.000012' : '0' })),
      by_symbol: Object.values(by).map((it) => ({ ...it, paid: text(it.paid), received: text(it.received), net: text(it.net) })), history, truncated: days > 90,
    };
  }

  exposure() {
    const positions = this.positions().positions;
    const group = (of, make) => {
      const found = new Map();
      for (const it of positions) {
        const key = `${of(it)} ${this.mode === 'mixed' && it.account === 'main'}`;
        const one = found.get(key) ?? { ...make(it), currency: 'USDT', is_live: this.mode === 'live' || (this.mode === 'mixed' && it.account === 'main'), long: 0, short: 0 };
        one[it.direction] += Number(it.notional);
        found.set(key, one);
      }
      return [...found.values()].map((it) => ({ ...it, long: text(it.long), short: text(it.short), net: text(it.long - it.short), gross: text(it.long + it.short) }));
    };
    const totals = group(() => 'all', () => ({}));
    const gross = Number(totals[0]?.gross ?? 0);
    const equity = this.lines().reduce((sum, it) => sum + Number(it.equity), 0);
    return {
      time: this.time(), by_symbol: group((it) => it.symbol, (it) => ({ symbol: it.symbol, base: it.base })),
      by_asset: group((it) => it.base, (it) => ({ base: it.base })).map((it) => ({ ...it, share: text(Number(it.gross) / gross, 4) })),
      by_venue: group((it) => it.venue, (it) => ({ venue: it.venue })), by_account: group((it) => it.account, (it) => ({ account: it.account, venue: it.venue })),
      by_strategy: group((it) => it.strategy ?? 'operator', (it) => ({ strategy: it.strategy ?? 'operator' })), legs: [{ strategy: 'carry', base: 'SOL', long: '40', short: '39.9', imbalance: '0.0025' }],
      totals: totals.map((it) => ({ ...it, equity: text(equity), leverage: text(gross / equity, 4), unpriced: 0 })),
    };
  }

  whatIf(percent, asset) {
    const share = Number(percent) / 100;
    const accounts = [];
    let first = null;
    for (const line of this.lines()) {
      const own = this.held.filter((it) => it.account === line.account);
      const change = own.filter((it) => !asset || it.base === asset).reduce((sum, it) => sum + it.quantity * it.mark * share * (it.direction === 'long' ? 1 : -1), 0);
      const gone = own.filter((it) => (!asset || it.base === asset) && (it.direction === 'long' ? it.mark * (1 + share) <= it.liquidation : it.mark * (1 + share) >= it.liquidation));
      for (const it of gone) {
        const at = (it.liquidation / it.mark - 1) * 100;
        if (!first || Math.abs(at) < Math.abs(Number(first.at_percent))) first = { account: it.account, venue: it.venue, symbol: `${it.base}/USDT:USDT`, position_side: it.side, at_percent: text(at, 2) };
      }
      accounts.push({
        account: line.account, venue: line.venue, currency: 'USDT', equity: text(Number(line.equity) + change), equity_change: text(change), margin_ratio: text(Math.min(2, Number(line.margin_ratio) * (1 - share * 0.4)), 6), pool_ratio: null,
        liquidated: gone.map((it) => ({ symbol: `${it.base}/USDT:USDT`, position_side: it.side })), limit_down_percent: line.account === 'main' ? null : '-33.1', limit_up_percent: line.account === 'carry-bitget' ? '31.8' : null, is_due: false,
      });
    }
    const totals = [{ currency: 'USDT', equity: text(accounts.reduce((sum, it) => sum + Number(it.equity), 0)), equity_change: text(accounts.reduce((sum, it) => sum + Number(it.equity_change), 0)), liquidated: accounts.reduce((sum, it) => sum + it.liquidated.length, 0) }];
    return { time: this.time(), asset: asset ?? null, percent, accounts, first, totals };
  }

  stress() {
    const moves = ['-20', '-10', '-5', '5', '10', '20'];
    const assets = [null, ...new Set(this.held.map((it) => it.base))];
    return {
      time: this.time(), moves,
      rows: assets.map((asset) => ({
        asset,
        cells: moves.map((percent) => {
          const it = this.whatIf(percent, asset);
          return { percent, totals: it.totals, worst_margin_ratio: text(Math.max(...it.accounts.map((one) => Number(one.margin_ratio))), 4), first: it.first };
        }),
      })),
    };
  }

  orders() {
    const now = Date.now();
    const resting = this.positions().positions.flatMap((it) => {
      const closes = it.direction === 'long' ? 'sell' : 'buy';
      const one = (type, trigger, id) => ({ account: it.account, venue: it.venue, symbol: it.symbol, client_order_id: id, order_id: String(8000 + id.length), is_ours: true, side: closes, position_side: it.position_side, type, time_in_force: null, quantity: null, filled: '0', price: null, trigger, reduce_only: true, close_position: true, adds_exposure: false, status: 'new', updated: iso(now - 50 * MINUTE) });
      return [...(it.stop ? [one('stop_market', it.stop.trigger, it.stop.client_order_id)] : []), ...(it.target ? [one('take_profit_market', it.target.trigger, it.target.client_order_id)] : [])];
    });
    resting.push({ account: 'main', venue: 'binance', symbol: 'BTC/USDT:USDT', client_order_id: null, order_id: '99120031', is_ours: false, side: 'buy', position_side: 'both', type: 'limit', time_in_force: 'gtc', quantity: '0.002', filled: '0', price: '57000', trigger: null, reduce_only: false, close_position: false, adds_exposure: true, status: 'new', updated: iso(now - 5 * HOUR) });
    return {
      time: this.time(), resting,
      composed: [{ account: 'main', venue: 'binance', id: 'pl-twap-1', kind: 'twap', symbol: 'BTC/USDT:USDT', direction: 'long', opens: true, order: 'twap open 0.02 in 20 slices, one a minute, stop 57000', quantity: '0.02', filled: '0.007', state: 'working', placed_at: iso(now - 7 * MINUTE), updated_at: iso(now - MINUTE), parts: [{ client_order_id: 'pl-twap-1-1', purpose: 'entry', state: 'finished', quantity: '0.001', filled: '0.001', price: null, trigger: null, updated: iso(now - 7 * MINUTE) }] }],
      unknown: [],
    };
  }

  fills() {
    const now = Date.now();
    return {
      time: this.time(), truncated: false,
      fills: this.held.map((it, i) => ({ account: it.account, venue: it.venue, time: iso(now - it.opened), symbol: `${it.base}/USDT:USDT`, side: it.direction === 'long' ? 'buy' : 'sell', position_side: it.side, price: text(it.entry), quantity: text(it.quantity), notional: text(it.entry * it.quantity), fee: text(it.entry * it.quantity * 0.0005), fee_currency: 'USDT', liquidity: i % 2 ? 'maker' : 'taker', realized_pnl: null, cause: 'order', trade_id: String(900 + i), order_id: String(7000 + i), client_order_id: `pl-entry-${i}`, position: 20 + i })).concat([
        { account: 'main', venue: 'binance', time: iso(now - 20 * HOUR), symbol: 'BTC/USDT:USDT', side: 'sell', position_side: 'both', price: '60931.4', quantity: '0.005', notional: '304.657', fee: '0.1523285', fee_currency: 'USDT', liquidity: 'taker', realized_pnl: '4.6565', cause: 'order', trade_id: '950', order_id: '7050', client_order_id: '=cmd', position: 20 },
      ]).sort((a, b) => (a.time < b.time ? 1 : -1)),
    };
  }

  closed() {
    const now = Date.now();
    const row = (i, symbol, direction, entry, exit, pnl, status, reason, strategy) => ({ position: i, account: i % 2 ? 'main' : 'carry-gate', venue: i % 2 ? 'binance' : 'gateio', symbol, position_side: 'both', direction, quantity: '0.01', entry_price: entry, exit_price: exit, leverage: 3, margin_mode: 'isolated', strategy, opened_at: iso(now - (i + 1) * DAY), closed_at: iso(now - i * DAY), status, reason, realized_pnl: pnl, fees: '0.6', funding: '0.1', net: text(Number(pnl) - 0.7) });
    return {
      time: this.time(), truncated: false,
      closed: [row(1, 'BTC/USDT:USDT', 'long', '60000', '61000', '10', 'closed', 'take_profit', 'trend'), row(2, 'ETH/USDT:USDT', 'short', '3100', '3140', '-4', 'closed', 'stop_loss', 'breakout'), row(3, 'SOL/USDT:USDT', 'long', '150', '149.2', '-8', 'closed', 'strategy', 'carry'), row(9, 'DOGE/USDT:USDT', 'short', '0.15', '0.2211', '-71.1', 'liquidated', null, 'operator')],
    };
  }

  strategyList() {
    const now = Date.now();
    const holding = (name) => this.positions().positions.filter((it) => it.strategy === name).map((it) => ({ account: it.account, symbol: it.symbol, direction: it.direction, quantity: it.quantity, entry_price: it.entry_price, leverage: it.leverage, stop: it.stop?.trigger ?? null, opened_at: it.opened_at }));
    const judged = (verdict, said, number, mean, expected, chance) => ({ verdict, text: said, number, mean, expected, chance });
    const few = judged('too_few', '3 orders filled 1.1 bp worse than the price at their decision, the backtest\'s 2.0 bp worse: 20 are needed to judge', 3, '0.00011', '0.0002', null);
    const beside = {
      trend: { results: judged('as_predicted', '31 round trips earned +0.11 % each, the backtest +0.08 % ± 0.31 %: so little happens in 71 of 100 cases', 31, '0.0011', '0.0008', '0.71'), costs: judged('as_predicted', '62 orders filled 2.1 bp worse than the price at their decision, the backtest\'s 2.0 bp worse: so much happens in 31 of 100 cases', 62, '0.00021', '0.0002', '0.31'), left_out: 0 },
      breakout: { results: judged('outside', '24 round trips earned −0.12 % each, the backtest +0.08 % ± 0.31 %: so little happens once in 900', 24, '-0.0012', '0.0008', '0.0011'), costs: few, left_out: 2 },
      carry: { results: judged(null, null, 4, '0.0009', null, null), costs: judged(null, null, 0, null, null, null), left_out: 0 },
      grid: null,
    };
    const one = (name, accounts, contracts, decisions, parameters, net, working = []) => ({ performance: beside[name], name, accounts, contracts, state: this.strategies[name], reason: this.strategies[name] === 'paused' ? 'by ops: news' : null, since: iso(now - 3 * HOUR), holdings: holding(name), working, decisions: decisions.map(([minutes, what, why]) => ({ time: iso(now - minutes * MINUTE), text: what, reason: why })), parameters, net_pnl: net, currency: 'USDT' });
    return {
      time: this.time(),
      strategies: [
        one('trend', ['main'], ['BTC/USDT:USDT'], [[14, 'move the stop of BTC/USDT:USDT to 58250', 'the close of 60412 is the best; 3 ranges behind it'], [1860, 'open BTC/USDT:USDT long 0.045', '15m, 1h and 4h agree upwards; strength 57.1; volume 1.4 of the average']], { timeframes: ['15m', '1h', '4h'], fast: 20, slow: 50, leverage: 5 }, '12.3'),
        one('breakout', ['main'], ['ETH/USDT:USDT'], [[540, 'open ETH/USDT:USDT short 1.2', 'closed below its bands 3 candles after a squeeze; volume 1.9 of the average']], { period: 20, deviations: 2, risk: '0.01' }, '-81.2'),
        one('carry', ['carry-gate', 'carry-bitget'], ['SOL/USDT:USDT'], [[8640, 'open SOL/USDT:USDT long 40 on carry-gate and short 39.9 on carry-bitget', 'funding of 72 h beats four fees and slippage by 0.0011']], { horizon_hours: 72, min_profit: '0.0005' }, '34.91'),
        one('grid', ['carry-bitget'], ['XRP/USDT:USDT'], [[77, 'begin a grid of 10 prices from 2.11 to 2.38', 'the range of an hour is 0.9 %, below 3 %']], { levels: 10, spacing: 'arithmetic' }, null, [1, 2, 3, 4, 5].map((i) => ({ account: 'carry-bitget', symbol: 'XRP/USDT:USDT', label: `grid-${i}`, side: i < 3 ? 'buy' : 'sell', price: text(2.08 + i * 0.03), quantity: '100', filled: i === 2 ? '35' : null }))),
      ],
    };
  }

  accounts() {
    return { time: this.time(), accounts: this.lines().map(({ more, ...it }) => ({ ...it, fresh_within_ms: 10000, gaps: 0, in_doubt_since: null, position_mode: 'one_way', margin_mode: 'isolated', wallet: '10000', available: '9780', used_margin: '200', initial_margin: '200', maintenance_margin: '24', unrealized_pnl: text(more.unrealized), pool_ratio: null, kill_switch: this.killed, ladder: null, strategies: [] })) };
  }

  killState() {
    return { time: this.time(), state: this.kill, accounts: ACCOUNTS.map((it) => ({ account: it.account, mode: this.modeOf(), ...this.killed, history: it.account === 'main' ? this.history : [] })) };
  }

  candlesOf(symbol, interval, limit) {
    const lengths = { '1m': MINUTE, '5m': 5 * MINUTE, '15m': 15 * MINUTE, '1h': HOUR, '4h': 4 * HOUR, '1d': DAY };
    const length = lengths[interval] ?? HOUR;
    const it = this.held.find((one) => `${one.base}/USDT:USDT` === symbol) ?? this.held[0];
    const random = noise(symbol.length + length / MINUTE);
    const step = 0.0011 * Math.sqrt(length / MINUTE);
    const candles = [];
    let close = it.mark;
    const end = Math.floor(Date.now() / length) * length;
    for (let i = 0; i < limit; i++) {
      const open = close * (1 + random() * step);
      const high = Math.max(open, close) * (1 + Math.abs(random()) * step * 0.6);
      const low = Math.min(open, close) * (1 - Math.abs(random()) * step * 0.6);
      candles.push({ time: iso(end - i * length), open: text(open, it.tick), high: text(high, it.tick), low: text(low, it.tick), close: text(close, it.tick), volume: text(100 + random() * 50, 2) });
      close = open;
    }
    return { time: this.time(), account: it.account, venue: it.venue, symbol, interval, source: 'venue', known_at: iso(Date.now() - 12_000), trouble: this.candlesTrouble, candles: candles.reverse() };
  }
}
