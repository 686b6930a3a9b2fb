import { expect, test as base, type Page } from '@playwright/test';

/** Where the program is, if it is the program that is tested. */
export const PROGRAM = process.env['PLIMSOLL_URL'] ?? null;
export const TOKEN = PROGRAM ? (process.env['PLIMSOLL_TOKEN'] ?? null) : 'act-token-for-tests';

export const PAGES = {
  overview: '#/overview',
  positions: '#/positions',
  risk: '#/risk',
  funding: '#/funding',
  strategies: '#/strategies',
  orders: '#/orders',
  fills: '#/orders/fills',
  closed: '#/orders/closed',
  events: '#/events',
  record: '#/events/record',
  'kill switch': '#/events/kill',
} as const;

/** What the mock is told to do. */
export async function mock(page: Page, said: Record<string, unknown>): Promise<void> {
  const answer = await page.request.post('/__mock', { data: said });
  expect(answer.ok()).toBe(true);
}

/** Opens a page with a token in the tab's session, as if it had been entered. */
export async function open(page: Page, hash = '#/overview', token: string | null = TOKEN): Promise<void> {
  if (token) await page.addInitScript((value) => sessionStorage.setItem('plimsoll.token', value), token);
  await page.goto(`/${hash}`);
  await expect(page.getByText('connected', { exact: true })).toBeVisible();
}

/** A test that fails if the page breaks its policy, asks anybody else for anything, or throws. */
export const test = base.extend<{ clean: string[] }>({
  clean: [
    async ({ page, baseURL }, use) => {
      const wrong: string[] = [];
      page.on('pageerror', (error) => wrong.push(`thrown: ${error.message}`));
      page.on('console', (line) => {
        if (/content security policy/i.test(line.text())) wrong.push(line.text());
      });
      page.on('request', (request) => {
        const url = new URL(request.url());
        if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== new URL(baseURL ?? '').origin) wrong.push(`asked ${request.url()}`);
      });
      await use(wrong);
      expect(wrong).toEqual([]);
    },
    { auto: true },
  ],
});

/** For tests that need what only the mock can make happen. */
export function needsMock(what: string): void {
  if (!PROGRAM) return;
  console.log(`skipped against ${PROGRAM}: ${what} can only be made to happen by the mock`);
  test.skip(true, `${what} can only be made to happen by the mock`);
}

export { expect };
