/**
 * `npm run faults -- kill [--full] [--kills N] [--seed N]`: kills the built station again and again while scanners push.
 * 20 times, 200 with --full. Ends with 1 when anything acknowledged is lost or altered.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machine, percentile } from '../bench/figures.ts'
import { isWhole } from './checkVault.ts'
import { killCampaign } from './killCampaign.ts'

const { values } = parseArgs({
  options: { full: { type: 'boolean' }, kills: { type: 'string' }, seed: { type: 'string' } },
})
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const kills = Number(values.kills ?? (values.full ? 200 : 20))
const dataDir = mkdtempSync(join(tmpdir(), 'isocenter-kill-'))
const started = Date.now()

console.log(`seed ${seed}, ${machine()}`)
const report = await killCampaign(dataDir, { seed, kills, log: console.log })
const { missing, different, doubled, broken, recoveries } = report
console.log(
  `${report.kills} kills, ${report.early} of them before it was ready, ${report.closing} while it closed; ` +
    `${report.acknowledged} acknowledged, ${report.resent} sent once more, ${report.refused} refused`,
)
console.log(
  `${missing.length} missing, ${different.length} different, ${doubled.length} doubled; all of the vault in the end: ` +
    Object.entries(broken)
      .map(([kind, list]) => `${list.length} ${kind}`)
      .join(', '),
)
console.log(
  `back after ${percentile(recoveries, 50).toFixed(1)} s (median), p95 ${percentile(recoveries, 95).toFixed(1)} s, ` +
    `max ${Math.max(...recoveries).toFixed(1)} s`,
)
console.log(`${((Date.now() - started) / 1000).toFixed(0)} s, seed ${seed}`)
const whole = isWhole(broken) && missing.length + different.length + doubled.length === 0
for (const line of [...missing, ...different, ...doubled, ...Object.values(broken).flat()].slice(0, 20)) {
  console.log(line)
}
if (whole) rmSync(dataDir, { recursive: true })
else console.log(`The folder is kept: ${dataDir}`)
process.exit(whole ? 0 : 1)
