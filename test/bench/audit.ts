/**
 * `npm run bench -- audit [--records N] [--smoke]`: what the audit trail costs a door (µs an object in the receive path, ms until what is
 * waited for is on the disk), and how fast it is listed and verified.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { openAudit } from '../../electron/station/audit/index.ts'
import { createLog } from '../../electron/station/base/log.ts'
import type { AuditEvent } from '../../shared/audit.ts'
import { machine, percentile } from './figures.ts'

const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, records: { type: 'string' } },
})
const RECORDS = Number(options.records ?? (options.smoke ? 500 : 100_000))
const OBJECTS = options.smoke ? 5_000 : 1_000_000

const folder = await mkdtemp(path.join(tmpdir(), 'isocenter-audit-bench-'))
const audit = await openAudit({
  folder,
  log: createLog('silent'),
  aet: 'ISOCENTER',
  version: 'bench',
  patientOf: async () => 'P1',
  problem() {},
})

function event(n: number, of: AuditEvent['event']): AuditEvent & { study: { StudyInstanceUID: string } } {
  return {
    event: of,
    action: 'C',
    outcome: 0,
    door: 'dimse',
    text: '',
    participants: [{ UserID: 'CT1', address: '192.0.2.7', requestor: true, role: 'source' }],
    study: { StudyInstanceUID: `1.2.826.0.1.3680043.10.${n}`, PatientID: '', instances: {} },
  }
}

try {
  console.log(`audit: ${RECORDS} records, ${OBJECTS} objects, ${machine()}`)
  let began = performance.now()
  for (let n = 0; n < OBJECTS; n++) {
    audit.gather('1', event(n % 4, 'instancesTransferred'), '1.2.840.10008.5.1.4.1.1.2')
  }
  console.log(`an object received: ${(((performance.now() - began) * 1000) / OBJECTS).toFixed(2)} µs of the main loop`)
  audit.finish('1')

  const waits: number[] = []
  for (let n = 0; n < Math.min(300, RECORDS); n++) {
    began = performance.now()
    await audit.record(event(n, 'studyDeleted'))
    waits.push(performance.now() - began)
  }
  console.log(
    `a record that is waited for: p50 ${percentile(waits, 50).toFixed(1)} ms, p95 ${percentile(waits, 95).toFixed(1)} ms`,
  )

  began = performance.now()
  for (let n = 0; n < RECORDS; n += 1000) {
    await Promise.all(Array.from({ length: 1000 }, (_, i) => audit.record(event(n + i, 'instancesAccessed'))))
  }
  console.log(`written: ${Math.round(RECORDS / ((performance.now() - began) / 1000))} records/s in groups of 1,000`)

  began = performance.now()
  const { records, broken } = await audit.verify()
  console.log(
    `verified: ${Math.round(records / ((performance.now() - began) / 1000))} records/s, ${broken ? 'BROKEN' : 'whole'}`,
  )

  began = performance.now()
  await audit.list({ text: '', limit: 200 })
  console.log(`a page of 200: ${(performance.now() - began).toFixed(1)} ms`)
  began = performance.now()
  await audit.list({ text: 'no such words', limit: 200 })
  console.log(`4 MB looked through in vain: ${(performance.now() - began).toFixed(1)} ms`)
} finally {
  await audit.close()
  await rm(folder, { recursive: true, force: true })
}
