import { openPart10 } from '../../../shared/dicom/part10Stream.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { Log } from '../base/log.ts'
import { isBoundary, MultipartReader, type ReceivedPart } from '../base/multipart.ts'
import type { Problems } from '../base/problems.ts'
import type { Store } from '../store/index.ts'
import { takeIn } from '../work/index.ts'
import { parseMediaType } from './accept.ts'
import { type DataForm, dataSetResponse } from './dicomForms.ts'
import { type Stowed, stowDataSet, stowStatus } from './stowAnswer.ts'

export interface StowDeps {
  store: Pick<Store, 'beginReceive'>
  problems: Pick<Problems, 'report'>
  log: Log
}

/** Where a request came from: the peer's address, and the name of the key it brought. */
export interface StowSender {
  address: string
  key: string
}

/** Objects read, but not yet on the disk: they share a sync, and the next is read meanwhile. */
const MOST_COMMITTING = 16
/** Failures that are named to a person; the rest is counted. */
const MOST_NAMED = 5
const DICOM = 'application/dicom'
const PARTS_TAKEN = new Set([DICOM, 'application/octet-stream', ''])
const RETRY_SECONDS = 30

/**
 * STOW-RS (PS3.18 §10.5): every object of the body goes to the vault as it comes, by the same way as a C-STORE's; the answer says of
 * each whether it is on the disk. A body that breaks off costs the object it broke off in, no other.
 * Throws 'unsupported-media' or 'bad-request' before anything is read, 'cancelled' when the client has gone.
 * @param study '' or the only study that is taken.
 */
export async function storeInstances(
  request: Request,
  study: string,
  base: string,
  form: DataForm,
  sender: StowSender,
  { store, problems, log }: StowDeps,
): Promise<Response> {
  const all: Array<Promise<Stowed>> = []
  const committing = new Set<Promise<Stowed>>()
  const take = async (part: ReceivedPart): Promise<void> => {
    const { read, stowed } = takePart(part, study, base, sender.address, store, request.signal)
    all.push(stowed)
    committing.add(stowed)
    void stowed.then(() => committing.delete(stowed))
    await Promise.race([read, stowed])
    if (committing.size >= MOST_COMMITTING) await Promise.race(committing)
  }
  let broken = false
  try {
    for await (const part of partsOf(request)) await take(part)
  } catch (error) {
    if (!(error instanceof IsocenterError) || error.code !== 'malformed') {
      const before = await Promise.all(all)
      if (!request.signal.aborted) throw error
      const stored = before.filter(({ result }) => 'RetrieveURL' in result).length
      log.warn({ ...sender, stored }, 'the client went away in the middle of a STOW-RS request')
      throw new IsocenterError('cancelled', 'the client went away')
    }
    broken = true
    // An object that was cut short has said so itself.
    const results = await Promise.all(all)
    if (!results.some(({ result }) => 'error' in result && result.error === error)) {
      all.push(Promise.resolve({ SOPClassUID: '', SOPInstanceUID: '', result: { error } }))
    }
  }
  const results = await Promise.all(all)
  if (results.length === 0) throw new IsocenterError('bad-request', 'the body has no parts')
  report(results, sender, problems, log)
  const status = stowStatus(results, broken)
  const headers: Record<string, string> = status >= 500 ? { 'retry-after': String(RETRY_SECONDS) } : {}
  return dataSetResponse(form, stowDataSet(results, studyURL(results, base)), { status, headers })
}

/** The body's parts, or itself as the only one. */
async function* partsOf(request: Request): AsyncGenerator<ReceivedPart> {
  const media = parseMediaType(request.headers.get('content-type') ?? '')
  const body: AsyncIterable<Uint8Array> = request.body ?? new ReadableStream({ start: c => c.close() })
  if (media?.type === DICOM) {
    yield { headers: new Map(), body: chunksOf(body) }
    return
  }
  const inner = media?.parameters.type?.toLowerCase() ?? DICOM
  if (media?.type !== 'multipart/related' || !inner.startsWith(DICOM) || inner.includes('+')) {
    throw new IsocenterError('unsupported-media', `send multipart/related; type="${DICOM}", or one ${DICOM}`)
  }
  const boundary = media.parameters.boundary ?? ''
  if (!isBoundary(boundary))
    throw new IsocenterError('bad-request', 'Content-Type names no boundary of 1 to 70 characters')
  const reader = new MultipartReader(body, boundary)
  for (let part = await reader.next(); part; part = await reader.next()) yield part
}

