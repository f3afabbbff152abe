// The page in front of a real cluster: nodes as processes of their own, killed and restarted from the page.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from './browser.js';
import { type StartedCluster, startCluster } from './started-cluster.js';

let browser: Browser;
let cluster: StartedCluster;
let page: Page;

beforeAll(async () => {
  cluster = await startCluster();
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(30_000);
});

afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
});

async function leader(): Promise<string> {
  const card = page.locator('[data-standing="leader"]');
  await card.waitFor();
  return (await card.getAttribute('data-node')) ?? '';
}

async function press(button: 'Put' | 'Get', key: string, value?: string): Promise<void> {
  await page.getByLabel('Key').fill(key);
  if (value !== undefined) await page.getByLabel('Value').fill(value);
  await page.getByRole('button', { name: button }).click();
}

describe('the dashboard of a real cluster', () => {
  it('shows three nodes and one leader, in step with each other', async () => {
    await page.goto(cluster.url);
    await page.getByText('3 of 3 nodes up').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    const id = await leader();
    expect(await page.locator('[data-node]').count()).toBe(3);
    expect(await page.locator('[data-standing="leader"]').count()).toBe(1);
    await page.getByText(`${id} leads term`).waitFor();
    const peers = page.locator('[data-standing="leader"] .peer').filter({ hasText: 'in step · replicate' });
    await peers.nth(1).waitFor();
    expect(await peers.count()).toBe(2);
    await page.getByText(`becomes leader of term`).waitFor();
  });

  it('puts a key and gets it back, and shows its entry in the committed log', async () => {
    await press('Put', 'colour', 'green');
    await page.getByText('Put colour = green').waitFor();
    await page.getByText(/revision \d+ · answered by n\d/).waitFor();
    await press('Get', 'colour');
    await page.getByText('Got colour = green').waitFor();
    await page.locator('.log tbody').getByText('put "colour" = "green"').waitFor();
  });

  it('kills the leader and shows another one, which still has the key', async () => {
    const killed = await leader();
    await page.getByRole('button', { name: `Kill ${killed}` }).click();
    await page.locator(`[data-node="${killed}"][data-standing="down"]`).waitFor();
    await page.locator(`[data-standing="leader"]:not([data-node="${killed}"])`).waitFor();
    expect(await page.locator('[data-standing="leader"]').count()).toBe(1);
    await page.getByText('2 of 3 nodes up').waitFor();
    await press('Get', 'colour');
    await page.getByText('Got colour = green').waitFor();
    await press('Put', 'colour', 'blue');
    await page.getByText('Put colour = blue').waitFor();
  });

  it('restarts it, and three nodes are up again with everything applied', async () => {
    const killed = (await page.locator('[data-standing="down"]').getAttribute('data-node')) ?? '';
    await page.getByRole('button', { name: `Restart ${killed}` }).click();
    await page.locator(`[data-node="${killed}"][data-standing="follower"]`).waitFor();
    await page.getByText('3 of 3 nodes up').waitFor();
    await page.locator(`[data-node="${killed}"]`).getByText('in step').waitFor();
    expect(await page.locator('[data-standing="leader"]').count()).toBe(1);
  });
});
