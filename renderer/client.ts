import './jitless.ts'
import {
  type CallIn,
  type CallName,
  type CallOut,
  callError,
  contract,
  type StationEvent,
  type StationEventName,
  stationEvents,
} from '../shared/contract.ts'
import type { DicomJson } from '../shared/dicom/json.ts'
import { ERRORS, type ErrorCode, IsocenterError } from '../shared/errors.ts'
import { FRAME_HEADER_BYTES, type FrameOrder, readFrameHeader } from '../shared/viewing/frameStream.ts'
import { CHANNEL, holdEventSource, type RawEvent } from './eventSource.ts'
import { errorWords, t } from './i18n/index.ts'
import { afterPicture, isPictureAwaited } from './pictureFirst.ts'

/**
 * The only file that knows the counter. It owns the connection budget: Chromium gives one host six HTTP/1.1
 * connections for all windows together. One is the event stream (a SharedWorker), at most three are frame streams
 * (Web Locks), so two are always free for calls and single frames.
 */

/** The station did not answer at all: it restarts, or the network is gone. Nothing is said about the images. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super(t('The station is not reachable. Trying again.'), { cause })
    this.name = 'UnreachableError'
  }
}

async function reach(input: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(input, init)
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown
    throw new UnreachableError(thrown)
  }
}

function refused(code: ErrorCode, detail: string | undefined): IsocenterError {
  const error = new IsocenterError(code, detail)
  error.message = errorWords(code, detail)
  return error
}

async function refusal(response: Response): Promise<Error> {
  const body = callError.safeParse(await response.json().catch(() => null))
  if (body.success && body.data.code in ERRORS) {
    return refused(body.data.code as ErrorCode, body.data.detail)
  }
  return new Error(body.success ? body.data.sentence : `The station answered ${response.status}.`)
}

/**
 * What stands beside the picture and nobody waits for: it is asked behind a picture that is on its way, and of a burst (a window that
 * opens, the next study) the others have the connections first.
 */
const BESIDE = new Set<CallName>([
  'associations.list',
  'dictation.get',
  'jobs.list',
  'patients.proposals',
  'problems.list',
  'seen.get',
  'seen.put',
  'station.status',
  'studies.counts',
  'sync.status',
  'window.shows',
])

/**
 * One call of the contract. Rejects with an IsocenterError (the station refused) or an UnreachableError. `outlivesPage`: it is
 * brought to its end even when the page is left meanwhile (64 KiB in all).
 */
