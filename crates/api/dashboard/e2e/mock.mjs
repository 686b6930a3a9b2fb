// The API on loopback without the program, for tests of the pages: `node e2e/mock.mjs [port]`.
// `POST /__mock` with `{"do": …}` makes happen what tests need: a cut of the stream, a confirmation that expires or is refused.

import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { World } from './world.mjs';

const DIST = join(fileURLToPath(new URL('.', import.meta.url)), '..', 'dist');
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' };
const TOKENS = { 'act-token-for-tests': ['read', 'act'], 'read-token-for-tests': ['read'] };

const fresh = () => ({ world: new World(process.env.MOCK_MODE ?? 'simulated'), needsToken: true, away: false, limited: false, holdsMs: 60_000, confirm: 'done', nonces: new Map(), quiet: false, told: 'all' });
let state = fresh();
const streams = new Set();

function answer(response, status, body, more = {}) {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', ...more });
  response.end(JSON.stringify(body));
}

function problem(response, status, code, title, detail = null, remedy = null, more = {}) {
  answer(response, status, { type: `urn:plimsoll:${code.replaceAll('_', '-')}`, title, status, code, detail, remedy }, more);
}

function scopes(request) {
  if (!state.needsToken) return ['read', 'act'];
  const held = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return TOKENS[held] ?? null;
}

async function body(request) {
  let said = '';
  for await (const piece of request) said += piece;
  return JSON.parse(said || '{}');
}

function file(response, path) {
  const wanted = normalize(join(DIST, path));
  const found = wanted.startsWith(DIST) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : extname(path) ? null : join(DIST, 'index.html');
  if (!found) return problem(response, 404, 'not_found', 'there is no such thing');
  response.writeHead(200, { 'Content-Type': TYPES[extname(found)] ?? 'application/octet-stream', 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-cache' });
  createReadStream(found).pipe(response);
}

const KEPT = new Set(['time', 'account', 'venue', 'mode', 'symbol', 'base', 'currency', 'position_side', 'direction', 'kind', 'severity', 'text', 'name', 'state', 'side', 'type', 'link', 'kill_switch', 'status', 'client_order_id', 'unit', 'percent', 'moves', 'action', 'detail', 'seq', 'epoch', 'trade_id', 'position', 'cause', 'of', 'margin_mode', 'id', 'order', 'purpose', 'reason', 'positions', 'unprotected', 'unpriced', 'liquidated', 'bookings', 'running', 'paused', 'stopped', 'open_orders', 'accounts', 'is_ours', 'label']);

/** An answer in which every figure is unknown, or nothing is listed. */
function dulled(value, name = '') {
  if (state.told === 'all' || ['parameters', 'contracts'].includes(name)) return value;
  if (Array.isArray(value)) return state.told === 'emptiness' && name !== 'moves' ? [] : value.map((it) => dulled(it, name));
  if (value !== null && typeof value === 'object') {
    if (state.told === 'nothing' && ['stop', 'target', 'funding', 'ladder', 'worst_margin_ratio', 'nearest_liquidation', 'day', 'first'].includes(name)) return null;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, dulled(one, key)]));
  }
  return KEPT.has(name) || typeof value === 'boolean' || state.told === 'emptiness' ? value : null;
}

function send(response, event, data, id) {
  response.write(`event: ${event}\n${id ? `id: ${id}\n` : ''}data: ${JSON.stringify(event === 'overview' || event === 'positions' ? dulled(data) : data)}\n\n`);
}

function stream(request, response) {
  const { world } = state;
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  streams.add(response);
  response.on('close', () => streams.delete(response));
  send(response, 'hello', { epoch: world.epoch, last: world.seq, time: world.time() }, `${world.epoch}-${world.seq}`);
  send(response, 'overview', world.overview());
  send(response, 'positions', world.positions());
}

setInterval(() => {
  if (state.quiet) return;
  state.world.move();
  for (const response of streams) {
    send(response, 'overview', state.world.overview());
    send(response, 'positions', state.world.positions());
  }
}, 1000).unref();

function happen(severity, kind, account, symbol, said) {
  const event = state.world.happen(severity, kind, account, symbol, said);
  for (const response of streams) send(response, 'event', event, `${state.world.epoch}-${event.seq}`);
}

const WORDS = { kill: 'KILL', flatten: 'FLATTEN' };

