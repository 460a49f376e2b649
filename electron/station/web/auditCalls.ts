import type { CallName, CallOut, CallParsed } from '../../../shared/contract.ts'
import type { StoreReader } from '../store/index.ts'
import { askedOf, type ClientAudit, type Told } from './auditing.ts'

type Subject = Pick<Told, 'StudyInstanceUID' | 'PatientID'>

interface CallAudit<N extends CallName> {
  /** Whose it is, where neither what is asked nor the answer says so: looked up before it is gone. */
  subject?(input: CallParsed<N>, read: StoreReader): Promise<Subject | undefined>
  tell(input: CallParsed<N>, output: CallOut<N> | undefined, subject: Subject): Told[]
  /** What changes something is on the disk before the answer, also where it failed; what reads is told once in a while. */
  changes?: true
}

/** Nothing of a patient crosses with it. */
const NO_PATIENT = null

const accessed = (StudyInstanceUID: string, text = ''): Told[] => [
  { event: 'instancesAccessed', action: 'R', text, StudyInstanceUID },
]
const opened = { tell: (input: { StudyInstanceUID: string }) => accessed(input.StudyInstanceUID) }
const changed = (StudyInstanceUID: string, text: string): Told => ({
  event: 'instancesAccessed',
  action: 'U',
  text,
  StudyInstanceUID,
})
const searched = (name: CallName) => ({
  tell: (input: object): Told[] => {
    // A page further of the same list is the same question.
    const { cursor: _, limit: __, ...asked } = { cursor: '', limit: 0, ...input }
    return [{ event: 'query', action: 'E', query: askedOf(`/api/${name}`, JSON.stringify(asked)) }]
  },
})
const configured = (text: string, type: Told['type'] = 'networkConfiguration') => ({
  changes: true as const,
  tell: (): Told[] => [{ event: 'securityAlert', type, action: 'E', text }],
})
const decided = ({ id }: { id: string }, read: StoreReader): Promise<Subject | undefined> => read.subjectOf(id)

const ofContent = async ({ contentId }: { contentId: number }, read: StoreReader): Promise<Subject | undefined> => {
  const [found] = await read.studiesOf([contentId])
  return found && { StudyInstanceUID: found.StudyInstanceUID }
}

