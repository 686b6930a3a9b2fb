import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { expect, mock, needsMock, open, PAGES, PROGRAM, test, TOKEN } from './desk';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

test.beforeEach(async ({ page }) => {
  if (!PROGRAM) await mock(page, { do: 'reset' });
});

test('the page comes with its policy', async ({ page }) => {
  const answer = await page.request.get('/');
  const policy = answer.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("style-src 'self'");
  expect(policy).not.toContain('unsafe');
});

for (const theme of ['light', 'dark'] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    for (const [name, hash] of Object.entries(PAGES)) {
      for (const [device, width, height] of [
        ['a desk', 1440, 900],
        ['a phone', 360, 800],
      ] as const) {
        test(`${name} can be read by everybody on ${device}`, async ({ page }) => {
          await page.setViewportSize({ width, height });
          await page.addInitScript(axe);
          await open(page, hash);
          await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
          await expect(page.getByText(/^Reading /)).toHaveCount(0);
          const found = await page.evaluate(() => (window as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run());
          const grave = found.violations.filter((it) => it.impact === 'serious' || it.impact === 'critical');
          expect(grave.map((it) => `${it.id}: ${it.nodes.map((node) => node.html).join(' | ')}`)).toEqual([]);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          expect(over).toBeLessThanOrEqual(0);
        });
      }
    }
  });
}

test('a dialog and the entry can be read by everybody', async ({ page }) => {
  needsMock('a token that is asked for');
  await page.addInitScript(axe);
  const grave = async (): Promise<string[]> => {
    const found = await page.evaluate(() => (window as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run());
    return found.violations.filter((it) => it.impact === 'serious' || it.impact === 'critical').map((it) => `${it.id}: ${it.nodes.map((node) => node.html).join(' | ')}`);
  };
  await page.goto('/');
  await expect(page.getByLabel('Token')).toBeVisible();
  expect(await grave()).toEqual([]);
  await page.getByLabel('Token').fill(TOKEN ?? '');
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.getByRole('button', { name: 'Close ETH/USDT:USDT short' }).click();
  await expect(page.getByRole('button', { name: 'Close it' })).toBeVisible();
  expect(await grave()).toEqual([]);
});

test('every page is reached by the keyboard, and says where one is', async ({ page }) => {
  await open(page);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
  for (const name of ['Positions', 'Risk', 'Funding', 'Strategies', 'Orders', 'Events', 'Overview']) {
    const link = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true });
    await link.focus();
    await page.keyboard.press('Enter');
    await expect(link).toHaveAttribute('aria-current', 'page');
    await expect(page).toHaveTitle(new RegExp(name));
    await expect(page.locator('main')).toBeFocused();
  }
});

test('the theme is the machine’s until it is turned, and stays turned', async ({ page }) => {
  await open(page);
  const theme = () => page.evaluate(() => document.documentElement.dataset['theme']);
  expect(await theme()).toBe('light');
  await page.getByRole('button', { name: 'Dark theme' }).click();
  expect(await theme()).toBe('dark');
  await page.reload();
  expect(await theme()).toBe('dark');
});

test('on a phone every page is two touches away', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page);
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Funding' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Funding' })).toBeVisible();
  await page.evaluate(() => window.scrollTo(0, 5000));
  await expect(page.getByRole('button', { name: 'Kill switch' })).toBeInViewport();
});

test('a position is told in figures, as a picture and in words', async ({ page }) => {
  needsMock('a position that is known');
  await open(page);
  const row = page.getByRole('article', { name: /BTC\/USDT:USDT long/ });
  await expect(row.getByRole('img', { name: /Long: liquidation 48.203\.42, stop 58.250, entry 60.000\.1, mark .*, target 64.000\./ })).toBeVisible();
  await row.getByRole('link', { name: 'BTC/USDT:USDT' }).click();
  await expect(page.getByText('48 203.41950213')).toBeVisible();
  await expect(page.locator('.chart canvas').first()).toBeVisible();
});

test('without candles the chart has what was heard', async ({ page }) => {
  needsMock('candles that are not told');
  await mock(page, { do: 'set', candles: false });
  await open(page, '#/positions/main/BTC%2FUSDT%3AUSDT/both');
  await expect(page.getByText('Candles are not told')).toBeVisible();
  await expect(page.locator('.chart canvas').first()).toBeVisible();
});

test('candles say whose they are, and why there are no newer ones', async ({ page }) => {
  needsMock('a venue that does not tell');
  await open(page, '#/positions/main/BTC%2FUSDT%3AUSDT/both');
  await expect(page.getByText('Candles of what was traded at the venue')).toBeVisible();
  await expect(page.getByText('No newer ones')).toHaveCount(0);
  await mock(page, { do: 'set', candlesTrouble: 'the venue has not answered within 5 s' });
  await page.getByRole('button', { name: '1h', exact: true }).click();
  await expect(page.getByText('No newer ones: the venue has not answered within 5 s.')).toBeVisible();
});