function prepare(response, action) {
  const { world } = state;
  const word = WORDS[action.action];
  if (word && action.word !== word) return problem(response, 422, 'wrong_word', 'the word is missing or wrong', null, `Type ${word}.`);
  const refusals = ['leverage', 'open'].includes(action.action) && action.leverage > 20 ? [`leverage ${action.leverage}x is above the limit of 20x`] : [];
  const nonce = randomBytes(12).toString('hex');
  const holds = refusals.length === 0;
  if (holds) state.nonces.set(nonce, { action, until: Date.now() + state.holdsMs, key: null, outcome: null });
  const of = world.held.find((it) => it.account === action.account && `${it.base}/USDT:USDT` === action.symbol);
  const notional = of ? String((of.quantity * of.mark).toFixed(4)) : null;
  const facts = {
    open: [{ name: 'notional', value: action.notional ?? null, unit: 'USDT' }, { name: 'initial margin', value: String(Number(action.notional) / action.leverage), unit: 'USDT' }, { name: 'leverage', value: String(action.leverage), unit: 'times' }, { name: 'liquidation', value: '48100.5', unit: null }],
    close: [{ name: 'notional', value: notional, unit: 'USDT' }, { name: 'profit', value: '18.56', unit: 'USDT' }, { name: 'fee', value: '1.36', unit: 'USDT' }],
    reduce: [{ name: 'left', value: of ? String(of.quantity / 2) : null, unit: of?.base ?? null }, { name: 'margin ratio', value: '0.18', unit: 'fraction' }],
    leverage: [{ name: 'leverage', value: String(action.leverage), unit: 'times' }, { name: 'liquidation', value: '51210.4419', unit: null }, { name: 'distance', value: '0.152', unit: 'fraction' }],
    kill: [{ name: 'accounts', value: action.account ? '1' : '3', unit: null }, { name: 'entries to cancel', value: '2', unit: 'orders' }],
    flatten: [{ name: 'to close', value: '5', unit: 'positions' }],
  };
  const names = { open: `open ${action.direction} ${action.symbol} on ${action.account} at ${action.leverage}x`, close: `close ${action.symbol} on ${action.account}`, reduce: `reduce ${action.symbol} on ${action.account}`, leverage: `set ${action.symbol} on ${action.account} to ${action.leverage}x`, kill: 'engage the kill switch of all accounts', release: 'release the kill switch of all accounts', pause_strategy: `pause ${action.strategy}`, resume_strategy: `resume ${action.strategy}`, cancel_order: `cancel ${action.client_order_id}`, flatten: 'close everything that is held' };
  answer(response, 200, {
    time: world.time(), nonce: holds ? nonce : null, expires_at: holds ? new Date(Date.now() + state.holdsMs).toISOString() : null, expires_in_ms: holds ? state.holdsMs : null, action, is_live: world.mode === 'live',
    summary: names[action.action] ?? action.action, facts: facts[action.action] ?? [], orders: action.action === 'open' ? [`${action.direction === 'long' ? 'buy' : 'sell'} ${action.symbol} at market`] : action.action === 'close' && of ? [`${of.direction === 'long' ? 'sell' : 'buy'} ${of.quantity} ${action.symbol} at market, reduce-only`] : [],
    warnings: action.no_stop ? [`NO STOP: ${action.no_stop}`] : action.action === 'close' ? ['the stop and the target are cancelled with it'] : [], refusals,
  });
}

function confirm(response, { nonce, idempotency_key: key }) {
  const { world } = state;
  const known = state.nonces.get(nonce);
  if (!/^[A-Za-z0-9_-]{8,64}$/.test(key ?? '')) return problem(response, 422, 'invalid_action', 'the key is not one');
  if (!known) return problem(response, 404, 'unknown_nonce', 'nothing was prepared under this');
  if (known.outcome) return known.key === key ? answer(response, 200, { ...known.outcome, repeated: true }) : problem(response, 409, 'nonce_used', 'this was confirmed already');
  if (Date.now() > known.until || state.confirm === 'expired') return problem(response, 410, 'nonce_expired', 'the confirmation has expired', 'this was prepared 75 s ago, and holds for 60 s', 'Prepare it again: figures have moved meanwhile.');
  if (state.confirm === 'timed_out') {
    state.confirm = 'done';
    return problem(response, 504, 'timed_out', 'it is still under way', 'the venue has not answered yet', 'Ask again with the same nonce and key.');
  }
  const refused = state.confirm === 'refused';
  const { action } = known;
  known.key = key;
  known.outcome = { time: world.time(), outcome: refused ? 'refused' : 'done', text: refused ? 'the venue said no: the mark has moved too far' : `${action.action} done`, lines: refused ? [] : ['read back from the venue'], troubles: [], action, confirmed_at: world.time(), completed_at: world.time(), repeated: false };
  if (!refused) act(action);
  answer(response, 200, known.outcome);
}

