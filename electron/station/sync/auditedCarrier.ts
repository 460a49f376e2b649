import type { AuditEvent, AuditSink } from '../../../shared/audit.ts'
import type { Destination } from '../../../shared/sync.ts'
import type { Carrier } from './carrier.ts'

/** A carrier that tells the audit trail whose images went to the archive, or may have (PS3.15 §A.5.3.7). */
export function auditedCarrier(
  carrier: Carrier,
  { name, route }: Destination,
  audit: Pick<AuditSink, 'gather'>,
): Carrier {
  const address = route.kind === 'dicomweb' ? new URL(route.url).hostname : ''
  const event: AuditEvent = {
    event: 'instancesTransferred',
    action: 'R',
    outcome: 0,
    door: route.kind === 'dicomweb' ? 'dicomweb' : 'dimse',
    text: '',
    participants: [{ UserID: name, address, requestor: false, role: 'destination' }],
  }
  const { fetch } = carrier
  return {
    batch: carrier.batch,
    async send(items, paced, signal) {
      const outcomes = await carrier.send(items, paced, signal)
      for (const { contentId, kind } of outcomes) {
        const item = items.find(one => one.contentId === contentId)
        if (!item || kind === 'unreached') continue
        const study = { StudyInstanceUID: item.StudyInstanceUID, PatientID: '', instances: {} }
        const outcome = kind === 'listed' ? 0 : 4
        audit.gather(`destination ${name}`, { ...event, outcome, study }, item.SOPClassUID)
      }
      return outcomes
    },
    look: (...asked) => carrier.look(...asked),
    remove: (...asked) => carrier.remove(...asked),
    tryOut: signal => carrier.tryOut(signal),
    close: () => carrier.close(),
    ...(fetch && { fetch: (...asked: Parameters<typeof fetch>) => fetch.apply(carrier, asked) }),
  }
}