export async function call<N extends CallName>(
  name: N,
  input: CallIn<N>,
  signal?: AbortSignal,
  outlivesPage = false,
): Promise<CallOut<N>> {
  if (BESIDE.has(name) && !outlivesPage && isPictureAwaited()) await afterPicture()
  const response = await reach(`/api/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
    signal: signal ?? null,
    priority: BESIDE.has(name) ? 'low' : 'auto',
    keepalive: outlivesPage,
  })
  if (!response.ok) throw await refusal(response)
  return contract[name].out.parse(await response.json()) as CallOut<N>
}

/** The thumbnails of a study in one request, behind a picture that is on its way: data URLs by SOP or Series Instance UID. */
export async function fetchThumbnails(StudyInstanceUID: string): Promise<Map<string, string>> {
  await afterPicture()
  const response = await reach(`/api/thumbnails?study=${encodeURIComponent(StudyInstanceUID)}`, {})
  if (!response.ok) throw await refusal(response)
  const body: unknown = await response.json()
  const thumbnails = new Map<string, string>()
  if (typeof body !== 'object' || body === null) return thumbnails
  for (const [uid, base64] of Object.entries(body)) {
    if (typeof base64 === 'string' && base64 !== '') thumbnails.set(uid, `data:image/png;base64,${base64}`)
  }
  return thumbnails
}

/** Where the list of what lies on that volume alone can be had as a file. */
export function onlyHereAddress(volume: string, format: 'csv' | 'json'): string {
  return `/api/volumes/${encodeURIComponent(volume)}/only-here?format=${format}`
}

/** That list as CSV. */
export async function fetchOnlyHere(volume: string): Promise<string> {
  const response = await reach(onlyHereAddress(volume, 'csv'), {})
  if (!response.ok) throw await refusal(response)
  return response.text()
}

/** A span of the audit trail: moments as ISO 8601, '' = open. */
interface AuditSpan {
  from: string
  to: string
  format: 'ndjson' | 'xml'
}

/** Where it can be had as a file. */
export function auditAddress(span: AuditSpan): string {
  return `/api/audit?${new URLSearchParams({ ...span })}`
}

export async function fetchAudit(span: AuditSpan): Promise<string> {
  const response = await reach(auditAddress(span), {})
  if (!response.ok) throw await refusal(response)
  return response.text()
}

export type ObjectAddress = Omit<FrameAddress, 'frame'>

function objectAddress({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }: ObjectAddress): string {
  return `/dicom-web/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}/instances/${SOPInstanceUID}`
}

const AS_STORED = 'application/dicom; transfer-syntax=*'

/** Where an object can be had as a file, as it is stored. */
export function storedObjectAddress(address: ObjectAddress): string {
  return `${objectAddress(address)}?${new URLSearchParams({ accept: AS_STORED })}`
}

/**
 * An object as Part 10 in Explicit VR Little Endian: for what is read whole (segmentations, structures, reports, documents). Rejects
 * above `most` bytes with a RangeError, before they are read where the station says how many there are.
 */
export function fetchObject(
  address: ObjectAddress,
  most: number,
  signal?: AbortSignal,
  onBytes?: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  return fetchPart10(address, 'application/dicom; transfer-syntax=1.2.840.10008.1.2.1', most, signal, onBytes)
}

/** The same in the transfer syntax it is stored in: for what has no other form. */
export function fetchStoredObject(
  address: ObjectAddress,
  most: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  return fetchPart10(address, AS_STORED, most, signal)
}

async function fetchPart10(
  address: ObjectAddress,
  accept: string,
  most: number,
  signal: AbortSignal | undefined,
  onBytes?: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await reach(objectAddress(address), { headers: { accept }, signal: signal ?? null })
  if (!response.ok) throw await refusal(response)
  const tooLarge = () => new RangeError('The object is too large to be opened here.')
  if (Number(response.headers.get('content-length') ?? 0) > most) {
    await response.body?.cancel()
    throw tooLarge()
  }
  const body = onBytes && response.body ? counted(response.body, onBytes) : response.body
  const bytes = new Uint8Array(await new Response(body).arrayBuffer())
  if (bytes.length > most) throw tooLarge()
  return bytes
}

/** ms between two tellings of how far something has come. */
const TELL_EVERY_MS = 200

function counted(body: ReadableStream<Uint8Array>, onBytes: (bytes: number) => void): ReadableStream<Uint8Array> {
  let bytes = 0
  let told = performance.now()
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length
      if (performance.now() - told > TELL_EVERY_MS) {
        told = performance.now()
        onBytes(bytes)
      }
      controller.enqueue(chunk)
    },
  })
  return body.pipeThrough(counter)
}

/** An object's header as DICOM JSON (PS3.18 §F.2), without its pixels. */
export async function fetchMetadata(address: ObjectAddress, signal?: AbortSignal): Promise<DicomJson> {
  const response = await reach(`${objectAddress(address)}/metadata`, {
    headers: { accept: 'application/dicom+json' },
    signal: signal ?? null,
  })
  if (!response.ok) throw await refusal(response)
  const [instance] = (await response.json()) as DicomJson[]
  if (!instance) throw new Error('The station has no such object.')
  return instance
}

/** Stores Part 10 files (STOW-RS, PS3.18 §10.5). Rejects with what was said of the first that is not on the disk. */
export async function storeObjects(part10s: ReadonlyArray<Uint8Array<ArrayBuffer>>): Promise<void> {
  const boundary = `isocenter-${crypto.randomUUID()}`
  const parts = part10s.flatMap(part10 => [`--${boundary}\r\ncontent-type: application/dicom\r\n\r\n`, part10, '\r\n'])
  const response = await reach('/dicom-web/studies', {
    method: 'POST',
    headers: {
      'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
      accept: 'application/dicom+json',
    },
    body: new Blob([...parts, `--${boundary}--\r\n`]),
  })
  if (response.status === 200) return
  const answer: unknown = await response.json().catch(() => null)
  const failed = callError.safeParse(answer)
  if (failed.success && failed.data.code in ERRORS) {
    throw refused(failed.data.code as ErrorCode, failed.data.detail)
  }
  const status = failureReason(answer)
  throw new NotStored(
    `The station did not store it${status === undefined ? '' : ` (status ${status})`}.`,
    storedOf(answer),
  )
}

/** The station's answer to a STOW-RS: not all of it is on the disk. */
export class NotStored extends Error {
  /** SOP Instance UIDs of those that are. */
  readonly stored: readonly string[]

  constructor(message: string, stored: readonly string[]) {
    super(message)
    this.stored = stored
  }
}

/** ReferencedSOPSequence (0008,1199) of a STOW-RS answer: what was stored (PS3.18 §10.5.3). */
function storedOf(answer: unknown): string[] {
  const { '00081199': stored } = (answer ?? {}) as DicomJson
  return (stored?.Value ?? []).flatMap(item => {
    const uid = (item as DicomJson)['00081155']?.Value?.[0]
    return typeof uid === 'string' ? [uid] : []
  })
}

/** FailureReason (0008,1197) of the first failed object of a STOW-RS answer, in hexadecimal. */
function failureReason(answer: unknown): string | undefined {
  const { '00081198': failed, '0008119A': others } = (answer ?? {}) as DicomJson
  const item = (failed ?? others)?.Value?.[0] as DicomJson | undefined
  const reason = item?.['00081197']?.Value?.[0]
  return typeof reason === 'number' ? reason.toString(16).toUpperCase().padStart(4, '0') : undefined
}

/** A file that came with the page, by its hashed address. */
export async function fetchAsset(address: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await reach(address, {})
  if (!response.ok) throw await refusal(response)
  return new Uint8Array(await response.arrayBuffer())
}

export interface FrameAddress {
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
  /** 1-based. */
  frame: number
}

/** One frame as its transfer syntax has it, single part: for what is on the screen or jumped to. */
export async function fetchFrame(address: FrameAddress, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, frame } = address
  const url = `/dicom-web/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}/instances/${SOPInstanceUID}/frames/${frame}`
  const response = await reach(url, {
    headers: { accept: 'application/octet-stream; transfer-syntax=*' },
    priority: 'high',
    signal: signal ?? null,
  })
  if (!response.ok) throw await refusal(response)
  return new Uint8Array(await response.arrayBuffer())
}

const STREAMS = 3
/** Half a frame of the display: what a stream may take of the page's thread at a time. */
const STREAM_SLICE_MS = 8

/** Waits for one of the browser's frame stream places and keeps it until the returned function is called. */
async function takeStreamPlace(signal: AbortSignal): Promise<() => void> {
  let free = () => {}
  const hold = (granted: () => void) => () =>
    new Promise<void>(resolve => {
      free = resolve
      granted()
    })
  for (let place = 0; place < STREAMS; place++) {
    const taken = await new Promise<boolean>((resolve, reject) => {
      navigator.locks
        .request(`isocenter-frames-${place}`, { ifAvailable: true }, lock => {
          if (lock === null) return resolve(false)
          return hold(() => resolve(true))()
        })
        .catch(reject)
    })
    if (taken) return free
  }
  const place = Math.floor(Math.random() * STREAMS)
  await new Promise<void>((resolve, reject) => {
    navigator.locks.request(`isocenter-frames-${place}`, { signal }, hold(resolve)).catch(reject)
  })
  return free
}

/** While somebody acts in one window, the streams of the others stand back this long: the cores are his. */
const STAND_BACK_MS = 400
const attention = new BroadcastChannel('isocenter-attention')
let standBackUntil = 0
let actedAt = Number.NEGATIVE_INFINITY
let toldAt = 0
attention.onmessage = () => {
  standBackUntil = performance.now() + STAND_BACK_MS
}
for (const kind of ['keydown', 'pointerdown', 'wheel']) {
  globalThis.addEventListener?.(
    kind,
    () => {
      actedAt = performance.now()
      if (actedAt - toldAt < STAND_BACK_MS / 4) return
      toldAt = actedAt
      standBackUntil = 0
      attention.postMessage(null)
    },
    { capture: true, passive: true },
  )
}

export interface StreamedFrame {
  tag: number
  /** 0, or the HTTP status of a frame that could not be had. */
  status: number
  bytes: Uint8Array<ArrayBuffer>
}

/**
 * The ordered frame stream. Resolves when the last frame has been handed to `onFrame`; aborting is how an order is
 * changed (rejects with AbortError). `ahead`: nobody waits for it; it stands back for the reader of this window, too.
 */
export async function streamFrames(
  order: FrameOrder,
  onFrame: (frame: StreamedFrame) => void,
  signal: AbortSignal,
  ahead = false,
): Promise<void> {
  const standsBack = () => performance.now() < Math.max(standBackUntil, ahead ? actedAt + STAND_BACK_MS : 0)
  const free = await takeStreamPlace(signal)
  try {
    signal.throwIfAborted()
    const response = await reach('/api/frames', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
      signal,
    })
    if (!response.ok || response.body === null) throw await refusal(response)
    const parse = frameParser(onFrame)
    const reader = response.body.getReader()
    let since = performance.now()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      parse(value)
      // Chunks that are here already resolve without a task between them: the page would neither draw nor hear a key.
      if (performance.now() - since > STREAM_SLICE_MS || (ahead && standsBack())) {
        do await new Promise(resolve => setTimeout(resolve))
        while (standsBack() && !signal.aborted)
        since = performance.now()
      }
    }
  } catch (thrown) {
    // A body that breaks off is the station going away, not a fault of this page.
    if (thrown instanceof TypeError) throw new UnreachableError(thrown)
    throw thrown
  } finally {
    free()
  }
}

/** 1 GiB: no frame is larger; a length beyond it means the stream is out of step. */
const MAX_FRAME_BYTES = 2 ** 30

/** Cuts the stream's records out of chunks that end anywhere; each frame gets a buffer of its own, so views are aligned. */
export function frameParser(onFrame: (frame: StreamedFrame) => void): (chunk: Uint8Array) => void {
  const header = new Uint8Array(FRAME_HEADER_BYTES)
  let headerFilled = 0
  let current: StreamedFrame | undefined
  let filled = 0
  return chunk => {
    let at = 0
    while (at < chunk.length) {
      if (current === undefined) {
        const part = chunk.subarray(at, at + FRAME_HEADER_BYTES - headerFilled)
        header.set(part, headerFilled)
        headerFilled += part.length
        at += part.length
        if (headerFilled < FRAME_HEADER_BYTES) return
        const { tag, status, length } = readFrameHeader(header)
        if (length > MAX_FRAME_BYTES) throw new Error('The frame stream is out of step.')
        current = { tag, status, bytes: new Uint8Array(length) }
        headerFilled = 0
        filled = 0
      }
      const part = chunk.subarray(at, at + current.bytes.length - filled)
      current.bytes.set(part, filled)
      filled += part.length
      at += part.length
      if (filled < current.bytes.length) return
      const frame = current
      current = undefined
      onFrame(frame)
    }
  }
}

type EventListenerFor = { [N in StationEventName]: (data: StationEvent<N>) => void } & {
  /** The event connection came or went. */
  connection: (online: boolean) => void
}

const listeners: { [N in keyof EventListenerFor]: Set<EventListenerFor[N]> } = {
  studies: new Set(),
  job: new Set(),
  problem: new Set(),
  associations: new Set(),
  sync: new Set(),
  again: new Set(),
  connection: new Set(),
}

function deliver(raw: RawEvent): void {
  if (raw.kind === 'connection') {
    for (const listener of listeners.connection) listener(raw.online)
    return
  }
  const data: unknown = JSON.parse(raw.data)
  const tell = <N extends StationEventName>(name: N) => {
    const parsed = stationEvents[name].parse(data) as StationEvent<N>
    for (const listener of listeners[name]) (listener as (data: StationEvent<N>) => void)(parsed)
  }
  tell(raw.name)
}

const held: RawEvent[] = []

/** What has changed is read anew by whoever shows it, in a dozen calls: behind a picture that is on its way. In the order it came. */
function deliverBehindPicture(raw: RawEvent): void {
  if (held.length === 0 && !isPictureAwaited()) {
    deliver(raw)
    return
  }
  if (held.push(raw) > 1) return
  void afterPicture().then(() => {
    // One that cannot be read takes none of the others with it.
    for (const one of held.splice(0)) queueMicrotask(() => deliver(one))
  })
}

let connected = false

/** Joins the browser's one event connection: a SharedWorker's, or that of the window which holds the lock. */
function connectEvents(): void {
  if (connected) return
  connected = true
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = event => {
    if (event.data?.kind !== 'hello') deliverBehindPicture(event.data as RawEvent)
  }
  if (typeof SharedWorker !== 'undefined') {
    const worker = new SharedWorker(new URL('./eventsWorker.ts', import.meta.url), {
      type: 'module',
      name: 'isocenter-events',
    })
    worker.port.start()
  } else {
    void navigator.locks.request('isocenter-events', () => {
      const post = (event: RawEvent) => {
        channel.postMessage(event)
        deliverBehindPicture(event)
      }
      const source = holdEventSource(post)
      channel.addEventListener('message', event => {
        if (event.data?.kind === 'hello') channel.postMessage(source.state())
      })
      return new Promise<never>(() => {})
    })
  }
  channel.postMessage({ kind: 'hello' })
}

/** Listens to one kind of station event (shared/contract.ts) or to 'connection'. Returns the unsubscribe. */
export function onStationEvent<N extends keyof EventListenerFor>(name: N, listener: EventListenerFor[N]): () => void {
  connectEvents()
  const set: Set<EventListenerFor[N]> = listeners[name]
  set.add(listener)
  return () => set.delete(listener)
}
