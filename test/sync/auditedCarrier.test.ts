import { expect, test } from 'vitest'
import type { OutboxItem } from '../../electron/station/store/index.ts'
import { auditedCarrier } from '../../electron/station/sync/auditedCarrier.ts'
import type { Carrier, SendOutcome } from '../../electron/station/sync/carrier.ts'
import type { AuditEvent } from '../../shared/audit.ts'
import { destination } from '../../shared/sync.ts'

test('the trail hears of every image that went to an archive, or may have, and of none that did not leave', async () => {
  const items = [1, 2, 3].map(
    contentId => ({ contentId, StudyInstanceUID: `1.2.${contentId}`, SOPClassUID: '1.2.840.1' }) as OutboxItem,
  )
  const outcomes: SendOutcome[] = [
    { contentId: 1, kind: 'listed', reason: '', sentMd5: '', sentSha256: '' },
    { contentId: 2, kind: 'ambiguous', reason: 'reset' },
    { contentId: 3, kind: 'unreached', reason: 'nobody listens' },
  ]
  const told: Array<AuditEvent & { study: { StudyInstanceUID: string } }> = []
  // Nothing else of it is called.
  const carrier = auditedCarrier(
    { send: async () => outcomes } as unknown as Carrier,
    destination.parse({ name: 'PACS', route: { kind: 'dicomweb', url: 'http://pacs.example:8042/dicom-web' } }),
    { gather: (_, event) => told.push(event) },
  )
  expect(await carrier.send(items, async () => {}, new AbortController().signal)).toBe(outcomes)
  expect(told.map(({ event, outcome, study }) => [event, outcome, study.StudyInstanceUID])).toEqual([
    ['instancesTransferred', 0, '1.2.1'],
    ['instancesTransferred', 4, '1.2.2'],
  ])
  expect(told[0]?.participants).toMatchObject([{ UserID: 'PACS', address: 'pacs.example', role: 'destination' }])
})
