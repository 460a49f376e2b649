import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { spawnThrough } from './process.mjs'
import { ensureTools, mayInstall } from './systemTools.mjs'

/**
 * Folders of test/ by suite; every other test file belongs to `unit`, the inner loop. `station` starts threads and processes,
 * `faults` takes the power away, `central` runs the kits for the central server, `bench` runs the benchmarks at their smallest.
 */
const OWN_SUITES = {
  station: ['store', 'work', 'station'],
  dimse: ['dimse', 'sync'],
  faults: ['faults'],
  central: ['central'],
  bench: ['bench'],
  e2e: ['e2e'],
  electron: ['electron'],
}
const SUITES = ['static', 'unit', ...Object.keys(OWN_SUITES)]
/** A window that hangs must not hang the run: no suite takes a third of this. */
const SUITE_TIMEOUT_MS = 40 * 60_000
const FLOORS = ['shared', 'electron/station', 'electron', 'renderer', 'test']

/**
 * `npm test [-- suite [file filter] [vitest options]]`: runs the suites in order, prints the seconds of each, ends with
 * `N passed, N failed, N skipped`. Resolves to the exit code.
 */
export async function runTests(root, args) {
  const words = args.filter(arg => !arg.startsWith('-'))
  const options = args.filter(arg => arg.startsWith('-'))
  const [only, filter = ''] = words
  if (only && !SUITES.includes(only)) {
    console.error(`There is no suite '${only}'. There are: ${SUITES.join(', ')}.`)
    return 2
  }
  mkdirSync(path.join(root, 'out/screenshots'), { recursive: true })
  const total = { passed: 0, failed: 0, skipped: 0 }
  const lines = []
  const failures = []
  const unsteady = []
  for (const suite of only ? [only] : SUITES) {
    const started = Date.now()
    const counts = suite === 'static' ? await runStatic(root) : await runSuite(root, suite, filter, options)
    for (const kind of Object.keys(total)) total[kind] += counts[kind]
    failures.push(...counts.failures.map(failure => `${suite}: ${failure}`))
    unsteady.push(...counts.unsteady.map(failure => `${suite}: ${failure}`))
    lines.push(`${suite.padEnd(10)}${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s   ${sentence(counts)}`)
    console.log(`\n${lines.at(-1)}\n`)
  }
  for (const failure of unsteady) console.log(`~ passed at the second attempt only: ${failure}\n`)
  // Last, so that whoever sees only the end of a long log still learns what failed.
  for (const failure of failures) console.log(`✗ ${failure}\n`)
  console.log(`${lines.join('\n')}\n`)
  const strict = process.env.CI === 'true' || mayInstall()
  if (strict && total.skipped > 0) console.log('On this machine nothing may be skipped: that is a failure.\n')
  if (unsteady.length > 0) console.log(`Unsteady, told above: ${unsteady.length}\n`)
  console.log(sentence(total))
  return total.failed > 0 || (strict && total.skipped > 0) ? 1 : 0
}

