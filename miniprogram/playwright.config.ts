import { defineConfig, devices } from '@playwright/test'

/** Against `huike demo`, which `e2e/tools/demo.ts` starts for the run with the browser build that is there; no request is mocked. */
export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/tools/demo.ts',
  fullyParallel: false,
  workers: 2,
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    ...devices['iPhone 13'],
    defaultBrowserType: undefined,
    browserName: 'chromium',
    viewport: { width: 390, height: 844 },
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    contextOptions: { reducedMotion: 'reduce' },
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
})
