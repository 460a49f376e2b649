import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import type { CallIn } from '../../../shared/contract.ts'
import { risksOf } from '../../../shared/deidentify/risks.ts'
import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { FIRST_PIXEL_TAG } from '../../../shared/dicom/headerOf.ts'
import { readFileMeta } from '../../../shared/dicom/part10.ts'
import { DataSet } from '../../../shared/dicom/reader.ts'
import { normaliseUID, transferSyntax, uidFromRandom } from '../../../shared/dicom/uids.ts'
import { Directory } from '../../../shared/dicomdir/dicomdir.ts'
import { type DirectoryEntry, entryOf } from '../../../shared/dicomdir/records.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { ExportPlan, ExportWish, TextFound } from '../../../shared/export.ts'
import type { FileHandles, Store, StoredObject } from '../store/index.ts'
import { indexPage, mediaNames, type PagePicture, readmeText, type ZipEntry, zipOf } from '../work/index.ts'
import type { ClientAudit } from './auditing.ts'
import { chunksOfBody, lengthOf, type Part, streamParts } from './bodyParts.ts'
import type { FrameReader } from './frameReader.ts'
import { readHeader } from './headerReader.ts'
import { objectParts } from './objectParts.ts'
import type { WorkPort } from './ports.ts'

/** The list of places is in memory while they are sent. */
const MOST_OBJECTS = 200_000
/** Of one study. */
const MOST_INSTANCES = 100_000
/** Wishes that nobody has fetched, and their objects in all; the oldest go. */
const MOST_WAITING = 50
const MOST_OBJECTS_WAITING = 2 * MOST_OBJECTS
/** One call searches for this long; who asked asks on, and may stop. */
const SEARCH_MS = 1000
/** On the page: one a series, and what somebody marked as a key image. */
const MOST_PICTURES = 300
const PICTURE = { format: 'jpeg', quality: 90, viewport: { width: 512, height: 512 } } as const
const KEY_OBJECTS = '1.2.840.10008.5.1.4.1.1.88.59'

export interface ExportDeps {
  store: Pick<Store, 'read'>
  files: FileHandles
  reader: FrameReader
  work: Pick<WorkPort, 'startJob' | 'cancel' | 'deidentify' | 'findText' | 'render'>
}

interface OneStudy {
  /** The patient as the station knows him: issuer and ID. */
  patient: string
  objects: StoredObject[]
}

type Job = Parameters<Parameters<WorkPort['startJob']>[2]>[0]

