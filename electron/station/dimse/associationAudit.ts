import { type AuditEvent, type AuditParticipant, type AuditSink, encodedQuery } from '../../../shared/audit.ts'
import type { Node } from '../../../shared/config.ts'
import type { Received, StoredObject } from '../store/index.ts'
import type { Operation } from './operations.ts'

/** Whom an association is with: AE title and IP address, or host. */
export interface AuditPeer {
  AET: string
  address: string
}

type Moved = Pick<StoredObject, 'StudyInstanceUID' | 'SOPClassUID'>

/** What an association did with patients' data, in the words of PS3.15 §A.5.3. */
export class AssociationAudit {
  readonly #sink: AuditSink
  readonly #session: string
  readonly #peer: () => AuditPeer
  /** We called. */
  readonly #outgoing: boolean
  readonly #begun = new Set<string>()

  /** `id`: no other association's, nor job's. */
  constructor(sink: AuditSink, id: string, peer: () => AuditPeer, outgoing = false) {
    this.#sink = sink
    this.#session = `dimse ${id}`
    this.#peer = peer
    this.#outgoing = outgoing
  }

  /** An object has come, and is on the disk. */
  stored({ StudyInstanceUID, SOPInstanceUID, outcome }: Received, SOPClassUID: string): void {
    const event = this.#event('instancesTransferred', 'C', [this.#who('source')])
    if (outcome === 'conflict') {
      const text = `Other bytes under a known SOP Instance UID, both are kept: ${SOPInstanceUID}`
      const key = `conflict ${this.#session} ${StudyInstanceUID}`
      this.#sink.recordOnce(key, { ...event, text, study: studyOf(StudyInstanceUID) })
    }
    this.#sink.gather(this.#session, { ...event, study: studyOf(StudyInstanceUID) }, SOPClassUID)
  }

  notStored(objects: number, why: string): void {
    const event = this.#event('instancesTransferred', 'C', [this.#who('source')])
    void this.#sink.record({ ...event, outcome: 4, text: `${objects} objects were not taken: ${why}` })
  }

  /** An object is on its way, to the peer or to another node that the peer named. */
  sending(object: Moved, to?: Node): void {
    if (this.#begun.has(object.StudyInstanceUID)) return
    this.#begun.add(object.StudyInstanceUID)
    const event = this.#event('beginTransferring', 'E', this.#receivers(to))
    void this.#sink.record({ ...event, study: studyOf(object.StudyInstanceUID) })
  }

  sent(object: Moved, taken: boolean, to?: Node): void {
    const event = this.#event('instancesTransferred', 'R', this.#receivers(to))
    const study = studyOf(object.StudyInstanceUID)
    this.#sink.gather(this.#session, { ...event, outcome: taken ? 0 : 4, study }, object.SOPClassUID)
  }

  queried({ context, identifier }: Pick<Operation, 'context' | 'identifier'>, failed: string): void {
    void this.#sink.record({
      ...this.#event('query', 'E', [this.#who('source')]),
      outcome: failed ? 4 : 0,
      text: failed,
      query: {
        id: context.abstractSyntax,
        TransferSyntaxUID: context.transferSyntax,
        content: encodedQuery(identifier),
      },
    })
  }

  commitmentAsked(objects: number, TransactionUID: string): void {
    const text = `Storage commitment of ${objects} objects, transaction ${TransactionUID}`
    void this.#sink.record({ ...this.#event('instancesAccessed', 'R', [this.#who()]), text })
  }

  /** A performed procedure step or an availability notice was taken. */
  noticed(action: 'C' | 'U', text: string, StudyInstanceUID: string): void {
    const event = this.#event('procedureRecord', action, [this.#who()])
    const study = StudyInstanceUID ? { study: studyOf(StudyInstanceUID) } : {}
    void this.#sink.record({ ...event, text, ...study })
  }

  /** It was not let in, or not to what it asked for. Counted by address: an AE title is whatever a peer says. */
  refused(type: 'nodeAuthentication' | 'useOfRestrictedFunction', text: string): void {
    const event = this.#event('securityAlert', 'E', [this.#who()])
    this.#sink.recordOnce(`${type} ${this.#peer().address}`, { ...event, type, outcome: 4, text })
  }

  over(): void {
    this.#sink.finish(this.#session)
  }

  #event(event: AuditEvent['event'], action: AuditEvent['action'], participants: AuditParticipant[]): AuditEvent {
    return { event, action, outcome: 0, door: 'dimse', text: '', participants }
  }

  #who(role?: 'source' | 'destination'): AuditParticipant {
    const { AET, address } = this.#peer()
    return { UserID: AET, address, requestor: !this.#outgoing, ...(role ? { role } : {}) }
  }

  #receivers(to: Node | undefined): AuditParticipant[] {
    if (!to) return [this.#who('destination')]
    return [this.#who(), { UserID: to.AET, address: to.host, requestor: false, role: 'destination' }]
  }
}

function studyOf(StudyInstanceUID: string) {
  return { StudyInstanceUID, PatientID: '', instances: {} }
}