function sentence({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

/** Formatting and lint, types floor by floor, unused code, which needs one core alone. Each check is one test. */
async function runStatic(root) {
  const bin = name => path.join(root, 'node_modules/.bin', name)
  const lanes = [
    [
      ['biome', ['check', '--config-path=build', '--error-on-warnings']],
      ...FLOORS.map(floor => ['tsc', ['-p', `${floor}/tsconfig.json`]]),
    ],
    [['knip', ['--config', 'build/knip.json', '--no-progress']]],
  ]
  const counts = { passed: 0, failed: 0, skipped: 0, failures: [], unsteady: [] }
  const check = async (name, args) => {
    const started = Date.now()
    const ok = (await spawnThrough(bin(name), args, { cwd: root, shell: process.platform === 'win32' })) === 0
    counts[ok ? 'passed' : 'failed'] += 1
    if (!ok) counts.failures.push(`${name} ${args.join(' ')}`)
    console.log(`${ok ? '✓' : '✗'} ${name} ${args.join(' ')} ${((Date.now() - started) / 1000).toFixed(1)} s`)
  }
  const inTurn = async lane => {
    for (const [name, args] of lane) await check(name, args)
  }
  await Promise.all(lanes.map(inTurn))
  return counts
}

/** One suite through vitest, counted from its JSON report. */
async function runSuite(root, suite, filter, options) {
  const files = testFiles(root, suite).filter(file => file.includes(filter))
  if (files.length === 0) {
    console.error(filter ? `No test file of ${suite} contains '${filter}'.` : `The suite ${suite} has no test files.`)
    return { passed: 0, failed: filter ? 1 : 0, skipped: 0, failures: [], unsteady: [] }
  }
  if (!(await ensureTools(root, suite))) {
    return { passed: 0, failed: 0, skipped: countTests(root, files), failures: [], unsteady: [] }
  }
  const report = path.join(root, `out/.vitest/${suite}.json`)
  rmSync(report, { force: true })
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs')
  const args = [
    'run',
    '--config',
    'build/vitest.config.ts',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    // A desktop window takes both cores by itself.
    ...(suite === 'electron' ? ['--no-file-parallelism'] : []),
    // Two at a time wait for a good part of it: for a picture, a peer, a sync of the disk.
    ...(['e2e', 'dimse', 'faults'].includes(suite) ? ['--maxWorkers=3'] : []),
    // All in one file, which runs them beside each other.
    ...(suite === 'bench' ? ['--maxConcurrency=3'] : []),
    // A busy machine may tear a test of processes once. It is tried again there, and named below: never in silence.
    ...(process.env.CI === 'true' && suite !== 'unit' ? ['--retry=1'] : []),
  ]
  const code = await spawnThrough(process.execPath, [vitest, ...args, ...options, ...files], {
    cwd: root,
    // Every thread and process of ours reads its TypeScript anew: kept as compiled, a store starts in half the time.
    env: { NODE_COMPILE_CACHE: path.join(root, 'out/.compiled'), ...process.env },
    timeout: SUITE_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  const counts = readReport(report)
  // A file that did not load or an unhandled rejection fails the run without failing a test.
  if (code !== 0 && counts.failed === 0) {
    counts.failed = 1
    counts.failures.push(`vitest ended with ${code} and no failed test: see its output above`)
  }
  return counts
}

function readReport(file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'))
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests,
      skipped: report.numPendingTests + report.numTodoTests,
      failures: report.testResults.flatMap(failuresOf),
      unsteady: report.testResults.flatMap(unsteadyOf),
    }
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: ['no report was written: see the output above'], unsteady: [] }
  }
}

/** A file's failed tests with the first lines of why; a file that did not load has a message and no test. */
function failuresOf(file) {
  const name = path.basename(file.name)
  const told = toldOf(file, test => test.status === 'failed')
  return told.length === 0 && file.status === 'failed' ? [`${name}\n${firstLines(file.message)}`] : told
}

/** Tests that failed once and then passed: they keep the messages of the first attempt. */
function unsteadyOf(file) {
  return toldOf(file, test => test.status === 'passed' && test.failureMessages.length > 0)
}

function toldOf(file, isMeant) {
  const name = path.basename(file.name)
  const tests = file.assertionResults.filter(isMeant)
  return tests.map(test => `${name} › ${test.fullName.trim()}\n${firstLines(test.failureMessages.join('\n'))}`)
}

function firstLines(text) {
  return text.split('\n').slice(0, 12).join('\n').slice(0, 2000)
}

/** Paths below the repository, with forward slashes as vitest has them. */
function testFiles(root, suite) {
  const all = readdirSync(path.join(root, 'test'), { recursive: true })
    .map(name => `test/${name.split(path.sep).join('/')}`)
    .filter(name => /\.test\.tsx?$/.test(name) && statSync(path.join(root, name)).isFile())
    .sort()
  const suiteOf = name =>
    Object.keys(OWN_SUITES).find(own => OWN_SUITES[own].some(folder => name.startsWith(`test/${folder}/`))) ?? 'unit'
  return all.filter(name => suiteOf(name) === suite)
}

/** How many tests a suite that cannot run would have had: an estimate from the text, at least one a file. */
function countTests(root, files) {
  const calls = file => readFileSync(path.join(root, file), 'utf8').match(/^\s*(?:test|it)(?:\.\w+)*\(/gm)?.length ?? 0
  return files.reduce((sum, file) => sum + Math.max(1, calls(file)), 0)
}
