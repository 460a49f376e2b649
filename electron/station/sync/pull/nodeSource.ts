import { writeFileMeta } from '../../../../shared/dicom/part10.ts'
import type { DataSet } from '../../../../shared/dicom/reader.ts'
import { isStorableUID, normaliseUID } from '../../../../shared/dicom/uids.ts'
import { IsocenterError, toIsocenterError } from '../../../../shared/errors.ts'
import type { Route } from '../../../../shared/sync.ts'
import { HandOver } from '../../base/handOver.ts'
import { WebClient } from '../../wire/webClient.ts'
import { accessOf } from '../access.ts'
import type { DimseDoor, Given, Taker } from '../dimseDoor.ts'
import { OrthancFeed } from './orthancFeed.ts'
import type { PullSource } from './source.ts'

/** Series whose SOP classes are remembered from their list until they are asked for: two studies are brought at once. */
const MOST_SERIES = 200
/** Of one answer: a node that heeds no date lists all it has. */
const MOST_MATCHES = 100_000

const ASKED_OF_STUDIES = {
  PatientID: '',
  IssuerOfPatientID: '',
  StudyDate: '',
  StudyDescription: '',
  ReferringPhysicianName: '',
  ModalitiesInStudy: '',
  NumberOfStudyRelatedSeries: '',
  NumberOfStudyRelatedInstances: '',
}

/**
 * An archive that is a node: by C-FIND and C-GET, and C-MOVE to this station where it has no C-GET; its own list of changes where it is
 * Orthanc and its interface is known.
 */
export function createNodeSource(route: Extract<Route, { kind: 'dimse' }>, dimse: DimseDoor): PullSource {
  const { node } = route
  const orthanc = route.orthanc ? new WebClient({ url: route.orthanc, ...accessOf(route) }) : undefined
  const classesOf = new Map<string, Set<string>>()

  /** Matches by a UID of theirs, each once. Rejects with 'peer-failed' where there are more than can be held. */
  async function all(
    level: 'STUDY' | 'SERIES' | 'IMAGE',
    keys: Record<string, string>,
    key: string,
    signal: AbortSignal,
  ): Promise<Map<string, DataSet>> {
    const found = new Map<string, DataSet>()
    const each = (match: DataSet) => {
      const uid = normaliseUID(match.string(key))
      if (isStorableUID(uid) && found.size <= MOST_MATCHES) found.set(uid, match)
    }
    await dimse.query(node, level, { [key]: '', ...keys }, each, signal)
    if (found.size > MOST_MATCHES) throw new IsocenterError('peer-failed', `it lists more than ${MOST_MATCHES}`)
    return found
  }

  return {
    get address() {
      return dimse.addressOf(node)
    },
    door: 'dimse',
    feed: orthanc && new OrthancFeed(orthanc),
    async studies({ StudyInstanceUID, PatientID, since }, signal) {
      const keys = {
        ...ASKED_OF_STUDIES,
        ...(StudyInstanceUID && { StudyInstanceUID }),
        ...(PatientID && { PatientID }),
        ...(since && { StudyDate: `${since}-` }),
      }
      const found = await all('STUDY', keys, 'StudyInstanceUID', signal)
      return [...found].map(([uid, match]) => ({
        StudyInstanceUID: uid,
        PatientID: match.string('PatientID'),
        IssuerOfPatientID: match.string('IssuerOfPatientID'),
        StudyDate: match.string('StudyDate'),
        StudyDescription: match.string('StudyDescription'),
        ReferringPhysicianName: match.string('ReferringPhysicianName'),
        ModalitiesInStudy: match.strings('ModalitiesInStudy'),
        BodyPartExamined: [],
        NumberOfStudyRelatedSeries: numberOf(match, 'NumberOfStudyRelatedSeries'),
        NumberOfStudyRelatedInstances: numberOf(match, 'NumberOfStudyRelatedInstances'),
      }))
    },
    async series(StudyInstanceUID, signal) {
      const keys = { StudyInstanceUID, BodyPartExamined: '', NumberOfSeriesRelatedInstances: '' }
      const found = await all('SERIES', keys, 'SeriesInstanceUID', signal)
      return [...found].map(([SeriesInstanceUID, match]) => ({
        SeriesInstanceUID,
        BodyPartExamined: match.string('BodyPartExamined'),
        NumberOfSeriesRelatedInstances: numberOf(match, 'NumberOfSeriesRelatedInstances'),
      }))
    },
    async instances(StudyInstanceUID, SeriesInstanceUID, signal) {
      const keys = { StudyInstanceUID, SeriesInstanceUID, SOPClassUID: '' }
      const found = await all('IMAGE', keys, 'SOPInstanceUID', signal)
      const classes = [...found.values()].map(match => normaliseUID(match.string('SOPClassUID'))).filter(isStorableUID)
      classesOf.delete(SeriesInstanceUID)
      classesOf.set(SeriesInstanceUID, new Set(classes))
      const [oldest] = classesOf.keys()
      if (classesOf.size > MOST_SERIES && oldest !== undefined) classesOf.delete(oldest)
      return [...found.keys()]
    },
    async *objects({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }, signal) {
      const keys = { StudyInstanceUID, SeriesInstanceUID, ...(SOPInstanceUID && { SOPInstanceUID }) }
      const left = new AbortController()
      const until = AbortSignal.any([signal, left.signal])
      const files = new HandOver<AsyncIterable<Uint8Array>>()
      let given = 0
      const begin = (object: Given) => {
        given += 1
        return takerOf(object, files)
      }
      const bring = async () => {
        const classes = [...(classesOf.get(SeriesInstanceUID) ?? [])]
        const trouble = await dimse.get(node, keys, classes, begin, until).catch((thrown: unknown) => {
          if (toIsocenterError(thrown).code !== 'not-acceptable') throw thrown
          return undefined
        })
        // What it says of one object says nothing of the others; nothing of a whole series is a node that gives nothing so.
        const isRefused = trouble === undefined || (trouble !== '' && given === 0 && !SOPInstanceUID)
        if (isRefused) await dimse.move(node, keys, until)
      }
      bring().then(
        () => files.end(),
        (thrown: unknown) => files.end(toIsocenterError(thrown)),
      )
      try {
        yield* files.pieces()
      } finally {
        left.abort()
      }
    },
    close() {
      orthanc?.close()
    },
  }
}

/** A Part-10 file for whoever asks for the next; of what is not read to its end the rest is dropped. */
function takerOf(
  { SOPClassUID, SOPInstanceUID, TransferSyntaxUID }: Given,
  files: HandOver<AsyncIterable<Uint8Array>>,
): Taker {
  const file = new HandOver<Uint8Array>()
  const taken = files.give(file.pieces()).finally(() => file.close())
  const head = file.give(
    writeFileMeta({
      MediaStorageSOPClassUID: SOPClassUID,
      MediaStorageSOPInstanceUID: SOPInstanceUID,
      TransferSyntaxUID,
    }),
  )
  return {
    async write(chunk) {
      await head
      await file.give(chunk)
    },
    async end() {
      await head
      file.end()
      await taken
    },
    abort: () => file.end(new IsocenterError('peer-failed', 'it ended the association in the middle of an object')),
  }
}

function numberOf(match: DataSet, keyword: string): number {
  const number = Number(match.string(keyword))
  return Number.isSafeInteger(number) && number >= 0 ? number : 0
}