/** What each call does with patients' data. A call that is not decided on does not compile. */
const CALL_AUDITS: { [N in CallName]: CallAudit<N> | null } = {
  'station.status': NO_PATIENT,
  'studies.list': searched('studies.list'),
  'studies.order': searched('studies.order'),
  'studies.rows': { tell: () => [{ event: 'query', action: 'E', query: askedOf('/api/studies.rows', '') }] },
  'studies.counts': NO_PATIENT,
  'patient.studies': {
    tell: ({ StudyInstanceUID }) => [
      { event: 'query', action: 'E', StudyInstanceUID, query: askedOf('/api/patient.studies', StudyInstanceUID) },
    ],
  },
  'reading.set': {
    changes: true,
    tell: ({ studies }) => studies.map(one => changed(one.StudyInstanceUID, `Marked as ${one.status}`)),
  },
  'priority.set': {
    changes: true,
    tell: ({ StudyInstanceUID, priority }) => [changed(StudyInstanceUID, `Priority ${priority}`)],
  },
  'study.keep': {
    changes: true,
    tell: ({ StudyInstanceUID, kept }) => [
      changed(StudyInstanceUID, kept ? 'To be kept here' : 'Need not be kept here'),
    ],
  },
  'window.shows': { tell: ({ StudyInstanceUID }) => (StudyInstanceUID === '' ? [] : accessed(StudyInstanceUID)) },
  'draft.get': opened,
  'draft.put': { tell: ({ StudyInstanceUID }) => [changed(StudyInstanceUID, 'Marks and layout')] },
  'segments.get': opened,
  'segments.put': { tell: ({ StudyInstanceUID }) => [changed(StudyInstanceUID, 'Segments')] },
  'report.get': opened,
  'report.put': { tell: ({ StudyInstanceUID }) => [changed(StudyInstanceUID, 'Report written')] },
  'report.sign': {
    changes: true,
    tell: ({ StudyInstanceUID, state, version }) => [
      changed(StudyInstanceUID, `Report ${version} ${state === 'final' ? 'signed' : 'released as preliminary'}`),
    ],
  },
  'report.addend': {
    changes: true,
    tell: ({ StudyInstanceUID }) => [changed(StudyInstanceUID, 'Addendum begun')],
  },
  'report.stored': { tell: ({ StudyInstanceUID }) => [changed(StudyInstanceUID, 'Report stored in the study')] },
  'report.pdf': opened,
  'dictation.get': NO_PATIENT,
  'dictation.commands': NO_PATIENT,
  'dictation.set': configured('Whom studies are told to for dictation was changed', 'securityConfiguration'),
  'dictation.tell': {
    changes: true,
    tell: ({ StudyInstanceUID }, output) =>
      output?.kind === 'none' ? [] : accessed(StudyInstanceUID, 'Told to the dictation system'),
  },
  'dictation.final': {
    changes: true,
    tell: ({ StudyInstanceUID }, output) => [
      changed(output?.StudyInstanceUID ?? StudyInstanceUID ?? '', 'Marked as read: dictated elsewhere'),
    ],
  },
  'seen.get': opened,
  'seen.put': opened,
  'study.get': opened,
  'study.completeness': opened,
  'commitment.request': {
    tell: ({ StudyInstanceUID, node }) => accessed(StudyInstanceUID, `${node} was asked whether it keeps it`),
  },
  'series.open': opened,
  'instance.header': {
    subject: ofContent,
    tell: (_, __, { StudyInstanceUID = '' }) => accessed(StudyInstanceUID),
  },
  'instance.overlays': {
    subject: ofContent,
    tell: (_, __, { StudyInstanceUID = '' }) => accessed(StudyInstanceUID),
  },
  'bin.delete': {
    changes: true,
    tell: ({ items, reason }) =>
      items.map(({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }) => ({
        event: SeriesInstanceUID || SOPInstanceUID ? 'instancesAccessed' : 'studyDeleted',
        action: 'D',
        StudyInstanceUID,
        text: `Into the bin: ${reason}${SeriesInstanceUID ? `; series ${SeriesInstanceUID}` : ''}${SOPInstanceUID ? `; instance ${SOPInstanceUID}` : ''}`,
      })),
  },
  'bin.list': searched('bin.list'),
  'bin.restore': {
    changes: true,
    subject: decided,
    tell: ({ id }, _, subject) => [
      { event: 'instancesAccessed', action: 'U', text: `Taken back from the bin: ${id}`, ...subject },
    ],
  },
  'bin.purge': {
    changes: true,
    subject: decided,
    tell: ({ id }, _, subject) => [
      { event: 'studyDeleted', action: 'D', text: `Purged for good: deletion ${id}`, ...subject },
    ],
  },
  'move.make': {
    changes: true,
    tell: ({ StudyInstanceUID, SeriesInstanceUID, to, reason }) => {
      const where = 'patient' in to ? `patient ${to.patient.PatientID}` : `the patient of study ${to.StudyInstanceUID}`
      const what = SeriesInstanceUID ? `Series ${SeriesInstanceUID} is shown` : 'Shown'
      return [changed(StudyInstanceUID, `${what} under ${where}: ${reason}`)]
    },
  },
  'move.undo': {
    changes: true,
    subject: decided,
    tell: ({ id }, _, subject) => [
      { event: 'instancesAccessed', action: 'U', text: `A move was taken back: ${id}`, ...subject },
    ],
  },
  'patients.proposals': searched('patients.proposals'),
  'patients.decide': {
    changes: true,
    tell: ({ StudyInstanceUID, to, same, reason }) => [
      changed(
        StudyInstanceUID,
        `${same ? 'The same patient as' : 'Another patient than'} that of study ${to}: ${reason}`,
      ),
    ],
  },
  'folder.list': NO_PATIENT,
  'import.start': { changes: true, tell: () => [{ event: 'import', action: 'C', text: 'An import was started' }] },
  'samples.load': NO_PATIENT,
  'repair.start': NO_PATIENT,
  'job.cancel': NO_PATIENT,
  'jobs.list': NO_PATIENT,
  'volumes.list': NO_PATIENT,
  'volume.drain': NO_PATIENT,
  'volume.keep': NO_PATIENT,
  'cache.plan': NO_PATIENT,
  'cache.set': configured('When images leave for the archives was changed'),
  'cache.evict': configured('Studies left for the archives that hold them', 'useOfRestrictedFunction'),
  'problems.list': NO_PATIENT,
  'problem.dismiss': NO_PATIENT,
  'associations.list': NO_PATIENT,
  'peers.list': NO_PATIENT,
  'profiles.get': NO_PATIENT,
  'profiles.set': configured('How calling AEs are treated was changed'),
  'apiKeys.list': NO_PATIENT,
  'apiKeys.make': {
    changes: true,
    tell: ({ name, scopes }) => [
      {
        event: 'securityAlert',
        type: 'securityConfiguration',
        action: 'E',
        text: `A key was made: ${name} (${scopes.join(', ')})`,
      },
    ],
  },
  'apiKeys.revoke': {
    changes: true,
    tell: ({ id }) => [
      { event: 'securityAlert', type: 'securityConfiguration', action: 'E', text: `A key was revoked: ${id}` },
    ],
  },
  'tls.get': NO_PATIENT,
  'tls.set': configured('TLS was set up', 'securityConfiguration'),
  'nodes.list': NO_PATIENT,
  'nodes.set': configured('The nodes were changed'),
  'node.echo': NO_PATIENT,
  'aets.get': NO_PATIENT,
  'aets.set': configured('The AE titles of the station were changed'),
  'send.start': {
    changes: true,
    tell: ({ AET, StudyInstanceUIDs }) =>
      StudyInstanceUIDs.map(StudyInstanceUID => ({
        event: 'beginTransferring',
        action: 'E',
        StudyInstanceUID,
        text: `To be sent to ${AET}`,
      })),
  },
  'fetch.start': {
    changes: true,
    tell: ({ AET, StudyInstanceUID }) => [
      { event: 'beginTransferring', action: 'E', StudyInstanceUID, text: `To be fetched from ${AET}` },
    ],
  },
  'search.start': {
    changes: true,
    tell: ({ AET, search }) => [
      {
        event: 'query',
        action: 'E',
        text: `Asked of ${AET}`,
        query: askedOf('/api/search.start', JSON.stringify(search)),
      },
    ],
  },
  // What was asked for by the call before.
  'search.read': NO_PATIENT,
  'search.stop': NO_PATIENT,
  'doctor.list': NO_PATIENT,
  'doctor.replay': NO_PATIENT,
  'doctor.dismiss': NO_PATIENT,
  'destinations.list': NO_PATIENT,
  'destinations.set': configured('The archives that everything goes to were changed'),
  'destination.try': configured('An archive was tried'),
  'sync.status': NO_PATIENT,
  'sync.pause': configured('Sending to an archive was paused, or goes on'),
  'sync.now': NO_PATIENT,
  'sync.prioritise': { tell: ({ StudyInstanceUID }) => [changed(StudyInstanceUID, 'To the archives first')] },
  'sync.dead': searched('sync.dead'),
  'sync.exchanged': searched('sync.exchanged'),
  'sync.retry': configured('Refused images are sent again', 'useOfRestrictedFunction'),
  'sync.study': opened,
  'sync.test': opened,
  'pull.status': searched('pull.status'),
  'pull.study': { tell: ({ StudyInstanceUID }) => [changed(StudyInstanceUID, 'Brought here from an archive')] },
  'folders.list': NO_PATIENT,
  'folders.set': configured('The watched folders were changed'),
  'captures.list': NO_PATIENT,
  'capture.start': {
    changes: true,
    tell: ({ AET }) => [
      {
        event: 'securityAlert',
        type: 'securityConfiguration',
        action: 'E',
        text: `The associations of ${AET} are recorded, data sets and all`,
      },
    ],
  },
  'capture.stop': NO_PATIENT,
  'capture.remove': NO_PATIENT,
  'audit.list': { tell: () => [{ event: 'auditLogUsed', action: 'R', text: 'Looked at' }] },
  'audit.verify': { tell: () => [{ event: 'auditLogUsed', action: 'R', text: 'Its chain was checked' }] },
  'export.prepare': {
    tell: ({ StudyInstanceUIDs }) =>
      StudyInstanceUIDs.flatMap(StudyInstanceUID => accessed(StudyInstanceUID, 'Looked at for an export')),
  },
  'export.findText': { tell: ({ StudyInstanceUID }) => accessed(StudyInstanceUID, 'Searched for text in its pixels') },
  'print.printers': NO_PATIENT,
  'print.setPrinters': configured('The DICOM printers were changed'),
  'print.begin': NO_PATIENT,
  // Told with `print.start`.
  'print.picture': NO_PATIENT,
  'print.start': {
    changes: true,
    tell: ({ StudyInstanceUIDs }, output) =>
      StudyInstanceUIDs.map(StudyInstanceUID => ({
        event: 'export',
        action: 'R',
        StudyInstanceUID,
        text: output?.title ?? 'To a DICOM printer',
      })),
  },
  'results.list': NO_PATIENT,
  'results.set': configured('Where signed reports are sent was changed'),
  'results.send': {
    changes: true,
    tell: ({ StudyInstanceUID, version, target }) => [
      {
        event: 'export',
        action: 'R',
        StudyInstanceUID,
        text: `Report ${version} to ${target ?? 'all who get reports'}`,
      },
    ],
  },
  'results.retry': NO_PATIENT,
  'results.try': NO_PATIENT,
  'settings.get': NO_PATIENT,
  'settings.set': NO_PATIENT,
  'drain': NO_PATIENT,
}

/** Carries out a call and tells of it. What fails is told where it would have changed something. */
export async function auditedCall<N extends CallName>(
  name: N,
  input: CallParsed<N>,
  audit: ClientAudit,
  read: StoreReader,
  carryOut: () => CallOut<N> | Promise<CallOut<N>>,
): Promise<CallOut<N>> {
  const row: CallAudit<N> | null = CALL_AUDITS[name]
  if (!row) return carryOut()
  const subject = (await row.subject?.(input, read).catch(() => undefined)) ?? {}
  const tellAll = async (output: CallOut<N> | undefined, outcome: 0 | 4) => {
    const all = row.tell(input, output, subject)
    if (row.changes) await Promise.all(all.map(told => audit.done(told, outcome)))
    else for (const told of all) audit.seen(told)
  }
  try {
    const output = await carryOut()
    await tellAll(output, 0)
    return output
  } catch (thrown) {
    if (row.changes) await tellAll(undefined, 4)
    throw thrown
  }
}
