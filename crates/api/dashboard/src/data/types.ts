/** What the program tells, field by field as docs and `/api/openapi.json` have it. Decimals and times are texts. */
import type { DecimalText } from '../exact/decimal';

export type Told = DecimalText | null;
export type Time = string;
export type Mode = 'paper' | 'testnet' | 'live' | 'simulated' | 'mixed' | 'none';
export type Stage = 'warn' | 'cancel' | 'top_up' | 'reduce' | 'flatten';
export type Link = 'connecting' | 'syncing' | 'live' | 'down' | 'ended';
export type KillState = 'released' | 'engaged' | 'partly' | 'unknown';
export type Severity = 'info' | 'warning' | 'critical';
export type Direction = 'long' | 'short';

export interface Answer {
  time: Time;
}

export interface Session extends Answer {
  who: string;
  scopes: string[];
  needs_token: boolean;
  mode: Mode;
  version: string;
}

export interface Totals {
  currency: string;
  is_live?: boolean;
  equity: Told;
  unrealized_pnl: Told;
  used_margin: Told;
  maintenance_margin: Told;
  day_pnl: Told;
  day_start_equity: Told;
  drawdown: Told;
  peak_equity: Told;
}

export interface AccountLine {
  account: string;
  venue: string;
  mode: Mode;
  currency: string;
  link: Link;
  link_reason: string | null;
  data_age_ms: number | null;
  clock_offset_ms?: number | null;
  is_fresh: boolean;
  equity: Told;
  day_pnl: Told;
  drawdown: Told;
  margin_ratio: Told;
  stage: Stage | null;
  kill_switch: KillState;
  positions: number;
  unprotected: number;
}

export interface Overview extends Answer {
  mode: Mode;
  totals: Totals[];
  worst_margin_ratio: { account: string; venue: string; symbol: string | null; margin_ratio: Told; stage: Stage | null } | null;
  nearest_liquidation: {
    account: string;
    venue: string;
    symbol: string;
    position_side: string;
    distance: Told;
    liquidation_below: Told;
    liquidation_above: Told;
  } | null;
  kill_switch: KillState;
  positions: number;
  unprotected: number;
  unpriced: number;
  open_orders: number;
  unknown_orders: number | null;
  strategies: { running: number; paused: number; stopped: number };
  last_event: number | null;
  accounts: AccountLine[];
}

export interface KillSwitch {
  state: KillState;
  reason: string | null;
  by: string | null;
  since: Time | null;
}

export interface LadderStep {
  step: string;
  since: Time | null;
  served_days: number | null;
  needed_days: number | null;
  next: string | null;
}

export interface Account extends AccountLine2 {
  kill_switch: KillSwitch;
  ladder: LadderStep | null;
}
interface AccountLine2 {
  account: string;
  venue: string;
  mode: Mode;
  currency: string;
  link: Link;
  data_age_ms: number | null;
  fresh_within_ms: number | null;
  gaps: number;
  in_doubt_since: Time | null;
  position_mode: string | null;
  margin_mode: string | null;
  wallet: Told;
  equity: Told;
  available: Told;
  used_margin: Told;
  maintenance_margin: Told;
  margin_ratio: Told;
  pool_ratio: Told;
  stage: Stage | null;
  strategies: string[];
}
export interface Accounts extends Answer {
  accounts: Account[];
}

export interface FundingOf {
  rate: Told;
  interval_hours: number | null;
  next_time: Time | null;
  next_payment: Told;
  per_day: Told;
  annualised: Told;
  known_at: Time | null;
}

export interface Position {
  account: string;
  venue: string;
  mode: Mode;
  symbol: string;
  base: string;
  currency: string;
  position_side: string;
  direction: Direction;
  quantity: Told;
  entry_price: Told;
  mark_price: Told;
  notional: Told;
  leverage: number | null;
  margin_mode: string;
  margin: Told;
  initial_margin: Told;
  maintenance_margin: Told;
  margin_ratio: Told;
  stage: Stage | null;
  unrealized_pnl: Told;
  return_on_equity_percent: Told;
  liquidation_price: Told;
  liquidation_below: Told;
  liquidation_above: Told;
  is_due: boolean | null;
  venue_liquidation_price: Told;
  liquidation_difference: Told;
  distance: Told;
  stop: { trigger: Told; distance: Told; client_order_id: string; covers_all: boolean; verified_at: Time | null } | null;
  target: { trigger: Told; distance?: Told; client_order_id?: string; verified_at?: Time | null } | null;
  is_protected: boolean;
  stop_comes_first: boolean | null;
  loss_at_stop: Told;
  funding: FundingOf | null;
  opened_at: Time | null;
  strategy: string | null;
  as_of: Time | null;
  is_fresh: boolean;
}
export interface Positions extends Answer {
  positions: Position[];
}