test('a strategy is held against its backtest, in words', async ({ page }) => {
  needsMock('a strategy that has fallen outside of its backtest');
  await open(page, '#/strategies');
  const breakout = page.getByRole('list', { name: 'breakout beside its backtest' });
  await expect(breakout.getByRole('alert')).toContainText('24 round trips earned −0.12 % each, the backtest +0.08 % ± 0.31 %: so little happens once in 900.');
  await expect(breakout.getByText('outside', { exact: true })).toBeVisible();
  await expect(breakout.getByText('too few', { exact: true })).toBeVisible();
  await expect(page.getByText('2 round trips are left out')).toBeVisible();
  await expect(page.getByRole('list', { name: 'trend beside its backtest' }).getByRole('alert')).toHaveCount(0);
  await expect(page.getByRole('list', { name: 'carry beside its backtest' })).toContainText('4 round trips, +0.09 % each on average.');
  await expect(page.getByRole('list', { name: 'grid beside its backtest' })).toHaveCount(0);
});

test('a position without a stop is told aloud', async ({ page }) => {
  needsMock('a stop that is gone');
  await mock(page, { do: 'set', unprotected: true });
  await open(page);
  await expect(page.getByText('1 position has no stop')).toBeVisible();
  await expect(page.getByRole('article', { name: /ETH\/USDT:USDT short/ }).getByText('no stop', { exact: true })).toBeVisible();
});

for (const told of ['nothing', 'emptiness'] as const) {
  test(`where ${told} is told, every page says so and none breaks`, async ({ page }) => {
    needsMock('a program that tells nothing');
    await mock(page, { do: 'set', told });
    await open(page);
    for (const hash of [...Object.values(PAGES), '#/positions/main/BTC%2FUSDT%3AUSDT/both']) {
      await page.evaluate((to) => {
        window.location.hash = to;
      }, hash);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expect(page.getByText(/^Reading /)).toHaveCount(0);
      await expect(page.locator('body')).not.toContainText(/NaN|undefined|Infinity|\bnull\b|\[object/);
    }
  });
}

test('the mode is a word, in a colour of its own', async ({ page }) => {
  needsMock('a change of mode');
  const colours = new Set<string>();
  for (const [mode, word] of [
    ['live', 'LIVE'],
    ['paper', 'PAPER'],
    ['simulated', 'SIMULATED'],
    ['testnet', 'TESTNET'],
  ] as const) {
    await mock(page, { do: 'set', mode });
    await open(page);
    const badge = page.locator('.mode');
    await expect(badge).toHaveText(word);
    colours.add(await badge.evaluate((it) => getComputedStyle(it).backgroundColor));
  }
  expect(colours.size).toBe(4);
});

test('real money and play money are never one sum', async ({ page }) => {
  needsMock('accounts of both kinds');
  await mock(page, { do: 'set', mode: 'mixed' });
  await open(page);
  await expect(page.locator('.mode')).toHaveText('LIVE + OTHERS');
  const choice = page.getByLabel('Currency of the totals');
  await expect(choice.locator('option')).toHaveText(['USDT, real', 'USDT, play']);
  const equity = page.locator('.head-figures .figure').first().locator('dd');
  const real = (await equity.textContent()) ?? '';
  await choice.selectOption({ label: 'USDT, play' });
  await expect(equity).not.toHaveText(real);
  await expect(page.locator('main').getByText('USDT, real').first()).toBeVisible();
});

test('what if prices move: who is liquidated first', async ({ page }) => {
  needsMock('a position that is known');
  await open(page, '#/risk');
  await page.getByLabel('move by, %').fill('12');
  await expect(page.getByText(/First to be liquidated: ETH\/USDT:USDT of main/)).toBeVisible();
  await page.getByLabel('Prices of').selectOption('SOL');
  await expect(page.getByText('First to be liquidated: nobody')).toBeVisible();
  await page.getByLabel('move by, %').fill('-100');
  await expect(page.getByText('A number above −100 and at most 1000, please.')).toBeVisible();
});

test('what is shown is saved with every digit', async ({ page }) => {
  needsMock('fills that are known');
  await open(page, '#/orders/fills');
  await page.getByLabel('Search').fill('BTC');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV' }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toMatch(/^plimsoll-fills-\d{4}-\d{2}-\d{2}\.csv$/);
  const lines = readFileSync(await download.path(), 'utf8').trim().split('\r\n');
  expect(lines[0]).toBe('Time (UTC),Contract,Account,Side,Price,Size,Notional,Fee,Realised,How,trade_id,client_order_id');
  expect(lines).toHaveLength(3);
  expect(lines[1]).toContain(",0.1523285,4.6565,order taker,950,'=cmd");
});

test('events are filtered, and new ones come by themselves', async ({ page }) => {
  needsMock('an event');
  await open(page, '#/events');
  const rows = page.getByRole('table', { name: 'Events' }).locator('tbody tr');
  await expect(rows).toHaveCount(8);
  await page.getByLabel('Severity').selectOption('critical');
  await expect(rows).toHaveCount(1);
  await mock(page, { do: 'event', severity: 'critical', kind: 'liquidated', account: 'main', text: 'for the test' });
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText('for the test');
  await page.getByLabel('Search').fill('cancelled elsewhere');
  await expect(rows).toHaveCount(1);
});