function act(action) {
  const { world } = state;
  if (action.action === 'kill' || action.action === 'release') {
    world.kill = action.action === 'kill' ? 'engaged' : 'released';
    world.killed = { state: world.kill, reason: action.reason, by: 'ops', since: world.time() };
    world.history.unshift(world.killed);
    happen('critical', 'kill_switch', null, null, `the kill switch was ${world.kill} by ops: ${action.reason}`);
  }
  if (action.action === 'pause_strategy') world.strategies[action.strategy] = 'paused';
  if (action.action === 'resume_strategy') world.strategies[action.strategy] = 'running';
  if (action.action === 'open') world.open(action);
  if (action.action === 'close') {
    world.held = world.held.filter((it) => !(it.account === action.account && `${it.base}/USDT:USDT` === action.symbol));
    happen('info', 'position_closed', action.account, action.symbol, `${action.symbol} was closed by ops`);
  }
  for (const response of streams) {
    send(response, 'overview', world.overview());
    send(response, 'positions', world.positions());
  }
}

async function control(request, response) {
  const said = await body(request);
  switch (said.do) {
    case 'reset':
      for (const one of streams) one.destroy();
      state = fresh();
      break;
    case 'cut':
      state.away = true;
      for (const one of streams) one.destroy();
      break;
    case 'back':
      state.away = false;
      break;
    case 'event':
      happen(said.severity, said.kind, said.account ?? null, said.symbol ?? null, said.text);
      break;
    case 'set':
      for (const name of ['mode', 'candles', 'candlesTrouble', 'unprotected']) if (name in said) state.world[name] = said[name];
      for (const name of ['needsToken', 'limited', 'holdsMs', 'confirm', 'quiet', 'told']) if (name in said) state[name] = said[name];
      break;
    default:
      return problem(response, 400, 'bad_json', 'what?');
  }
  answer(response, 200, { time: state.world.time() });
}

async function serve(request, response) {
  const url = new URL(request.url, 'http://loopback');
  const path = decodeURIComponent(url.pathname);
  if (path === '/__mock' && request.method === 'POST') return control(request, response);
  if (!path.startsWith('/api/')) return file(response, path === '/' ? '/index.html' : path);
  if (state.away) return request.socket.destroy();
  const may = scopes(request);
  if (!may) return problem(response, 401, 'unauthorized', 'this token is not accepted', null, 'Enter a token that the program knows.', { 'WWW-Authenticate': 'Bearer' });
  if (state.limited) return problem(response, 429, 'too_many_requests', 'too many requests', 'at most 120 a minute', 'Wait a little.', { 'Retry-After': '2' });
  const { world } = state;
  const days = Number(url.searchParams.get('days') ?? 30);
  if (request.method === 'POST') {
    if (!may.includes('act')) return problem(response, 403, 'forbidden', 'this token may not do that', 'it lacks the scope act', 'Use a token with the scope “act”.');
    const said = await body(request);
    if (path === '/api/actions/prepare') return prepare(response, said);
    if (path === '/api/actions/confirm') return confirm(response, said);
  }
  const wanted = (it) => ['account', 'symbol'].every((name) => !url.searchParams.has(name) || it[name] === url.searchParams.get(name));
  const of = (answered) => {
    for (const [name, value] of Object.entries(answered)) if (Array.isArray(value) && ['positions', 'resting', 'composed', 'fills', 'closed'].includes(name)) answered[name] = value.filter(wanted);
    answer(response, 200, path === '/api/session' ? answered : dulled(answered));
  };
  switch (path) {
    case '/api/session':
      return of({ time: world.time(), who: state.needsToken ? 'ops' : 'loopback', scopes: may, needs_token: state.needsToken, mode: world.mode, version: '0.1.0' });
    case '/api/stream':
      return stream(request, response);
    case '/api/overview':
      return of(world.overview());
    case '/api/positions':
      return of(world.positions());
    case '/api/accounts':
      return of(world.accounts());
    case '/api/orders':
      return of(world.orders());
    case '/api/fills':
      return of(world.fills());
    case '/api/closed':
      return of(world.closed());
    case '/api/risk':
      return of(world.risk());
    case '/api/funding':
      return of(world.funding(days));
    case '/api/pnl':
      return of(world.pnl(days));
    case '/api/events':
      return of({ time: world.time(), epoch: world.epoch, oldest: world.events[0]?.seq ?? null, last: world.seq, events: world.events });
    case '/api/strategies':
      return of(world.strategyList());
    case '/api/exposure':
      return of(world.exposure());
    case '/api/what-if':
      return of(world.whatIf(url.searchParams.get('percent'), url.searchParams.get('asset')));
    case '/api/stress':
      return of(world.stress());
    case '/api/kill':
      return of(world.killState());
    case '/api/candles':
      if (world.candles) return of(world.candlesOf(url.searchParams.get('symbol'), url.searchParams.get('interval'), Number(url.searchParams.get('limit') ?? 300)));
  }
  return problem(response, 404, 'not_found', 'there is no such thing');
}

const port = Number(process.argv[2] ?? 4199);
createServer((request, response) => {
  serve(request, response).catch((error) => {
    if (!response.headersSent) problem(response, 400, 'bad_json', 'that cannot be read', String(error.message));
  });
}).listen(port, '127.0.0.1', () => console.log(`the mock is at http://127.0.0.1:${port}`));
