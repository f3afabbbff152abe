// The picture at the top of the README: a real cluster under steady traffic, seconds after its leader was killed and
// another took over, at 1280 by 800 pixels, in light and in dark.
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Page } from 'playwright-core';
import { launchBrowser } from './browser.js';
import { startCluster } from './started-cluster.js';

const calmMs = 60_000;
const afterwardsMs = 800;
const bytesMax = 300_000;

/**
 * Takes the pictures.
 *
 * @param folder - Where to: `dashboard.png` and `dashboard-dark.png`.
 */
export async function takeScreenshots(folder: string): Promise<void> {
  const cluster = await startCluster('--snapshot-entries', '200', '--retained-entries', '20');
  const browser = await launchBrowser().catch(async (error: unknown) => {
    await cluster.stop();
    throw error;
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 });
    await page.goto(cluster.url);
    await page.getByText('3 of 3 nodes up').waitFor();
    await page.getByLabel('steady traffic').check();
    await page.waitForTimeout(calmMs);
    await killLeader(page);
    await page.getByRole('button', { name: 'Put' }).click();
    await page.getByText(/revision [\d,]+ · answered by/).waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    fs.mkdirSync(folder, { recursive: true });
    await picture(page, path.join(folder, 'dashboard.png'));
    await page.emulateMedia({ colorScheme: 'dark' });
    await picture(page, path.join(folder, 'dashboard-dark.png'));
  } finally {
    await browser.close();
    await cluster.stop();
  }
}

async function killLeader(page: Page): Promise<void> {
  const id = await page.locator('[data-standing="leader"]').getAttribute('data-node');
  await page.getByRole('button', { name: `Kill ${id}` }).click();
  await page.locator(`[data-standing="leader"]:not([data-node="${id}"])`).waitFor();
  await page.waitForTimeout(afterwardsMs);
}

async function picture(page: Page, file: string): Promise<void> {
  // The chart draws once a second.
  await page.waitForTimeout(1100);
  const bytes = await page.screenshot({ path: file, animations: 'disabled' });
  if (bytes.length > bytesMax)
    throw new Error(`${file} has ${bytes.length} bytes: at most ${bytesMax} are wanted`);
  process.stdout.write(`${file}: ${Math.round(bytes.length / 1000)} kB\n`);
}