/** Studies as files: a ZIP made while it is sent, laid out as a medium with a DICOMDIR. */
export function createExports(deps: ExportDeps) {
  const waiting = new Map<string, { wish: ExportWish; studies: OneStudy[]; images: number }>()
  return {
    /** Throws 'not-found', 'too-large'. */
    async prepare(wish: ExportWish): Promise<ExportPlan> {
      const studies: OneStudy[] = []
      const series: ExportPlan['series'] = []
      for (const StudyInstanceUID of new Set(wish.StudyInstanceUIDs)) {
        const found = await studyOf(deps, StudyInstanceUID, wish.SeriesInstanceUID)
        studies.push(found)
        series.push(...(await seriesOf(deps, found.objects, StudyInstanceUID)))
      }
      const objects = studies.flatMap(study => study.objects)
      if (objects.length === 0) throw new IsocenterError('not-found')
      if (objects.length > MOST_OBJECTS) throw new IsocenterError('too-large', `more than ${MOST_OBJECTS} instances`)
      const id = randomUUID()
      waiting.set(id, { wish, studies, images: objects.length })
      let held = [...waiting.values()].reduce((sum, { images }) => sum + images, 0)
      for (const [oldest, { images }] of waiting) {
        if (waiting.size <= MOST_WAITING && held <= MOST_OBJECTS_WAITING) break
        waiting.delete(oldest)
        held -= images
      }
      const bytes = objects.reduce(
        (sum, { dataSetOffset, fileOffset, dataSetLength }) => sum + dataSetOffset - fileOffset + dataSetLength,
        0,
      )
      return { id, images: objects.length, bytes, series }
    },

    /** Searches the images of a series for text, from the one at `from` on, for about a second. Throws 'not-found'. */
    async findText(wish: CallIn<'export.findText'>): Promise<TextFound> {
      const { StudyInstanceUID, SeriesInstanceUID, from } = wish
      const { objects } = await studyOf(deps, StudyInstanceUID, SeriesInstanceUID)
      const searched: TextFound['searched'] = []
      let [at, failed] = [from, 0]
      for (const until = Date.now() + SEARCH_MS; at < objects.length && Date.now() < until; at++) {
        const { contentId } = objects[at]!
        const found = await deps.work.findText(contentId).catch(() => undefined)
        if (found) searched.push(found)
        else failed++
      }
      return { images: objects.length, next: at < objects.length ? at : null, searched, failed }
    },

    /** The archive, once. Throws 'not-found'. */
    async send(id: string, audit: ClientAudit): Promise<Response> {
      const found = waiting.get(id)
      if (!found) throw new IsocenterError('not-found', 'no such export')
      waiting.delete(id)
      const { wish, studies } = found
      const text = wish.deidentify ? 'Exported as files, de-identified' : 'Exported as files'
      for (const { objects } of studies) {
        const [first] = objects
        if (first) await audit.done({ event: 'export', action: 'R', StudyInstanceUID: first.StudyInstanceUID, text })
      }
      const ready = Promise.withResolvers<Readable>()
      const count = studies.length
      const title = `Export of ${count} ${count === 1 ? 'study' : 'studies'}${wish.deidentify ? ', de-identified' : ''}`
      const { id: jobId } = deps.work.startJob('export', title, async job => {
        const output = zipOf(entriesOf(deps, wish, studies, job), job.signal)
        ready.resolve(output)
        await new Promise<void>((resolve, reject) => {
          output.once('close', () => (output.readableEnded ? resolve() : reject(new IsocenterError('cancelled'))))
          output.once('error', reject)
        })
      })
      const output = await ready.promise
      // Who has gone wants no more of it.
      output.once('close', () => {
        if (!output.readableEnded) deps.work.cancel(jobId)
      })
      // Node's own stream type and the global one are the same class under two declarations.
      const body: NodeReadableStream<Uint8Array> = Readable.toWeb(output)
      const day = new Date().toISOString().slice(0, 10)
      return new Response(body as ReadableStream<Uint8Array>, {
        headers: {
          'content-type': 'application/zip',
          'content-disposition': `attachment; filename="images-${day}${wish.deidentify ? '-deidentified' : ''}.zip"`,
        },
      })
    },
  }
}

export type Exports = ReturnType<typeof createExports>

async function studyOf({ store }: ExportDeps, StudyInstanceUID: string, SeriesInstanceUID?: string): Promise<OneStudy> {
  const { study } = await store.read.getStudy(StudyInstanceUID)
  const uids = { StudyInstanceUID, ...(SeriesInstanceUID === undefined ? {} : { SeriesInstanceUID }) }
  const objects = await store.read.locate(uids, MOST_INSTANCES)
  const order = new Map<string, number>()
  for (const object of objects) order.set(object.SeriesInstanceUID, order.get(object.SeriesInstanceUID) ?? order.size)
  objects.sort((a, b) => (order.get(a.SeriesInstanceUID) ?? 0) - (order.get(b.SeriesInstanceUID) ?? 0))
  // An empty ID makes one patient a study (design: Whose image).
  const patient = study.PatientID === '' ? StudyInstanceUID : `${study.IssuerOfPatientID}\n${study.PatientID}`
  return { patient, objects }
}

