import { writeFileMeta } from '../../../../shared/dicom/part10.ts'
import type { DataSet } from '../../../../shared/dicom/reader.ts'
import { isStorableUID, normaliseUID } from '../../../../shared/dicom/uids.ts'
import { IsocenterError, toIsocenterError } from '../../../../shared/errors.ts'
import type { ListedStudy } from '../../../../shared/pull.ts'
import type { Route } from '../../../../shared/sync.ts'
import { HandOver } from '../../base/handOver.ts'
import type { Given, Taker } from '../../wire/carried.ts'
import { Answered } from '../../wire/scu.ts'
import { WebClient } from '../../wire/webClient.ts'
import { accessOf } from '../access.ts'
import type { DimseDoor } from '../dimseDoor.ts'
import { OrthancFeed } from './orthancFeed.ts'
import type { PullSource } from './source.ts'

/** Series whose SOP classes are remembered from their list until they are asked for: two studies are brought at once. */
const MOST_SERIES = 200
/** Of one answer: a node that heeds no date lists all it has. */
const MOST_MATCHES = 100_000
/** Of a page of studies: a node that lists more is asked for fewer days at once (C-FIND knows no pages). */
const MOST_STUDIES = 5000
const DAY_MS = 86_400_000
/** What Patient IDs are written with. `*` and `?` would match anything, `\\` separates values. */
const ID_LETTERS = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_./:#+^@()&']
/** Beyond it as many as there are come at once: IDs so alike differ in their last letters. */
const LONGEST_PREFIX = 12
/** Hardly any study is older; what is so by its date comes with the first days. */
const FIRST_DAY = Date.UTC(1900, 0, 1) / DAY_MS

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

  /** What is made of each match, by a UID of theirs, each once; undefined where there are more than `most`: then the node is told to stop. */
  async function upTo<Row>(
    most: number,
    level: 'STUDY' | 'SERIES' | 'IMAGE',
    keys: Record<string, string>,
    key: string,
    rowOf: (match: DataSet, uid: string) => Row,
    signal: AbortSignal,
  ): Promise<Map<string, Row> | undefined> {
    const found = new Map<string, Row>()
    const each = (match: DataSet) => {
      const uid = normaliseUID(match.string(key))
      if (isStorableUID(uid) && found.size <= most) found.set(uid, rowOf(match, uid))
      return found.size > most ? 'enough' : undefined
    }
    await dimse.query(node, level, { [key]: '', ...keys }, each, signal)
    return found.size > most ? undefined : found
  }

  /** All. Rejects with 'peer-failed' where there are more than can be held. */
  async function all<Row>(
    level: 'STUDY' | 'SERIES' | 'IMAGE',
    keys: Record<string, string>,
    key: string,
    rowOf: (match: DataSet, uid: string) => Row,
    signal: AbortSignal,
  ): Promise<Map<string, Row>> {
    const found = await upTo(MOST_MATCHES, level, keys, key, rowOf, signal)
    if (!found) throw new IsocenterError('peer-failed', `it lists more than ${MOST_MATCHES}`)
    return found
  }

  const STUDIES = ['STUDY', 'StudyInstanceUID'] as const

  /** Studies of these days, the last one and later; of more than one page of them the halves. What has no date is in none (`undated`). */
  async function* ofDays(
    keys: Record<string, string>,
    [first, last]: [number, number],
    isOpen: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<ListedStudy[]> {
    const [from, to] = [first === FIRST_DAY ? '' : dateOf(first), isOpen ? '' : dateOf(last)]
    const [level, key] = STUDIES
    const within = { ...keys, StudyDate: from === to ? from : `${from}-${to}` }
    const most = first === last ? MOST_MATCHES : MOST_STUDIES
    const found = await upTo(most, level, within, key, studyOf, signal)
    if (found) {
      yield [...found.values()]
      return
    }
    if (first === last) throw new IsocenterError('peer-failed', `it lists more than ${MOST_MATCHES} of one day`)
    yield* halves(keys, [first, last], isOpen, signal)
  }

  async function* halves(
    keys: Record<string, string>,
    [first, last]: [number, number],
    isOpen: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<ListedStudy[]> {
    const middle = Math.floor((first + last) / 2)
    yield* ofDays(keys, [first, middle], false, signal)
    yield* ofDays(keys, [middle + 1, last], isOpen, signal)
  }

  /**
   * Studies without a date, which are in no range of dates (PS3.4 §C.2.2.2.5) and cannot be asked for: all there are, by the first letters
   * of the Patient ID, ever more of them where a page is too small, and of these what has no date. What has neither ID nor date is in none,
   * nor what begins with a letter that the archive alone refuses, nor what is in one of more than `MOST_MATCHES` that knows no wildcards.
   */
  async function* undated(
    keys: Record<string, string>,
    prefix: string,
    signal: AbortSignal,
    known = { ignoresCase: false, takesLetters: false },
  ): AsyncGenerator<ListedStudy[]> {
    const [level, key] = STUDIES
    const without = (found: Map<string, ListedStudy>) => [...found.values()].filter(one => one.StudyDate === '')
    for (const letter of ID_LETTERS) {
      const next = prefix + letter
      const isLower = letter !== letter.toUpperCase()
      // The capital was asked for before: with both, each letter of an ID would double the questions.
      if (known.ignoresCase && isLower) continue
      let [rows, others] = [0, 0]
      const rowOf = (match: DataSet, uid: string) => {
        const study = studyOf(match, uid)
        rows++
        if (!study.PatientID.toLowerCase().startsWith(next.toLowerCase())) others++
        else known.ignoresCase ||= !study.PatientID.startsWith(next)
        return study
      }
      const within = { ...keys, PatientID: `${next}*` }
      const most = next.length < LONGEST_PREFIX ? MOST_STUDIES : MOST_MATCHES
      const found = await unlessRefused(upTo(most, level, within, key, rowOf, signal))
      const isRefused = found === 'refused'
      // Who lists others, or refuses the first letter, knows no wildcards: asked once for all it has. A few are patients of several IDs.
      if (others * 2 > rows || (isRefused && !known.takesLetters)) {
        const whole = await unlessRefused(upTo(MOST_MATCHES, level, keys, key, studyOf, signal))
        // More cannot be held. To fail for it would mean that the look at everything never comes to its end: what has a date was found.
        if (whole && whole !== 'refused') yield without(whole)
        return
      }
      if (isRefused) continue
      known.takesLetters = true
      if (found) yield without(found)
      else if (!(known.ignoresCase && isLower)) {
        yield without(await all(level, { ...keys, PatientID: next }, key, studyOf, signal))
        yield* undated(keys, next, signal, known)
      }
    }
  }

  return {
    get address() {
      return dimse.addressOf(node)
    },
    door: 'dimse',
    feed: orthanc && new OrthancFeed(orthanc),
    async *studies({ StudyInstanceUID, PatientID, since }, signal) {
      const keys = {
        ...ASKED_OF_STUDIES,
        ...(StudyInstanceUID && { StudyInstanceUID }),
        ...(PatientID && { PatientID }),
      }
      const [level, key] = STUDIES
      const wished = { ...keys, ...(since && { StudyDate: `${since}-` }) }
      const found = await upTo(MOST_STUDIES, level, wished, key, studyOf, signal)
      if (found) {
        yield [...found.values()]
        return
      }
      const first = since ? dayOf(since) : FIRST_DAY
      const today = Math.floor(Date.now() / DAY_MS) + 1
      // Of so long ago it has nothing, or what says so. Who lists anything else heeds no date, and is asked once for all it has.
      const longAgo = dateOf(FIRST_DAY - 1)
      let oldest = longAgo
      const dated = (match: DataSet) => {
        oldest = match.string('StudyDate')
      }
      await upTo(0, level, { ...keys, StudyDate: `-${longAgo}` }, key, dated, signal)
      const heedsDates = oldest !== '' && oldest <= longAgo
      if (!heedsDates) {
        yield [...(await all(level, wished, key, studyOf, signal)).values()]
        return
      }
      yield* halves(keys, [Math.min(first, today - 1), today], true, signal)
      // Of any date is of none, too. A patient's, or one study, are never so many.
      if (!since && !PatientID && !StudyInstanceUID) yield* undated(keys, '', signal)
    },
    async series(StudyInstanceUID, signal) {
      const keys = { StudyInstanceUID, BodyPartExamined: '', NumberOfSeriesRelatedInstances: '' }
      const seriesOf = (match: DataSet, SeriesInstanceUID: string) => ({
        SeriesInstanceUID,
        BodyPartExamined: match.string('BodyPartExamined'),
        NumberOfSeriesRelatedInstances: numberOf(match, 'NumberOfSeriesRelatedInstances'),
      })
      return [...(await all('SERIES', keys, 'SeriesInstanceUID', seriesOf, signal)).values()]
    },
    async instances(StudyInstanceUID, SeriesInstanceUID, signal) {
      const keys = { StudyInstanceUID, SeriesInstanceUID, SOPClassUID: '' }
      const classes = new Set<string>()
      const classOf = (match: DataSet) => {
        const uid = normaliseUID(match.string('SOPClassUID'))
        if (isStorableUID(uid)) classes.add(uid)
      }
      const found = await all('IMAGE', keys, 'SOPInstanceUID', classOf, signal)
      classesOf.delete(SeriesInstanceUID)
      classesOf.set(SeriesInstanceUID, classes)
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

/** 'refused' where the node answers that it does not take the question. */
async function unlessRefused<Found>(asked: Promise<Found>): Promise<Found | 'refused'> {
  try {
    return await asked
  } catch (thrown) {
    if (thrown instanceof Answered) return 'refused'
    throw thrown
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

function studyOf(match: DataSet, StudyInstanceUID: string): ListedStudy {
  return {
    StudyInstanceUID,
    PatientID: match.string('PatientID'),
    IssuerOfPatientID: match.string('IssuerOfPatientID'),
    StudyDate: match.string('StudyDate'),
    StudyDescription: match.string('StudyDescription'),
    ReferringPhysicianName: match.string('ReferringPhysicianName'),
    ModalitiesInStudy: match.strings('ModalitiesInStudy'),
    BodyPartExamined: [],
    NumberOfStudyRelatedSeries: numberOf(match, 'NumberOfStudyRelatedSeries'),
    NumberOfStudyRelatedInstances: numberOf(match, 'NumberOfStudyRelatedInstances'),
  }
}

/** YYYYMMDD of a day since 1970, and back. */
const dateOf = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')
const dayOf = (date: string) => Date.parse(date.replace(/^(....)(..)(..)$/, '$1-$2-$3')) / DAY_MS

function numberOf(match: DataSet, keyword: string): number {
  const number = Number(match.string(keyword))
  return Number.isSafeInteger(number) && number >= 0 ? number : 0
}