async function* chunksOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* body
}

/** `read` settles when no more will be read of the part's body, `stowed` when it is known what became of it; neither rejects. */
function takePart(
  part: ReceivedPart,
  study: string,
  base: string,
  address: string,
  store: Pick<Store, 'beginReceive'>,
  signal: AbortSignal,
): { read: Promise<void>; stowed: Promise<Stowed> } {
  const { promise: read, resolve: hasRead } = Promise.withResolvers<void>()
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* part.body
    } finally {
      hasRead()
    }
  }
  let [SOPClassUID, SOPInstanceUID] = ['', '']
  const stow = async (): Promise<Stowed> => {
    const type = parseMediaType(part.headers.get('content-type') ?? '')?.type ?? ''
    if (!PARTS_TAKEN.has(type)) throw new IsocenterError('unsupported-media', `a part of ${type}`)
    const file = await openPart10(watched())
    if (!file) throw new IsocenterError('not-dicom')
    SOPClassUID = file.meta.MediaStorageSOPClassUID
    SOPInstanceUID = file.meta.MediaStorageSOPInstanceUID
    const received = await takeIn(
      store,
      {
        origin: {
          door: 'stow',
          sourceAET: file.meta.SourceApplicationEntityTitle,
          sendingAET: '',
          receivingAET: '',
          address,
        },
        SOPClassUID,
        SOPInstanceUID,
        TransferSyntaxUID: file.meta.TransferSyntaxUID,
        ...(study === '' ? {} : { StudyInstanceUID: study }),
        ...(file.isProgram ? { flags: ['program-preamble'] } : {}),
      },
      file.dataSet,
      signal,
    )
    const { StudyInstanceUID, SeriesInstanceUID } = received
    SOPInstanceUID = received.SOPInstanceUID
    const RetrieveURL = `${base}/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}/instances/${SOPInstanceUID}`
    return { SOPClassUID, SOPInstanceUID, result: { RetrieveURL } }
  }
  const stowed = stow().catch(thrown => ({ SOPClassUID, SOPInstanceUID, result: { error: toIsocenterError(thrown) } }))
  return { read, stowed }
}

/** RetrieveURL (0008,1190) of the study, where all that was stored belongs to one. */
function studyURL(results: Stowed[], base: string): string | undefined {
  const urls = results.flatMap(({ result }) => ('RetrieveURL' in result ? [result.RetrieveURL] : []))
  const studies = new Set(urls.map(url => url.slice(0, url.indexOf('/', `${base}/studies/`.length))))
  return studies.size === 1 ? [...studies][0] : undefined
}

function report(results: Stowed[], sender: StowSender, problems: StowDeps['problems'], log: Log): void {
  const failures = results.flatMap(({ SOPInstanceUID, result }) =>
    'error' in result ? [{ SOPInstanceUID, error: result.error }] : [],
  )
  const facts = { ...sender, stored: results.length - failures.length, failed: failures.length }
  if (failures.length === 0) {
    log.info(facts, 'objects stored by STOW-RS')
    return
  }
  const named = failures.slice(0, MOST_NAMED)
  const codes = named.map(({ SOPInstanceUID, error }) => ({ SOPInstanceUID, code: error.code, detail: error.detail }))
  log.warn({ ...facts, failures: codes }, 'objects not stored by STOW-RS')
  problems.report({
    severity: 'attention',
    sentence: `${failures.length} of ${results.length} images that ${sender.key} at ${sender.address} sent by DICOMweb were not stored.`,
    detail: named.map(({ SOPInstanceUID, error }) => `${SOPInstanceUID || 'no UID'}: ${error.message}`).join('\n'),
  })
}