async function seriesOf({ store, reader }: ExportDeps, objects: StoredObject[], StudyInstanceUID: string) {
  const { series } = await store.read.getStudy(StudyInstanceUID)
  const found: ExportPlan['series'] = []
  for (const { SeriesInstanceUID, Modality, SeriesDescription } of series) {
    const own = objects.filter(object => object.SeriesInstanceUID === SeriesInstanceUID)
    const [first] = own
    if (!first) continue
    const header = await readHeader(first, reader).catch(() => undefined)
    const risks = risksOf({
      SOPClassUID: first.SOPClassUID,
      TransferSyntaxUID: first.TransferSyntaxUID,
      Modality,
      BurnedInAnnotation: header?.string('BurnedInAnnotation') ?? '',
      ImageType: header?.strings('ImageType') ?? [],
    })
    // Nobody makes a picture of a film here.
    // A segmentation's pixels are numbers of segments: nobody writes in them.
    const pictured =
      (header?.has('Rows') ?? false) && Modality !== 'SEG' && !transferSyntax(first.TransferSyntaxUID).video
    const images = own.length
    found.push({ StudyInstanceUID, SeriesInstanceUID, Modality, SeriesDescription, images, pictured, risks })
  }
  return found
}

interface Written {
  entry: DirectoryEntry
  contentId: number
  header: DataSet
  /** Something of its pixels was made black: it stands on no page of pictures, for these are made of what is stored. */
  blackened: boolean
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

async function* entriesOf(deps: ExportDeps, wish: ExportWish, studies: OneStudy[], job: Job): AsyncGenerator<ZipEntry> {
  const total = studies.reduce((sum, { objects }) => sum + objects.length, 0)
  job.total(total)
  const names = mediaNames()
  const key = randomBytes(32)
  /** One for each file, those of a series the same: the page needs no more of them, and there may be very many. */
  const entries: DirectoryEntry[] = []
  const firsts = new Map<string, DirectoryEntry>()
  const directory = new Directory()
  const leftOut: string[] = []
  let blackened = 0
  const pictures = pictureList()
  for (const { patient, objects } of studies) {
    for (const object of objects) {
      let written: Written | string
      try {
        written = await writtenOf(deps, wish, object, { key, patient }, () => names.next(patient, object))
      } catch (thrown) {
        written = toIsocenterError(thrown).message
      }
      if (typeof written === 'string') {
        // A UID of what was to name nobody would name it.
        leftOut.push(wish.deidentify ? written : `${object.SOPInstanceUID}: ${written}`)
        job.failed(object.SOPInstanceUID, written)
        continue
      }
      const SeriesInstanceUID = String(written.entry.series.SeriesInstanceUID)
      const first = firsts.get(SeriesInstanceUID) ?? { ...written.entry, own: {} }
      firsts.set(SeriesInstanceUID, first)
      entries.push(first)
      directory.add(written.entry)
      if (written.blackened) blackened += 1
      else pictures.note(written, object)
      yield { name: (written.entry.own.ReferencedFileID as string[]).join('/'), bytes: written.bytes }
      job.received('stored')
    }
  }
  yield { name: 'DICOMDIR', bytes: directory.write('ISOCENTER', uidFromRandom(randomBytes(16))) }
  const shown: PagePicture[] = []
  for (const { contentId, SeriesInstanceUID, words } of pictures.list()) {
    const picture = await deps.work.render(contentId, undefined, PICTURE).catch(() => undefined)
    if (!picture) continue
    const address = `PICTURES/P${String(shown.length).padStart(6, '0')}.JPG`
    shown.push({ SeriesInstanceUID, address, words })
    yield { name: address, bytes: [picture] }
  }
  const text = new TextEncoder()
  yield { name: 'INDEX.HTM', bytes: [text.encode(indexPage(entries, shown))] }
  const facts = { files: entries.length, blackened, deidentified: wish.deidentify, leftOut }
  yield { name: 'README.TXT', bytes: [text.encode(readmeText(facts))] }
}

/** What leaves of one object, or why it does not. */
async function writtenOf(
  deps: ExportDeps,
  { deidentify }: ExportWish,
  object: StoredObject,
  { key, patient }: { key: Uint8Array; patient: string },
  nextName: () => string[],
): Promise<Written | string> {
  const { files, reader, work } = deps
  // What archives alone have is fetched by whoever reads it; where it lies then is asked anew.
  await files.read(object, new Uint8Array(1), object.dataSetOffset)
  const { contentId } = object
  if (deidentify === null) {
    const header = await readHeader(object, reader)
    const parts = await objectParts(object, reader)
    const entry = entryOf(header, object.TransferSyntaxUID, nextName())
    return { entry, header, contentId, blackened: false, bytes: bytesOf(parts, files) }
  }
  const { risks, made } = await work.deidentify({ contentId, options: deidentify, key, patient })
  if (!made) return `left out: ${risks.join(', ')}`
  const meta = readFileMeta(made.file)
  if (!meta) throw new IsocenterError('internal', 'no file came of it')
  const { dataSetOffset, TransferSyntaxUID } = meta
  const dataSet = made.file.subarray(dataSetOffset)
  const header = DataSet.read(dataSet, encodingOf(TransferSyntaxUID), { stopAt: FIRST_PIXEL_TAG })
  const entry = entryOf(header, TransferSyntaxUID, nextName())
  return { entry, header, contentId, blackened: made.cleaned, bytes: [made.file] }
}

async function* bytesOf(parts: Part[], files: FileHandles): AsyncGenerator<Uint8Array> {
  const body = streamParts(parts, files)
  const chunks = chunksOfBody(body)
  if (!chunks) throw new IsocenterError('internal', 'a body of ours without chunks')
  let sent = 0
  try {
    for (let chunk = await chunks.next(); chunk; chunk = await chunks.next()) {
      sent += chunk.length
      yield chunk
    }
  } finally {
    await chunks.stop()
  }
  if (sent !== lengthOf(parts)) throw new IsocenterError('internal', 'an object was not read to its end')
}

/** The middle image of each series, and every key image, as far as they go. */
function pictureList() {
  const bySeries = new Map<string, Array<{ contentId: number; number: string }>>()
  const placeOf = new Map<string, { contentId: number; SeriesInstanceUID: string }>()
  const marked = new Set<string>()
  const uidsIn = (value: unknown) => (Array.isArray(value) ? String(value[0] ?? '') : '')
  return {
    note({ entry, header, contentId }: Written, { SOPClassUID }: StoredObject): void {
      const SeriesInstanceUID = uidsIn(entry.series.SeriesInstanceUID)
      if (SOPClassUID === KEY_OBJECTS) for (const uid of referencedIn(header)) marked.add(uid)
      if (entry.own.DirectoryRecordType !== 'IMAGE') return
      const images = bySeries.get(SeriesInstanceUID) ?? []
      images.push({ contentId, number: uidsIn(entry.own.InstanceNumber) })
      bySeries.set(SeriesInstanceUID, images)
      placeOf.set(String(entry.own.ReferencedSOPInstanceUIDInFile), { contentId, SeriesInstanceUID })
    },
    list(): Array<{ contentId: number; SeriesInstanceUID: string; words: string }> {
      const ofSeries = [...bySeries].flatMap(([SeriesInstanceUID, images]) => {
        const middle = images[Math.floor((images.length - 1) / 2)]
        if (!middle) return []
        return [{ contentId: middle.contentId, SeriesInstanceUID, words: `Image ${middle.number}`.trim() }]
      })
      const ofKeys = [...marked].flatMap(uid => {
        const place = placeOf.get(uid)
        return place ? [{ ...place, words: 'Key image' }] : []
      })
      return [...ofKeys, ...ofSeries].slice(0, MOST_PICTURES)
    },
  }
}

function referencedIn(keyObject: DataSet): string[] {
  return keyObject
    .items('ContentSequence')
    .flatMap(item => item.items('ReferencedSOPSequence'))
    .map(item => normaliseUID(item.string('ReferencedSOPInstanceUID')))
}
