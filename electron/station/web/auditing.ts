import { type AuditEvent, type AuditSink, encodedQuery } from '../../../shared/audit.ts'
import type { StoredObject, StoreReader } from '../store/index.ts'
import type { StowSender } from './stow.ts'

type Moved = Pick<StoredObject, 'StudyInstanceUID' | 'SOPClassUID'>
type Door = 'dicomweb' | 'counter'

/** What is told of a call or a route: what is left out is as usual. */
export interface Told extends Pick<AuditEvent, 'event' | 'action'> {
  text?: string
  type?: AuditEvent['type']
  StudyInstanceUID?: string
  PatientID?: string
  query?: AuditEvent['query']
}

/** One key at one address; what it does with patients' data, in the words of PS3.15 §A.5.3. */
export function auditOf(sink: AuditSink, door: Door, client: StowSender, user = 'local') {
  const who = `${client.key} ${client.address}`
  const UserID = user === 'local' ? client.key : `${client.key} (${user})`
  const toEvent = (told: Told, outcome: AuditEvent['outcome'] = 0): AuditEvent => ({
    event: told.event,
    ...(told.type ? { type: told.type } : {}),
    action: told.action,
    outcome,
    door,
    text: told.text ?? '',
    participants: [{ UserID, address: client.address, requestor: true }],
    ...(told.query ? { query: told.query } : {}),
    ...(told.StudyInstanceUID
      ? { study: { StudyInstanceUID: told.StudyInstanceUID, PatientID: told.PatientID ?? '', instances: {} } }
      : {}),
  })
  /** As above, with the client at the end of a transfer. */
  const transfer = (event: AuditEvent['event'], action: AuditEvent['action'], study: string, role: Role) => ({
    ...toEvent({ event, action }),
    participants: [{ UserID, address: client.address, requestor: true, role }],
    study: { StudyInstanceUID: study, PatientID: '', instances: {} },
  })
  return {
    /** The same again within minutes is counted. */
    seen(told: Told): void {
      const { event, action, text = '', StudyInstanceUID = '', query } = told
      sink.recordOnce([who, door, event, action, text, StudyInstanceUID, query?.content].join('\n'), toEvent(told))
    },
    /** On the disk when it resolves. */
    done: (told: Told, outcome: AuditEvent['outcome'] = 0): Promise<void> => sink.record(toEvent(told, outcome)),
    begins(StudyInstanceUID: string): void {
      const begun = transfer('beginTransferring', 'E', StudyInstanceUID, 'destination')
      sink.recordOnce(`${who} begins ${StudyInstanceUID}`, begun)
    },
    sent: ({ StudyInstanceUID, SOPClassUID }: Moved): void =>
      sink.gather(`web ${who}`, transfer('instancesTransferred', 'R', StudyInstanceUID, 'destination'), SOPClassUID),
    received: ({ StudyInstanceUID, SOPClassUID }: Moved): void =>
      sink.gather(`web ${who}`, transfer('instancesTransferred', 'C', StudyInstanceUID, 'source'), SOPClassUID),
  }
}
export type ClientAudit = ReturnType<typeof auditOf>

type Role = 'source' | 'destination'

/** A query as it was asked: a path, and what stood behind it. */
export function askedOf(path: string, content: string): NonNullable<AuditEvent['query']> {
  return { id: path, TransferSyntaxUID: '', content: encodedQuery(content) }
}

/** A read of the index is short. */
const CONTENTS_AT_ONCE = 200
const MOST_CONTENTS = 100_000

/** Whose frames are read by number: looked up beside the answer, and remembered, for a viewer orders the rest anew with every jump. */
export function createFramesSeen(read: Pick<StoreReader, 'studiesOf'>) {
  const seen = new Map<number, string>()
  return async (contentIds: number[], audit: ClientAudit): Promise<void> => {
    const wanted = [...new Set(contentIds)]
    const studies = new Set(wanted.flatMap(contentId => seen.get(contentId) ?? []))
    const unknown = wanted.filter(contentId => !seen.has(contentId))
    if (seen.size + unknown.length > MOST_CONTENTS) seen.clear()
    for (let at = 0; at < unknown.length; at += CONTENTS_AT_ONCE) {
      const batch = unknown.slice(at, at + CONTENTS_AT_ONCE)
      for (const { contentId, StudyInstanceUID } of await read.studiesOf(batch)) {
        seen.set(contentId, StudyInstanceUID)
        studies.add(StudyInstanceUID)
      }
    }
    for (const StudyInstanceUID of studies) audit.seen({ event: 'instancesAccessed', action: 'R', StudyInstanceUID })
  }
}

/** Addresses and keys that have come in since the start. */
const MOST_KNOWN = 10_000

/** Who comes to the door: the first time a key lets somebody in from an address, and everyone it does not let in. */
export function createDoorAudit(sink: AuditSink) {
  const known = new Set<string>()
  const login = (UserID: string, address: string, outcome: 0 | 4, text: string): AuditEvent => ({
    event: 'userAuthentication',
    type: 'login',
    action: 'E',
    outcome,
    door: 'counter',
    text,
    participants: [{ UserID, address, requestor: true }],
  })
  const alert = (address: string, type: AuditEvent['type'], text: string): AuditEvent => ({
    ...login('', address, 4, text),
    event: 'securityAlert',
    type,
  })
  return {
    entered(id: string, name: string, address: string): void {
      const key = `${id} ${address}`
      if (known.has(key)) return
      if (known.size >= MOST_KNOWN) known.clear()
      known.add(key)
      void sink.record(login(name, address, 0, ''))
    },
    /** A wrong key. On the disk when it resolves. */
    guessed: (address: string): Promise<void> => sink.record(login('', address, 4, 'A wrong key')),
    noKey: (address: string): void => sink.recordOnce(`no key ${address}`, login('', address, 4, 'No key')),
    tooMany: (address: string): void =>
      sink.recordOnce(`too many ${address}`, alert(address, 'nodeAuthentication', 'Too many wrong keys')),
    forbidden: (address: string, path: string): void =>
      sink.recordOnce(
        `forbidden ${address}`,
        alert(address, 'useOfRestrictedFunction', `The key does not open ${path.slice(0, 200)}`),
      ),
    foreign: (address: string): void =>
      sink.recordOnce(
        `foreign ${address}`,
        alert(address, 'nodeAuthentication', 'A request of another site, or under another host name'),
      ),
  }
}