export interface RestingOrder {
  account: string;
  venue: string;
  symbol: string;
  client_order_id: string | null;
  order_id: string | null;
  is_ours: boolean;
  side: string;
  position_side: string;
  type: string;
  time_in_force: string | null;
  quantity: Told;
  filled: Told;
  price: Told;
  trigger: Told;
  reduce_only: boolean;
  close_position: boolean;
  adds_exposure: boolean;
  status: string;
  updated: Time | null;
}
export interface ComposedOrder {
  account: string;
  id: string;
  kind: string;
  symbol: string;
  direction: Direction;
  opens: boolean;
  order: string;
  quantity: Told;
  filled: Told;
  state: string;
  placed_at: Time | null;
  updated_at: Time | null;
  parts: { client_order_id: string; purpose: string; state: string; quantity: Told; filled: Told; price: Told; trigger: Told; updated: Time | null }[];
}
export interface UnknownOrder {
  account: string;
  client_order_id: string;
  symbol: string;
  purpose: string;
  state: string;
  since: Time | null;
}
export interface Orders extends Answer {
  resting: RestingOrder[];
  composed: ComposedOrder[] | null;
  unknown: UnknownOrder[] | null;
}

export interface Fill {
  account: string;
  venue: string;
  time: Time;
  symbol: string;
  side: string;
  position_side: string;
  price: Told;
  quantity: Told;
  notional: Told;
  fee: Told;
  fee_currency: string | null;
  liquidity: string | null;
  realized_pnl: Told;
  cause: string;
  trade_id: string;
  order_id: string | null;
  client_order_id: string | null;
  position: number | null;
}
export interface Fills extends Answer {
  truncated: boolean;
  fills: Fill[];
}

export interface ClosedPosition {
  position: number;
  account: string;
  venue: string;
  symbol: string;
  position_side: string;
  direction: Direction;
  quantity: Told;
  entry_price: Told;
  exit_price: Told;
  leverage: number | null;
  margin_mode: string | null;
  strategy: string | null;
  opened_at: Time | null;
  closed_at: Time | null;
  status: string;
  reason: string | null;
  realized_pnl: Told;
  fees: Told;
  funding: Told;
  net: Told;
}
export interface Closed extends Answer {
  truncated: boolean;
  closed: ClosedPosition[];
}

export interface Limit {
  name: string;
  unit: 'money' | 'count' | 'times' | 'fraction' | 'ms';
  used: Told;
  limit: Told;
  share: Told;
  state: 'ok' | 'near' | 'broken' | 'unknown';
  engages_kill_switch: boolean;
  symbol: string | null;
  text: string;
}
export interface Threshold {
  stage: Stage;
  ratio: Told;
  distance: Told;
}
export interface RiskEvent {
  time: Time;
  kind: string;
  symbol: string | null;
  detail: string;
  figure: Told;
  limit: Told;
  action: string;
  duration_ms?: number | null;
  severity?: Severity;
}
export interface RiskAccount {
  account: string;
  venue: string;
  mode: Mode;
  currency: string;
  is_fresh: boolean;
  equity: Told;
  limits: Limit[];
  margin: {
    margin_ratio: Told;
    pool_ratio: Told;
    stage: Stage | null;
    thresholds: Threshold[];
    target: { ratio: Told; distance: Told } | null;
    gauges: { of: 'pool' | 'position'; symbol: string | null; position_side: string | null; margin_ratio: Told; distance: Told; stage: Stage | null }[];
  };
  kill_switch: KillSwitch;
  ladder: LadderStep | null;
  events: RiskEvent[] | null;
}
export interface Risk extends Answer {
  accounts: RiskAccount[];
}

export interface Funding extends Answer {
  rates: (FundingOf & { account: string; venue: string; symbol: string; direction: Direction; quantity: Told; mark_price: Told })[];
  per_day: { currency: string; is_live?: boolean; per_day: Told }[];
  totals: { account: string; currency: string; last_24h: Told; last_7d: Told; last_days: Told; all: Told; difference: Told }[];
  by_symbol: { account: string; symbol: string; currency: string; paid: Told; received: Told; net: Told; bookings: number }[];
  by_strategy?: { account: string; strategy: string; currency: string; paid: Told; received: Told; net: Told; bookings: number }[];
  history: {
    account: string;
    venue: string;
    symbol: string;
    time: Time;
    rate: Told;
    quantity: Told;
    mark_price: Told;
    payment: Told;
    expected: Told;
    difference: Told;
    currency: string;
  }[];
  truncated: boolean;
}

