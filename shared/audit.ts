import { z } from 'zod'
import { encodeBase64 } from './base64.ts'
import { xmlText } from './xml.ts'

/** What happened: PS3.16 CID 400, by the messages of PS3.15 §A.5.3 that this station has occasion for. */
export const AUDIT_EVENTS = {
  applicationActivity: ['110100', 'Application Activity'],
  auditLogUsed: ['110101', 'Audit Log Used'],
  beginTransferring: ['110102', 'Begin Transferring DICOM Instances'],
  instancesAccessed: ['110103', 'DICOM Instances Accessed'],
  instancesTransferred: ['110104', 'DICOM Instances Transferred'],
  studyDeleted: ['110105', 'DICOM Study Deleted'],
  export: ['110106', 'Export'],
  import: ['110107', 'Import'],
  procedureRecord: ['110111', 'Procedure Record'],
  query: ['110112', 'Query'],
  securityAlert: ['110113', 'Security Alert'],
  userAuthentication: ['110114', 'User Authentication'],
} as const satisfies Record<string, readonly [code: string, meaning: string]>
export type AuditEventName = keyof typeof AUDIT_EVENTS

/** PS3.16 CID 401. */
const AUDIT_TYPES = {
  applicationStart: ['110120', 'Application Start'],
  applicationStop: ['110121', 'Application Stop'],
  login: ['110122', 'Login'],
  nodeAuthentication: ['110126', 'Node Authentication'],
  networkConfiguration: ['110128', 'Network Configuration'],
  securityConfiguration: ['110129', 'Security Configuration'],
  useOfRestrictedFunction: ['110132', 'Use of Restricted Function'],
  auditRecordingStarted: ['110134', 'Audit Recording Started'],
} as const satisfies Record<string, readonly [code: string, meaning: string]>
type AuditTypeName = keyof typeof AUDIT_TYPES

/** PS3.16 CID 402. */
const AUDIT_ROLES = {
  application: ['110150', 'Application'],
  launcher: ['110151', 'Application Launcher'],
  destination: ['110152', 'Destination Role ID'],
  source: ['110153', 'Source Role ID'],
} as const satisfies Record<string, readonly [code: string, meaning: string]>
type AuditRoleName = keyof typeof AUDIT_ROLES

const names = <Name extends string>(table: Record<Name, unknown>) => z.enum(Object.keys(table) as [Name, ...Name[]])

const participant = z.object({
  /** An AE title, the name of a key, or who sits at the workstation. */
  UserID: z.string(),
  /** IP address or host; '' = this machine. */
  address: z.string(),
  /** It began this. */
  requestor: z.boolean(),
  role: names(AUDIT_ROLES as Record<AuditRoleName, unknown>).optional(),
})
export type AuditParticipant = z.infer<typeof participant>

/** One message holds one study at most (PS3.15 §A.5.3.2). It has no patient's name. */
const study = z.object({
  StudyInstanceUID: z.string(),
  /** '' where it is not known (any more). */
  PatientID: z.string().default(''),
  /** Instances by SOP class; '' = not known which. */
  instances: z.record(z.string(), z.int()).default({}),
})

export const auditEvent = z.object({
  event: names(AUDIT_EVENTS as Record<AuditEventName, unknown>),
  type: names(AUDIT_TYPES as Record<AuditTypeName, unknown>).optional(),
  /** Create, read, update, delete, execute. */
  action: z.enum(['C', 'R', 'U', 'D', 'E']),
  /** 0 it was done, 4 it was refused or failed, 8 seriously, 12 the station is out of work by it. */
  outcome: z.union([z.literal(0), z.literal(4), z.literal(8), z.literal(12)]),
  /** By which way. */
  door: z.enum(['dimse', 'dicomweb', 'counter', 'import', 'station']),
  /** In words, for a person. */
  text: z.string(),
  participants: z.array(participant),
  study: study.optional(),
  /** As it was asked: a SOP class and its identifier in that transfer syntax, or a path with its query or body. It may hold names. */
  query: z.object({ id: z.string(), TransferSyntaxUID: z.string(), content: z.string() }).optional(),
})
/** What a door tells. The station itself is added to the participants by whoever keeps it. */
export type AuditEvent = z.infer<typeof auditEvent>

/** One line of the trail. */
export const auditRecord = auditEvent.extend({
  seq: z.int().positive(),
  /** Epoch ms; of what was gathered, of the first. */
  at: z.number(),
  /** How often, where the same was not written each time. */
  count: z.int().positive(),
  /** The station's AE title. */
  station: z.string(),
})
export type AuditRecord = z.infer<typeof auditRecord>

/** Where the rooms tell what somebody did. None of it fails, or waits for anything but the disk. */
export interface AuditSink {
  /** Resolves when it is on the disk, or when that takes too long: then a problem says so. Nobody need wait. */
  record(event: AuditEvent): Promise<void>
  /** Written at once; the same again, within minutes, is counted and told once more at their end. `key` says what is the same. */
  recordOnce(key: string, event: AuditEvent): void
  /** One more instance of the study of what this session does; written when the session is over, or long, or quiet. */
  gather(session: string, event: AuditEvent & { study: { StudyInstanceUID: string } }, SOPClassUID: string): void
  /** Nothing more comes of this session. */
  finish(session: string): void
}

