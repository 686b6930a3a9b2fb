import { expect, mock, needsMock, open, PROGRAM, test } from './desk';
import type { Page } from '@playwright/test';

test.beforeEach(async ({ page }) => {
  needsMock('a deed without consequences');
  if (!PROGRAM) await mock(page, { do: 'reset' });
});

const dialog = (page: Page) => page.getByRole('dialog');

/** What is sent to confirm, as it is sent. */
function confirmations(page: Page): { nonce: string; idempotency_key: string }[] {
  const sent: { nonce: string; idempotency_key: string }[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/api/actions/confirm')) sent.push(request.postDataJSON() as { nonce: string; idempotency_key: string });
  });
  return sent;
}

test('a position is closed in two steps, and is gone', async ({ page }) => {
  await open(page, '#/positions');
  const sent = confirmations(page);
  await page.getByRole('button', { name: 'Close BTC/USDT:USDT long' }).click();
  await expect(dialog(page)).toContainText('Close BTC/USDT:USDT on main.');
  await expect(dialog(page)).toContainText('sell 0.045 BTC/USDT:USDT at market, reduce-only');
  await expect(dialog(page)).toContainText('The stop and the target are cancelled with it.');
  await expect(dialog(page).getByRole('timer')).toContainText(/holds for \d+ s/);
  expect(sent).toHaveLength(0);
  await dialog(page).getByRole('button', { name: 'Close it' }).click();
  await expect(dialog(page)).toContainText('Done.');
  await dialog(page).getByRole('button', { name: 'Close', exact: true }).last().click();
  await expect(page.getByRole('article', { name: /BTC\/USDT:USDT long/ })).toHaveCount(0);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.idempotency_key).toMatch(/^[0-9a-f]{32}$/);
});

test('Escape leaves, nothing is done, and the focus is where it was', async ({ page }) => {
  await open(page, '#/positions');
  const sent = confirmations(page);
  const button = page.getByRole('button', { name: 'Close BTC/USDT:USDT long' });
  await button.click();
  await expect(dialog(page).getByRole('button', { name: 'Close it' })).toBeVisible();
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('dialog') !== null)).toBe(true);
  }
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toHaveCount(0);
  await expect(button).toBeFocused();
  expect(sent).toHaveLength(0);
});

