import { defineConfig } from '@playwright/test';

const given = process.env['PLIMSOLL_URL'];
const port = Number(process.env['MOCK_PORT'] ?? 4199);

// Against the mock, or against the program at PLIMSOLL_URL (with PLIMSOLL_TOKEN where it asks for one). One after another:
// the tests share one world.
export default defineConfig({
  testDir: 'e2e',
  fullyParallel: false,
  workers: 1,
  timeout: 30_000,
  forbidOnly: true,
  reporter: [['list']],
  use: {
    baseURL: given ?? `http://127.0.0.1:${port}`,
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
  },
  ...(given ? {} : { webServer: { command: `node e2e/mock.mjs ${port}`, url: `http://127.0.0.1:${port}/`, reuseExistingServer: false } }),
});
