// `npm test`: installs when due, then runs every build, check and test as one turbo run, and closes with
// what passed and what failed, tests and checks together, also when turbo answers from its cache.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { pnpm, readJson, root, say, setup } from './pm.mjs';

const resultsFile = path.join(root, '.config', '.cache', 'test-results.json');
const summaries = path.join(root, '.turbo', 'runs');
const testTask = '//#check:tests';

await main(process.argv.slice(2));

async function main(turboArguments) {
  const started = Date.now();
  await setup();
  fs.rmSync(resultsFile, { force: true });
  fs.rmSync(summaries, { recursive: true, force: true });
  const tasks = Object.keys(readJson(path.join(root, 'turbo.json')).tasks);
  const checks = tasks.filter((task) => task.startsWith('//#check:')).map((task) => task.slice('//#'.length));
  say(`running the builds, ${checks.join(', ')}`);
  const code = await pnpm(
    [
      'exec',
      'turbo',
      'run',
      'build',
      ...checks,
      '--continue=always',
      '--concurrency=2',
      '--output-logs=new-only',
      '--summarize',
      ...turboArguments,
    ],
    { SYNOD_NODE_VERSION: process.versions.node, ...colours() },
  );
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  process.exitCode = report(tasksRun(), testCounts(), code, seconds);
}

// Turbo asks its tasks for colours even when its output goes to a file.
function colours() {
  return process.stdout.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: '0' };
}

function report(tasks, tests, turboCode, seconds) {
  const failedTasks = tasks.filter(({ failed }) => failed);
  const others = tasks.filter(({ id }) => id !== testTask);
  const othersFailed = failedTasks.filter(({ id }) => id !== testTask);
  const passed = others.length - othersFailed.length + tests.passed;
  let failed = othersFailed.length + tests.failed;
  // A run that broke without a failing test (an error between tests, no results at all) must not look green.
  if (turboCode !== 0 && failed === 0) failed = 1;
  if (turboCode === 0 && tests.passed === 0) failed += 1;
  const cached = tasks.filter((task) => task.cached).length;
  process.stdout.write(`\n${others.length} builds and checks (${cached} tasks from the cache), `);
  process.stdout.write(`${tests.passed + tests.failed} tests, ${seconds} s\n`);
  for (const { id } of failedTasks) process.stdout.write(`FAILED: ${id.replace('//#', '')}\n`);
  for (const name of tests.failures) process.stdout.write(`FAILED TEST: ${name}\n`);
  if (tests.missing) process.stdout.write('FAILED: no test results were written\n');
  const skipped = tests.skipped > 0 ? `, ${tests.skipped} skipped` : '';
  process.stdout.write(`${passed} passed, ${failed} failed${skipped}\n`);
  return failed > 0 ? turboCode || 1 : 0;
}

function tasksRun() {
  if (!fs.existsSync(summaries)) return [];
  const files = fs.readdirSync(summaries).filter((file) => file.endsWith('.json'));
  return files.flatMap((file) => readJson(path.join(summaries, file)).tasks.map(taskResult).filter(Boolean));
}

function taskResult({ taskId, command, cache, execution }) {
  if (command === '<NONEXISTENT>') return null;
  const cached = cache !== undefined && cache.status === 'HIT';
  const failed = !cached && (execution === undefined || execution.exitCode !== 0);
  return { id: taskId, cached, failed };
}

function testCounts() {
  const none = { passed: 0, failed: 0, skipped: 0, failures: [], missing: true };
  if (!fs.existsSync(resultsFile)) return none;
  const results = readJson(resultsFile);
  const broken = results.testResults.filter(({ status, assertionResults }) => {
    return status === 'failed' && assertionResults.every((test) => test.status !== 'failed');
  });
  const failures = results.testResults.flatMap(({ name, assertionResults }) => {
    const failing = assertionResults.filter(({ status }) => status === 'failed');
    return failing.map(({ fullName }) => `${path.relative(root, name)}: ${fullName}`);
  });
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + broken.length,
    skipped: results.numPendingTests + results.numTodoTests,
    failures: [...failures, ...broken.map(({ name }) => `${path.relative(root, name)}: did not run`)],
    missing: false,
  };
}