test('the safe button has the focus, so that Enter does nothing', async ({ page }) => {
  await open(page, '#/positions');
  const sent = confirmations(page);
  await page.getByRole('button', { name: 'Close BTC/USDT:USDT long' }).click();
  await expect(dialog(page).getByRole('button', { name: 'Do not' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog(page)).toHaveCount(0);
  expect(sent).toHaveLength(0);
});

test('what has expired cannot be confirmed, and is prepared again', async ({ page }) => {
  await mock(page, { do: 'set', holdsMs: 1200 });
  await open(page, '#/positions');
  const sent = confirmations(page);
  await page.getByRole('button', { name: 'Close BTC/USDT:USDT long' }).click();
  await expect(dialog(page)).toContainText('This has expired, and nothing was done.');
  await expect(dialog(page).getByRole('button', { name: 'Close it' })).toHaveCount(0);
  await mock(page, { do: 'set', holdsMs: 60_000 });
  await dialog(page).getByRole('button', { name: 'Prepare it again' }).click();
  await dialog(page).getByRole('button', { name: 'Close it' }).click();
  await expect(dialog(page)).toContainText('Done.');
  expect(sent).toHaveLength(1);
});

test('what the program takes for expired is told so', async ({ page }) => {
  await mock(page, { do: 'set', confirm: 'expired' });
  await open(page, '#/positions');
  await page.getByRole('button', { name: 'Close BTC/USDT:USDT long' }).click();
  await dialog(page).getByRole('button', { name: 'Close it' }).click();
  await expect(dialog(page)).toContainText('This has expired, and nothing was done.');
});

test('what the venue refuses is told as refused', async ({ page }) => {
  await mock(page, { do: 'set', confirm: 'refused' });
  await open(page, '#/positions');
  await page.getByRole('button', { name: 'Close BTC/USDT:USDT long' }).click();
  await dialog(page).getByRole('button', { name: 'Close it' }).click();
  await expect(dialog(page).getByRole('alert')).toContainText('The venue said no: the mark has moved too far.');
});

test('what a limit refuses has nothing to confirm', async ({ page }) => {
  await open(page, '#/positions/main/BTC%2FUSDT%3AUSDT/both');
  await page.getByRole('button', { name: 'Leverage BTC/USDT:USDT long' }).click();
  await dialog(page).getByLabel(/Leverage/).fill('50');
  await dialog(page).getByRole('button', { name: 'What would it mean?' }).click();
  await expect(dialog(page).getByRole('alert')).toContainText('Leverage 50x is above the limit of 20x.');
  await expect(dialog(page).getByRole('button', { name: 'Set it' })).toHaveCount(0);
  await dialog(page).getByRole('button', { name: 'Back' }).click();
  await dialog(page).getByLabel(/Leverage/).fill('3');
  await dialog(page).getByRole('button', { name: 'What would it mean?' }).click();
  await expect(dialog(page)).toContainText('51 210.4419');
  await expect(dialog(page).getByRole('button', { name: 'Set it' })).toBeEnabled();
});

test('where no answer comes it is asked again under the same key, and done once', async ({ page }) => {
  await mock(page, { do: 'set', confirm: 'timed_out' });
  await open(page, '#/positions');
  const sent = confirmations(page);
  await page.getByRole('button', { name: 'Reduce ETH/USDT:USDT short' }).click();
  await dialog(page).getByRole('button', { name: 'What would it mean?' }).click();
  await dialog(page).getByRole('button', { name: 'Reduce it' }).click();
  await expect(dialog(page).getByRole('alert')).toContainText('It may have been done.');
  await dialog(page).getByRole('button', { name: 'Ask again' }).click();
  await expect(dialog(page)).toContainText('Done.');
  expect(sent).toHaveLength(2);
  expect(sent[1]).toEqual(sent[0]);
});

test('real money is called so', async ({ page }) => {
  await mock(page, { do: 'set', mode: 'live' });
  await open(page, '#/positions');
  await page.getByRole('button', { name: 'Close BTC/USDT:USDT long' }).click();
  await expect(dialog(page)).toContainText('LIVE · real money');
});

test('the kill switch: a word, a reason, two steps; and a release with its reason', async ({ page }) => {
  await open(page, '#/funding');
  await page.getByRole('button', { name: 'Kill switch' }).click();
  const ask = dialog(page).getByRole('button', { name: 'What would it do?' });
  await expect(ask).toBeDisabled();
  await dialog(page).getByLabel('Reason').fill('the feed jumped');
  await dialog(page).getByLabel('Type KILL').fill('kill');
  await expect(ask).toBeDisabled();
  await dialog(page).getByLabel('Type KILL').fill('KILL');
  await ask.click();
  await dialog(page).getByRole('button', { name: 'Engage it' }).click();
  await expect(dialog(page)).toContainText('Done.');
  await page.keyboard.press('Escape');
  await expect(page.getByText('The kill switch is engaged.')).toBeVisible();
  await page.getByRole('button', { name: /KILLED/ }).click();
  await dialog(page).getByLabel('Reason').fill('the feed is back');
  await dialog(page).getByRole('button', { name: 'What would it do?' }).click();
  await dialog(page).getByRole('button', { name: 'Release it' }).click();
  await expect(dialog(page)).toContainText('Done.');
  await page.keyboard.press('Escape');
  await expect(page.getByText('The kill switch is engaged.')).toHaveCount(0);
  await page.goto('/#/events/kill');
  await expect(page.getByRole('table', { name: 'Kill switch of main' })).toContainText('the feed jumped');
});

test('a strategy is paused and goes on', async ({ page }) => {
  await open(page, '#/strategies');
  const trend = page.getByRole('region', { name: 'trend', exact: true });
  await trend.getByRole('button', { name: 'Pause trend' }).click();
  await dialog(page).getByLabel('Reason').fill('news');
  await dialog(page).getByRole('button', { name: 'What would it mean?' }).click();
  await dialog(page).getByRole('button', { name: 'Pause it' }).click();
  await expect(dialog(page)).toContainText('Done.');
  await page.keyboard.press('Escape');
  await expect(trend.getByText('paused')).toBeVisible();
  await expect(trend.getByRole('button', { name: 'Resume trend' })).toBeVisible();
});

test('a position is opened by its margin, with a stop, in two steps', async ({ page }) => {
  await open(page, '#/positions');
  const prepared: Record<string, unknown>[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/api/actions/prepare')) prepared.push(request.postDataJSON() as Record<string, unknown>);
  });
  const sent = confirmations(page);
  await page.getByRole('button', { name: 'Open…' }).click();
  const ask = dialog(page).getByRole('button', { name: 'What would it mean?' });
  await dialog(page).getByLabel('Contract').fill('AVAX/USDT:USDT');
  await dialog(page).getByRole('button', { name: 'short' }).click();
  await dialog(page).getByRole('button', { name: 'margin' }).click();
  await dialog(page).getByLabel('Margin, USDT').fill('100.1');
  await dialog(page).getByLabel(/Leverage/).fill('50');
  await expect(dialog(page)).toContainText('worth 5 005');
  await expect(ask).toBeDisabled();
  await dialog(page).getByLabel('Stop-loss, a price').fill('27');
  await dialog(page).getByLabel(/Target/).fill('22.5');
  await ask.click();
  await expect(dialog(page).getByRole('alert')).toContainText('Leverage 50x is above the limit of 20x.');
  await expect(dialog(page).getByRole('button', { name: 'Open it' })).toHaveCount(0);
  await dialog(page).getByRole('button', { name: 'Back' }).click();
  await expect(dialog(page).getByLabel('Margin, USDT')).toHaveValue('100.1');
  await dialog(page).getByLabel(/Leverage/).fill('3');
  await ask.click();
  await expect(dialog(page)).toContainText('Open short AVAX/USDT:USDT on main at 3x.');
  await expect(dialog(page)).toContainText('300.30 USDT');
  await expect(dialog(page)).toContainText('48 100.5');
  expect(prepared.at(-1)).toEqual({ action: 'open', account: 'main', symbol: 'AVAX/USDT:USDT', direction: 'short', notional: '300.3', leverage: 3, stop_loss: '27', take_profit: '22.5' });
  expect(sent).toHaveLength(0);
  await dialog(page).getByRole('button', { name: 'Open it' }).click();
  await expect(dialog(page)).toContainText('Done.');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('article', { name: /AVAX\/USDT:USDT short/ })).toBeVisible();
  expect(sent).toHaveLength(1);
});

test('nothing is opened without a stop, but for a reason', async ({ page }) => {
  await open(page, '#/positions');
  await page.getByRole('button', { name: 'Open…' }).click();
  const ask = dialog(page).getByRole('button', { name: 'What would it mean?' });
  await dialog(page).getByLabel('Contract').fill('BTC/USDT:USDT');
  await dialog(page).getByLabel('Notional, USDT').fill('500');
  await dialog(page).getByLabel(/Leverage/).fill('2');
  await expect(ask).toBeDisabled();
  await dialog(page).getByRole('button', { name: 'at a distance' }).click();
  await dialog(page).getByLabel('Stop-loss, % from the mark').fill('2.5');
  await expect(ask).toBeEnabled();
  await dialog(page).getByRole('button', { name: 'none' }).click();
  await expect(ask).toBeDisabled();
  await dialog(page).getByLabel('Why nothing is to protect it').fill('hedged elsewhere');
  await ask.click();
  await expect(dialog(page)).toContainText('NO STOP: hedged elsewhere.');
});

test('who may only read opens nothing', async ({ page }) => {
  await open(page, '#/positions', 'read-token-for-tests');
  await expect(page.getByRole('button', { name: 'Open…' })).toBeDisabled();
});