/** The longest query that is kept, in bytes. */
const LONGEST_QUERY = 16 * 1024

/** An identifier, or text, as it is kept; what is longer is cut. */
export function encodedQuery(content: Uint8Array | string): string {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return encodeBase64(bytes.subarray(0, LONGEST_QUERY))
}

type Coded = readonly [code: string, meaning: string]

function coded(element: string, [code, meaning]: Coded, system = 'DCM'): string {
  const text = xmlText(meaning)
  return `<${element} csd-code="${code}" codeSystemName="${system}" displayName="${text}" originalText="${text}"/>`
}

/**
 * The AuditMessage of PS3.15 §A.5.1, on one line. The schema wants a name or a query of every object: the trail has no patients' names,
 * so the ID stands there again.
 */
export function auditXml(record: AuditRecord): string {
  const { event, type, action, at, outcome, text, count, participants, station } = record
  const words = count > 1 ? `${text}${text ? ' ' : ''}(${count} times)` : text
  const identification = [
    coded('EventID', AUDIT_EVENTS[event]),
    type ? coded('EventTypeCode', AUDIT_TYPES[type]) : '',
    words ? `<EventOutcomeDescription>${xmlText(words)}</EventOutcomeDescription>` : '',
  ]
  return [
    `<?xml version="1.0" encoding="UTF-8"?><AuditMessage>`,
    `<EventIdentification EventActionCode="${action}" EventDateTime="${new Date(at).toISOString()}" EventOutcomeIndicator="${outcome}">`,
    ...identification,
    '</EventIdentification>',
    ...participants.map(participantXml),
    // 4 = application server process (PS3.15 table A.5.1-1).
    `<AuditSourceIdentification AuditSourceID="${xmlText(station)}"><AuditSourceTypeCode csd-code="4"/></AuditSourceIdentification>`,
    ...objectsXml(record),
    '</AuditMessage>',
  ].join('')
}

function participantXml({ UserID, address, requestor, role }: AuditParticipant): string {
  // 1 = machine name, 2 = IP address.
  const kind = /^[\d.]+$|:/.test(address) ? 2 : 1
  const at = address ? ` NetworkAccessPointID="${xmlText(address)}" NetworkAccessPointTypeCode="${kind}"` : ''
  const codes = role ? coded('RoleIDCode', AUDIT_ROLES[role]) : ''
  return `<ActiveParticipant UserID="${xmlText(UserID)}" UserIsRequestor="${requestor}"${at}>${codes}</ActiveParticipant>`
}

function objectsXml({ event, study, query }: AuditRecord): string[] {
  const objects: string[] = []
  if (event === 'auditLogUsed') {
    const content = `${coded('ParticipantObjectIDTypeCode', ['12', 'URI'], 'RFC-3881')}<ParticipantObjectName>Security Audit Log</ParticipantObjectName>`
    objects.push(objectXml('urn:isocenter:audit', 2, 13, content))
  }
  if (query) {
    const { id, TransferSyntaxUID, content } = query
    const code: [Coded, string] = TransferSyntaxUID ? [['110181', 'SOP Class UID'], 'DCM'] : [['12', 'URI'], 'RFC-3881']
    const detail = TransferSyntaxUID
      ? `<ParticipantObjectDetail type="TransferSyntax" value="${encodedQuery(TransferSyntaxUID)}"/>`
      : ''
    const inner = `<ParticipantObjectQuery>${xmlText(content)}</ParticipantObjectQuery>${detail}`
    objects.push(objectXml(id, 2, TransferSyntaxUID ? 3 : 24, coded('ParticipantObjectIDTypeCode', ...code) + inner))
  }
  if (study) {
    const { StudyInstanceUID, PatientID, instances } = study
    const classes = Object.entries(instances).map(([uid, number]) => {
      return `<SOPClass${uid ? ` UID="${xmlText(uid)}"` : ''} NumberOfInstances="${number}"/>`
    })
    const description = classes.length
      ? `<ParticipantObjectDescription>${classes.join('')}</ParticipantObjectDescription>`
      : ''
    objects.push(
      objectXml(
        StudyInstanceUID,
        2,
        3,
        `${coded('ParticipantObjectIDTypeCode', ['110180', 'Study Instance UID'])}${nameXml(StudyInstanceUID)}${description}`,
      ),
      objectXml(
        PatientID,
        1,
        1,
        `${coded('ParticipantObjectIDTypeCode', ['2', 'Patient Number'], 'RFC-3881')}${nameXml(PatientID)}`,
      ),
    )
  }
  return objects
}

function nameXml(name: string): string {
  return `<ParticipantObjectName>${xmlText(name)}</ParticipantObjectName>`
}

/** Type codes and roles: PS3.15 table A.5.1-2. */
function objectXml(id: string, type: number, role: number, content: string): string {
  return `<ParticipantObjectIdentification ParticipantObjectID="${xmlText(id)}" ParticipantObjectTypeCode="${type}" ParticipantObjectTypeCodeRole="${role}">${content}</ParticipantObjectIdentification>`
}