export interface CurvePoint {
  time: Time;
  equity: Told;
  wallet: Told;
  unrealized_pnl: Told;
  realized_pnl: Told;
  fees: Told;
  funding: Told;
  adjustments: Told;
  earned: Told;
  margin_ratio: Told;
  open_positions: number | null;
}
export interface PnlAccount {
  account: string;
  venue: string;
  mode: Mode;
  currency: string;
  day: { start_equity: Told; equity: Told; pnl: Told; drawdown: Told; peak_equity: Told } | null;
  totals: { currency: string; realized_pnl: Told; fees: Told; funding: Told; adjustments: Told; transfers: Told; net: Told }[];
  days: { day: Time; realized_pnl: Told; fees: Told; funding: Told; adjustments: Told; transfers: Told; net: Told }[];
  curve: CurvePoint[];
  thinned: boolean;
  marks: { time: Time; kind: string; text: string }[];
  compare?: { name: string; curve: { time: Time; equity: Told }[] }[];
}
export interface Pnl extends Answer {
  accounts: PnlAccount[];
}

export interface EventLine {
  seq: number;
  time: Time;
  severity: Severity;
  kind: string;
  account: string | null;
  symbol: string | null;
  text: string;
}
export interface Events extends Answer {
  epoch: string;
  oldest: number | null;
  last: number | null;
  events: EventLine[];
}

/** Live figures beside those of a backtest; shares, not per cent. */
export interface Judged {
  verdict: 'as_predicted' | 'outside' | 'too_few' | null;
  text: string | null;
  number: number;
  mean: Told;
  expected: Told;
  chance: Told;
}
export interface StrategyLine {
  name: string;
  accounts: string[];
  contracts: string[];
  state: 'running' | 'paused' | 'stopped';
  reason: string | null;
  since: Time | null;
  holdings: { account: string; symbol: string; direction: Direction; quantity: Told; entry_price: Told; leverage: number | null; stop: Told; opened_at: Time | null }[];
  working: { account: string; symbol: string; label: string | null; side: string; price: Told; quantity: Told; filled: Told }[];
  decisions: { time: Time; text: string; reason: string }[];
  parameters: Record<string, unknown> | null;
  net_pnl: Told;
  currency: string | null;
  performance: { results: Judged; costs: Judged; left_out: number } | null;
}
export interface Strategies extends Answer {
  strategies: StrategyLine[];
}

export interface Exposed {
  currency: string;
  is_live?: boolean;
  long: Told;
  short: Told;
  net: Told;
  gross: Told;
}
export interface Exposure extends Answer {
  by_symbol: (Exposed & { symbol: string; base: string })[];
  by_asset: (Exposed & { base: string; share: Told })[];
  by_venue: (Exposed & { venue: string })[];
  by_account: (Exposed & { account: string; venue: string })[];
  by_strategy?: (Exposed & { strategy: string })[];
  legs?: { strategy: string; base: string; long: Told; short: Told; imbalance: Told }[];
  totals: (Exposed & { equity: Told; leverage: Told; unpriced: number })[];
}

export interface FirstToGo {
  account: string;
  venue: string;
  symbol: string;
  position_side: string;
  at_percent: Told;
}
export interface MovedTotals {
  currency: string;
  is_live?: boolean;
  equity: Told;
  equity_change: Told;
  liquidated: number;
}
export interface WhatIf extends Answer {
  asset: string | null;
  percent: string;
  accounts: {
    account: string;
    venue: string;
    currency: string;
    equity: Told;
    equity_change: Told;
    margin_ratio: Told;
    pool_ratio: Told;
    liquidated: { symbol: string; position_side: string }[];
    limit_down_percent: Told;
    limit_up_percent: Told;
    is_due: boolean | null;
  }[];
  first: FirstToGo | null;
  totals: MovedTotals[];
}
export interface Stress extends Answer {
  moves: string[];
  rows: { asset: string | null; cells: { percent: string; totals: MovedTotals[]; worst_margin_ratio: Told; first: FirstToGo | null }[] }[];
}

export interface Kill extends Answer {
  state: KillState;
  accounts: (KillSwitch & { account: string; mode: Mode; history: KillSwitch[] | null })[];
}

export interface Candles extends Answer {
  /** Whose they are: the venue's, of what was traded there. */
  source: string;
  known_at: Time | null;
  /** Why there are no newer ones. */
  trouble: string | null;
  candles: { time: Time; open: Told; high: Told; low: Told; close: Told; volume: Told }[];
}

/** Something to be done; only ever prepared first. */
export type Action = { action: string } & Record<string, string | number | boolean | null | undefined>;

export interface Prepared extends Answer {
  nonce: string | null;
  expires_at: Time | null;
  expires_in_ms: number | null;
  action: Action;
  is_live: boolean;
  summary: string;
  facts: { name: string; value: Told; unit: string | null }[];
  orders: string[];
  warnings: string[];
  refusals: string[];
}
export interface Outcome extends Answer {
  outcome: 'done' | 'refused' | 'failed' | 'unknown';
  text: string;
  lines: string[];
  troubles: string[];
  repeated: boolean;
}
