/**
 * `npm run faults -- sync [--full] [--studies N] [--cuts N] [--kills N] [--seed N] [--dimse]`: studies go to the built station and on to a real
 * Orthanc while the line fails and both sides are killed. 20 studies and 9 cuts, with --full 250 and 30, and 1 % more is lost when all
 * is confirmed. With --dimse they go by C-STORE, and are looked for and compared by C-FIND and C-GET. Ends with 1 when
 * both sides do not hold the same in the end.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machine } from '../bench/figures.ts'
import { syncCampaign } from './syncCampaign.ts'

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    studies: { type: 'string' },
    cuts: { type: 'string' },
    kills: { type: 'string' },
    seed: { type: 'string' },
    dimse: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const dataDir = mkdtempSync(join(tmpdir(), 'isocenter-sync-'))
const started = Date.now()

console.log(`seed ${seed}, ${machine()}`)
const report = await syncCampaign(dataDir, {
  seed,
  way: values.dimse ? 'dimse' : 'dicomweb',
  studies: Number(values.studies ?? (values.full ? 250 : 20)),
  imagesPerStudy: values.full ? 8 : 4,
  cuts: Number(values.cuts ?? (values.full ? 30 : 9)),
  kills: Number(values.kills ?? (values.full ? 6 : 1)),
  loseLater: values.full,
  log: console.log,
})
const { missing, different, doubled, confirmedOtherwise } = report
console.log(
  `${report.images} images, ${report.cuts} cuts, the station killed ${report.stationKills} times, the archive ${report.archiveKills}; ` +
    `${report.lost} lost by the archive before they were proved`,
)
console.log(
  `${missing.length} missing, ${different.length} different, ${doubled.length} doubled, ${confirmedOtherwise.length} not confirmed once, ` +
    `${report.unconfirmed} unconfirmed, ${report.dead} dead; drained in ${report.drained.toFixed(1)} s`,
)
if (report.lostLater > 0) console.log(`${report.lostLater} lost later, healed in ${report.healed.toFixed(0)} s`)
console.log(`${((Date.now() - started) / 1000).toFixed(0)} s, seed ${seed}`)
const faults = [...missing, ...different, ...doubled, ...confirmedOtherwise]
for (const fault of faults.slice(0, 20)) console.log(fault)
rmSync(dataDir, { recursive: true })
process.exit(faults.length + report.unconfirmed + report.dead > 0 ? 1 : 0)
