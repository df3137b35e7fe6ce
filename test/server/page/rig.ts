/** The page in Debian's chromium, served by the built command. What the browser complains of fails the test. */
import { readFileSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { type Rig, type Running, test as plainTest, until } from '../../e2e/rig.ts';
import { missing } from '../../lack.ts';

export const lack = await missing('chromium');

/** A server of a rig's root, at the same address each time it is started. */
export interface Server {
  readonly origin: string;
  /** Ends it by a signal. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  /** Processor time of its process; milliseconds. */
  usedMs(): number;
}

export type Opened = Page & {
  /** Of the browser: errors, warnings, and what its policy has refused. */
  readonly complaints: string[];
  /** Has the page go to what stands behind #. */
  goTo(hash: string): Promise<void>;
};

export const test = plainTest.extend<{
  serve: (rig: Rig, more?: string) => Promise<Server>;
  open: (rig: Rig, server: Server, how?: BrowserContextOptions & { as?: string }) => Promise<Opened>;
}>({
  // eslint-disable-next-line no-empty-pattern
  serve: async ({}, use) => {
    await use(async (rig, more = '') => {
      let port = 0;
      let running: Running | undefined;
      const start = async (): Promise<void> => {
        running = rig.start(`serve --http 127.0.0.1:${port} ${more}`);
        const { http } = await until('the server listens', async () => {
          const { code, json } = await rig.dreamos('serve status --json');
          return code === 0 && (json[0] as unknown as { http: string | null });
        });
        port = Number(new URL(http ?? '').port);
      };
      await start();
      return {
        origin: `http://127.0.0.1:${port}`,
        start,
        usedMs: () => {
          const stat = readFileSync(`/proc/${running?.child.pid}/stat`, 'utf8')
            .replace(/^.*\) /s, '')
            .split(' ');
          // In hundredths of a second: proc_pid_stat(5), fields 14 and 15.
          return (Number(stat[11]) + Number(stat[12])) * 10;
        },
        stop: async (signal = 'SIGTERM') => void (await running?.kill(signal)),
      };
    });
  },
  // eslint-disable-next-line no-empty-pattern
  open: async ({}, use) => {
    let browser: Browser | undefined;
    const opened: Opened[] = [];
    await use(async (rig, server, { as = 'planner', ...how } = {}) => {
      // Root has no sandbox; the page is our own.
      browser ??= await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
      const made = await rig.dreamos(`token create ${as} --json`);
      expect(made).toMatchObject({ code: 0 });
      const { token } = made.json[0] as unknown as { token: string };
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...how });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      page.on('pageerror', (error) => void complaints.push(error.stack ?? error.message));
      await page.goto(`${server.origin}/#token=${token}`);
      const one = Object.assign(page, {
        complaints,
        goTo: async (hash: string) => {
          await page.evaluate(`void (location.hash = ${JSON.stringify(hash)})`);
          await page.locator('main h1').waitFor();
        },
      });
      opened.push(one);
      return one;
    });
    await browser?.close();
    for (const page of opened) expect(complaintsOf(page)).toEqual([]);
  },
});

const forgiven = new WeakSet<Opened>();

/** Where a server is down, or refuses a token, the browser says so of each request; all else is still a complaint. */
export function forgiveRefusals(page: Opened): void {
  forgiven.add(page);
}

function complaintsOf(page: Opened): string[] {
  const { complaints } = page;
  return forgiven.has(page) ? complaints.filter((text) => !/net::ERR_|Failed to load resource/.test(text)) : complaints;
}
