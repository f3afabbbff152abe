// A real Chromium for tests, also on a machine with nothing but Node and npm. In this order: the one that
// CHROMIUM_PATH names, one installed on the system, or the one that the npm package @sparticuz/chromium carries. That
// one is unpacked once, into node_modules, with the fonts and the libraries it brings for systems without them.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';

const installedPaths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

// No sandbox, because tests may run as root; the only pages it opens are ours. The rest keeps it off the network.
const launchArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--font-render-hinting=none',
];

/** What it takes to start a Chromium. */
interface ChromiumProgram {
  readonly executablePath: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts a headless Chromium with a new, empty profile. Close it when done. */
export async function launchBrowser(): Promise<Browser> {
  const { executablePath, environment } = await findChromium();
  return chromium.launch({
    executablePath,
    headless: true,
    args: launchArguments,
    env: { ...inheritedEnvironment(), ...environment },
  });
}

/** Finds a Chromium, or unpacks the carried one. */
async function findChromium(): Promise<ChromiumProgram> {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && named !== '') {
    if (!fs.existsSync(named)) throw new Error(`CHROMIUM_PATH names ${named}, but there is no such file`);
    return { executablePath: named, environment: {} };
  }
  const installed = installedPaths.find((file) => fs.existsSync(file));
  if (installed !== undefined) return { executablePath: installed, environment: {} };
  return carriedChromium();
}

/** The Chromium that the npm package carries, unpacked. Linux on x64 only. */
async function carriedChromium(): Promise<ChromiumProgram> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('no Chromium found: install one, or set CHROMIUM_PATH to its executable');
  }
  const main = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const { version } = JSON.parse(
    fs.readFileSync(path.join(path.dirname(main), '../../package.json'), 'utf8'),
  );
  const cache = fileURLToPath(new URL('../node_modules/.cache', import.meta.url));
  const home = path.join(cache, `chromium-${version}`);
  if (!fs.existsSync(home)) await unpackInto(home);
  const executablePath = path.join(home, 'chromium');
  const fontsFile = path.join(home, 'fonts.conf');
  fs.writeFileSync(fontsFile, fontsConfiguration(home));
  const environment = { FONTCONFIG_FILE: fontsFile };
  if (starts(executablePath, environment)) return { executablePath, environment };
  const libraries = { ...environment, LD_LIBRARY_PATH: path.join(home, 'al2023', 'lib') };
  if (starts(executablePath, libraries)) return { executablePath, environment: libraries };
  throw new Error(
    `the unpacked Chromium does not start: try "${executablePath} --version", or set CHROMIUM_PATH`,
  );
}

// The package unpacks into the temporary folder, whatever it finds there already, and its libraries only where it
// believes to be on Amazon Linux. So it is given a folder of its own and that belief, and the result is moved to its
// place in one step: an interrupted run leaves nothing that looks complete.
async function unpackInto(home: string): Promise<void> {
  const unpacking = `${home}.${process.pid}`;
  fs.mkdirSync(unpacking, { recursive: true });
  const before = { ...process.env };
  try {
    Object.assign(process.env, { TMPDIR: unpacking, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' });
    const carried = await import('@sparticuz/chromium');
    await carried.default.executablePath();
    fs.renameSync(unpacking, home);
  } catch (error) {
    fs.rmSync(unpacking, { recursive: true, force: true });
    // Another process may have been faster.
    if (!fs.existsSync(home)) throw error;
  } finally {
    for (const name of ['TMPDIR', 'AWS_EXECUTION_ENV', 'LD_LIBRARY_PATH', 'FONTCONFIG_PATH', 'HOME']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

function starts(executablePath: string, environment: Readonly<Record<string, string>>): boolean {
  const run = spawnSync(executablePath, ['--version'], {
    env: { ...inheritedEnvironment(), ...environment },
  });
  return run.status === 0;
}

// The carried font first, so that a picture looks alike everywhere; the system's for what it has no glyphs for.
function fontsConfiguration(home: string): string {
  const prefer = (family: string, font: string) =>
    `<alias binding="strong"><family>${family}</family><prefer><family>${font}</family></prefer></alias>`;
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${path.join(home, 'fonts')}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${path.join(home, 'fonts-cache')}</cachedir>
  ${prefer('system-ui', 'Open Sans')}
  ${prefer('sans-serif', 'Open Sans')}
  ${prefer('monospace', 'DejaVu Sans Mono')}
</fontconfig>
`;
}

function inheritedEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
