// The built page in a real Chromium, against a gateway without a cluster, under a policy stricter than the real one's.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from './browser.js';
import { FakeGateway } from './fake-gateway.js';

let browser: Browser;
let gateway: FakeGateway;
let url: string;
/** Everything that must never happen on the page: errors, warnings, refused or foreign requests. */
let complaints: string[];

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
});

beforeEach(async () => {
  gateway = new FakeGateway();
  complaints = [];
  url = await gateway.start();
});

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await gateway.stop();
});

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`foreign request: ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

function card(page: Page, id: string) {
  return page.locator(`[data-node="${id}"]`);
}

async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

describe('the page', () => {
  it('shows every node and marks exactly one as leader, in words and in shape', async () => {
    const page = await open();
    await page.getByText('n2 leads term 4 · 3 of 3 nodes up · committed through 128').waitFor();
    expect(await page.locator('[data-node]').count()).toBe(3);
    expect(await page.locator('[data-standing="leader"]').count()).toBe(1);
    expect(await card(page, 'n2').textContent()).toContain('Leader');
    expect(await card(page, 'n1').textContent()).toMatch(/Follower[\s\S]*Follows n2/);
    expect(await card(page, 'n2').locator('svg.mark path').count()).toBe(1);
    expect(await card(page, 'n1').locator('svg.mark circle').count()).toBe(1);
    expect(await card(page, 'n2').getByText('replicate · match 128 · next 129').count()).toBe(2);
  });

  it('needs nothing but its own origin, breaks no rule of the strictest policy and complains of nothing', async () => {
    const page = await open();
    await page.getByText('Live').waitFor();
    await page.getByRole('button', { name: 'Put' }).click();
    await page.getByText('answered by n2').waitFor();
    expect(complaints).toEqual([]);
  });

  it('lets the way be chosen in which reads are spread', async () => {
    const page = await open();
    const choice = page.getByLabel('the gateway spreads reads by');
    expect(await choice.inputValue()).toBe('round-robin');
    await choice.selectOption('peak-ewma');
    await expect.poll(() => gateway.strategy).toBe('peak-ewma');
    await expect.poll(() => choice.inputValue()).toBe('peak-ewma');
  });

  it('weighs less than 100 kB on the wire', () => {
    const dist = fileURLToPath(new URL('../dist', import.meta.url));
    const files = fs
      .readdirSync(dist, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile());
    const weights = files.map(
      (file) => gzipSync(fs.readFileSync(path.join(file.parentPath, file.name))).length,
    );
    expect(weights.length).toBeGreaterThan(2);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeLessThan(100_000);
  });

  it('works in a browser whose language is no valid tag', async () => {
    const context = await browser.newContext();
    await context.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'language', {
        get: () => 'en-US@posix',
        configurable: true,
      });
    });
    const page = await context.newPage();
    await page.goto(url);
    await card(page, 'n1').waitFor();
    await page.locator('.uplot canvas').waitFor();
  });

  it.each([360, 400, 800, 1280, 1920])(
    'has no sideways scrolling at %i pixels, also with five nodes',
    async (width) => {
      gateway.addNodes('n4', 'n5');
      const page = await open({ viewport: { width, height: 800 } });
      await card(page, 'n5').waitFor();
      expect(await overflow(page)).toBeLessThanOrEqual(0);
    },
  );

  it('follows the wish for a dark or a light page', async () => {
    const backgrounds: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await open({ colorScheme });
      backgrounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    }
    expect(backgrounds).toEqual(['rgb(245, 245, 242)', 'rgb(15, 19, 24)']);
  });

  it('follows the wish for less motion', async () => {
    const animations: string[] = [];
    for (const reducedMotion of ['no-preference', 'reduce'] as const) {
      const page = await open({ reducedMotion });
      await page.getByText('Live').waitFor();
      gateway.tell('n1', { type: 'roleChanged', from: 'candidate', to: 'leader', term: 5, reason: 'won' });
      const event = page.locator('.event').first();
      animations.push(await event.evaluate((element) => getComputedStyle(element).animationName));
    }
    expect(animations).toEqual(['arrive', 'none']);
  });
});

describe('trying the cluster', () => {
  it('puts, gets and deletes a key, and tells revision and node', async () => {
    const page = await open();
    await page.getByLabel('Key').fill('fruit/äpfel');
    await page.getByLabel('Value').fill('7');
    await page.getByRole('button', { name: 'Put' }).click();
    await page.getByText('Put fruit/äpfel = 7').waitFor();
    await page.getByText(/revision 2 · answered by n2 · .* m?s/).waitFor();
    expect(gateway.values.get('fruit/äpfel')).toBe('7');
    await page.getByRole('button', { name: 'Get' }).click();
    await page.getByText('Got fruit/äpfel = 7').waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Deleted fruit/äpfel').waitFor();
    await page.getByRole('button', { name: 'Get' }).click();
    await page.getByText('There is no key fruit/äpfel').waitFor();
  });

  it('puts by keyboard alone', async () => {
    const page = await open();
    await page.getByLabel('Key').focus();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('k');
    await page.keyboard.press('Tab');
    await page.keyboard.type('v');
    await page.keyboard.press('Enter');
    await page.getByText('Put k = v').waitFor();
    expect(gateway.values.get('k')).toBe('v');
  });

  it('shows the code of a failure, whether it took place, and what to do', async () => {
    gateway.keyProblem = {
      status: 503,
      error: {
        code: 'NO_LEADER',
        message: 'no leader took this write in time',
        effect: 'none',
        retryable: true,
      },
    };
    const page = await open();
    await page.getByRole('button', { name: 'Put' }).click();
    await page.getByText('NO_LEADER no leader took this write in time').waitFor();
    await page.getByText(/It did not take place\. An election is under way/).waitFor();
  });

  it('writes and reads on its own while steady traffic is on, and stops when it is off', async () => {
    const page = await open();
    await page.getByLabel('steady traffic').check();
    await page.getByText(/\d+ ok · longest gap/).waitFor();
    await page
      .locator('.chart-legend')
      .getByText(/write \d/)
      .waitFor();
    await page.getByLabel('steady traffic').uncheck();
    // What was under way may still arrive; then there must be silence.
    await page.waitForTimeout(300);
    const { revision } = gateway;
    await page.waitForTimeout(700);
    expect(gateway.revision).toBe(revision);
    expect([...gateway.values.keys()].every((key) => key.startsWith('demo/'))).toBe(true);
  });

  it('shows values as text, whatever is in them', async () => {
    const page = await open();
    const markup = '<img src=x onerror=alert(1)>';
    await page.getByLabel('Value').fill(markup);
    await page.getByRole('button', { name: 'Put' }).click();
    await page.getByText(`Put colour = ${markup}`).waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

describe('faults', () => {
  it('kills the leader, shows and announces the next one, and restarts the first', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Kill n2' }).click();
    await card(page, 'n2').getByText('Down').waitFor();
    await card(page, 'n2').getByText('Killed by SIGKILL.').waitFor();
    gateway.elect('n3', 5);
    await page.locator('[data-node="n3"][data-standing="leader"]').waitFor();
    await page.getByRole('status').getByText('n3 leads in term 5.').waitFor({ state: 'attached' });
    expect(await page.getByRole('button', { name: 'Kill n2' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Restart n2' }).click();
    gateway.elect('n3', 5);
    await page.locator('[data-node="n2"][data-standing="follower"]').waitFor();
    expect(gateway.orders).toEqual(['kill n2', 'restart n2']);
    expect(await page.locator('[data-standing="leader"]').count()).toBe(1);
  });

  it('are offered only where the gateway allows them', async () => {
    gateway.faultsEnabled = false;
    const page = await open();
    await card(page, 'n2').waitFor();
    expect(await page.getByRole('button', { name: /Kill|Restart/ }).count()).toBe(0);
  });
});

describe('events', () => {
  it('tell elections with reasons, newest first, and can be filtered by keyboard', async () => {
    const page = await open();
    await page.getByText('Live').waitFor();
    gateway.tell(
      'n1',
      { type: 'voteAnswered', candidate: 'n3', term: 5, granted: false, reason: 'its log is older' },
      1000,
    );
    gateway.tell(
      'n2',
      { type: 'roleChanged', from: 'candidate', to: 'leader', term: 6, reason: 'has 2 of 3 votes' },
      2000,
    );
    gateway.tell('n1', { type: 'leaderChanged', leader: 'n2', term: 6 }, 2100);
    gateway.tell('n3', { type: 'leaderChanged', leader: 'n2', term: 6 }, 2200);
    await page.getByText('n1 and n3 follow n2 in term 6').waitFor();
    const lines = await page.locator('.event p').allInnerTexts();
    expect(lines).toEqual([
      'n1 and n3 follow n2 in term 6',
      'n2 becomes leader of term 6: has 2 of 3 votes',
      'n1 refuses n3 its vote in term 5: its log is older',
    ]);
    await page.getByRole('button', { name: 'Leadership' }).focus();
    await page.keyboard.press('Space');
    await page.getByText('becomes leader').waitFor({ state: 'detached' });
    expect(await page.locator('.event').count()).toBe(1);
  });

  it('that looks reveal are told when the gateway offers no stream', async () => {
    gateway.offersEvents = false;
    const page = await open();
    await page.getByText('Polling', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Kill n2' }).click();
    await page.getByText('n2 does not answer: killed by SIGKILL').waitFor();
    gateway.elect('n1', 5);
    await page.getByText('n1 becomes leader of term 5').waitFor();
  });

  it('show the committed log, newest first', async () => {
    gateway.entries.push(
      { index: 127, term: 4, kind: 'noop', summary: 'the first entry of a new leader', timeMs: 1000 },
      { index: 128, term: 4, kind: 'command', summary: 'put "colour" = "teal"', timeMs: 2000 },
    );
    const page = await open();
    await page.getByText('put "colour" = "teal"').waitFor();
    const rows = await page.locator('.log tbody tr').allInnerTexts();
    expect(rows.map((row) => row.split(/\s/)[0])).toEqual(['128', '127']);
  });
});

describe('a gateway in trouble', () => {
  it('that answers nonsense is reported, and forgotten when it answers well again', async () => {
    gateway.clusterText = '{"nodes":';
    const page = await open();
    await page.getByText('Gateway lost').waitFor();
    gateway.clusterText = '{"nodes":[{"id":"<b>n9</b>","reachable":true,"status":{"engine":{"role":7}}}]}';
    await page.locator('h3', { hasText: '<b>n9</b>' }).waitFor();
    gateway.clusterText = undefined;
    await page.getByText('n2 leads term 4').waitFor();
    expect(complaints.filter((complaint) => complaint.startsWith('error'))).toEqual([]);
  });

  it('that goes away leaves the last picture, marked as old', async () => {
    const page = await open();
    await page.getByText('Live').waitFor();
    await gateway.stop();
    await page.getByText('Gateway lost').waitFor();
    expect(await page.locator('[data-node]').count()).toBe(3);
    await page.getByRole('button', { name: 'Put' }).click();
    await page.getByText('GATEWAY_UNREACHABLE').waitFor();
    await page.getByText(/It may have taken place/).waitFor();
  });
});
