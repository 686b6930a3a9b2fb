import { expect, mock, needsMock, open, PROGRAM, test } from './desk';

test.beforeEach(async ({ page }) => {
  needsMock('what this is about');
  if (!PROGRAM) await mock(page, { do: 'reset' });
});

test('figures move with the stream', async ({ page }) => {
  await open(page);
  const mark = page.getByRole('article', { name: /BTC\/USDT:USDT long/ }).locator('.kind-mark b');
  const before = await mark.textContent();
  await expect(mark).not.toHaveText(before ?? '');
});

test('a stream that is cut is stale, in grey, and comes back by itself', async ({ page }) => {
  await open(page);
  const equity = page.locator('.head-figures .figure').first();
  const filter = () => equity.evaluate((it) => getComputedStyle(it).filter);
  expect(await filter()).toBe('none');
  await mock(page, { do: 'cut' });
  await expect(page.getByTestId('stale')).toContainText('STALE');
  await expect(page.getByText('connected', { exact: true })).toHaveCount(0);
  expect(await filter()).toContain('grayscale');
  expect(await page.locator('main .dims').first().evaluate((it) => getComputedStyle(it).filter)).toContain('grayscale');
  await expect(page.getByRole('button', { name: 'Kill switch' })).toBeEnabled();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.evaluate(() => window.scrollTo(0, 5000));
  await expect(page.locator('.head-bar').getByText('STALE', { exact: true })).toBeInViewport();
  await mock(page, { do: 'back' });
  await page.getByRole('button', { name: 'Connect now' }).click();
  await expect(page.getByText('connected', { exact: true })).toBeVisible();
  await expect(page.getByTestId('stale')).toHaveCount(0);
  expect(await filter()).toBe('none');
});

test('a stream that falls silent is stale as well', async ({ page }) => {
  await page.clock.install();
  await open(page);
  await mock(page, { do: 'set', quiet: true });
  await page.clock.fastForward(25_000);
  await expect(page.getByTestId('stale')).toContainText('The stream has fallen silent');
  await mock(page, { do: 'set', quiet: false });
  await page.clock.fastForward(2000);
  await expect(page.getByText('connected', { exact: true })).toBeVisible();
});

test('an answer that cannot be refreshed is told as old', async ({ page }) => {
  await open(page, '#/funding');
  await expect(page.getByRole('heading', { name: 'Next settlements' })).toBeVisible();
  await mock(page, { do: 'set', limited: true });
  await mock(page, { do: 'event', severity: 'info', kind: 'pass', text: 'so that it reads again' });
  await expect(page.getByText(/Funding cannot be read just now/)).toBeVisible();
  await expect(page.getByText(/Too many requests/)).toBeVisible();
  await mock(page, { do: 'set', limited: false });
  await mock(page, { do: 'event', severity: 'info', kind: 'pass', text: 'and again' });
  await expect(page.getByText(/Funding cannot be read just now/)).toHaveCount(0);
});

test('a token is asked for, tried, and kept in this tab alone', async ({ page, context }) => {
  await page.goto('/');
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Enter' }).click();
  await expect(page.getByRole('alert')).toContainText('This token is not accepted');
  await page.getByLabel('Token').fill('act-token-for-tests');
  await page.getByRole('button', { name: 'Enter' }).click();
  await expect(page.getByText('connected', { exact: true })).toBeVisible();
  expect(await page.evaluate(() => [JSON.stringify(localStorage), document.cookie])).toEqual(['{}', '']);
  expect(page.url()).not.toContain('token');
  const other = await context.newPage();
  await other.goto('/');
  await expect(other.getByLabel('Token')).toBeVisible();
  await page.getByRole('button', { name: 'Forget the token and leave' }).click();
  await expect(page.getByLabel('Token')).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

test('a token that is taken back leads to the entry', async ({ page }) => {
  await open(page);
  await page.route('**/api/**', (route) => route.fulfill({ status: 401, contentType: 'application/problem+json', body: JSON.stringify({ code: 'unauthorized', title: 'this token is not accepted', status: 401 }) }));
  await page.getByRole('link', { name: 'Funding' }).click();
  await expect(page.getByRole('alert')).toContainText('This token is not accepted');
  await expect(page.getByLabel('Token')).toBeVisible();
});

test('without tokens nothing is asked', async ({ page }) => {
  await mock(page, { do: 'set', needsToken: false });
  await open(page, '#/overview', null);
  await expect(page.getByText('loopback · may read and act')).toBeVisible();
});

test('a token that may only read acts on nothing, and says why', async ({ page }) => {
  await open(page, '#/positions', 'read-token-for-tests');
  await expect(page.getByText('may only read')).toBeVisible();
  for (const name of ['Kill switch', 'Flatten…', 'Close BTC/USDT:USDT long']) {
    await expect(page.getByRole('button', { name })).toBeDisabled();
    await expect(page.getByRole('button', { name })).toHaveAttribute('title', 'This token may only read');
  }
});

test('a program that is away is told, and tried again', async ({ page }) => {
  await mock(page, { do: 'cut' });
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Plimsoll is not there' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('The program cannot be reached');
  await mock(page, { do: 'back' });
  await page.getByRole('button', { name: 'Try now' }).click();
  await expect(page.getByLabel('Token')).toBeVisible();
});

test('too many requests are told with the time to wait', async ({ page }) => {
  await mock(page, { do: 'set', limited: true });
  await page.addInitScript(() => sessionStorage.setItem('plimsoll.token', 'act-token-for-tests'));
  await page.goto('/');
  await expect(page.getByRole('alert')).toContainText('Try again in 2 s.');
  await mock(page, { do: 'set', limited: false });
  await expect(page.getByText('connected', { exact: true })).toBeVisible();
});
