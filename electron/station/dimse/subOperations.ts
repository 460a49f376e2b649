import { setImmediate as afterThis } from 'node:timers/promises'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import { type ErrorCode, IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { FileHandles, RetrievableObject, StoredObject } from '../store/index.ts'
import { type CommandSet, storeRequest } from '../wire/dimse.ts'
import type { DataSource, FramedDataSet } from '../wire/framing.ts'
import type { AcceptedContext } from '../wire/messages.ts'
import { overlaid } from '../wire/overlaid.ts'
import { PeerFailed } from '../wire/scu.ts'
import { chooseCarriage } from './transferPlan.ts'

/** An object's data set in another transfer syntax, made for one sending. */
export interface Transcoded extends DataSource {
  remove(): Promise<void>
}

/**
 * What makes an object's data set uncompressed, as Explicit or Implicit VR Little Endian. Rejects with 'unsupported-pixels',
 * 'malformed', 'too-large', 'not-found'.
 */
export type Transcode = (object: StoredObject, TransferSyntaxUID: string) => Promise<Transcoded>

/** What objects are sent over: an association of ours, or that of a C-GET. */
export interface StoreLine {
  readonly storing: readonly AcceptedContext[]
  frame(contextId: number, source: DataSource): FramedDataSet
  ask(contextId: number, command: CommandSet, dataSet?: Uint8Array | FramedDataSet): Promise<CommandSet>
}

/** Who asked for the move (PS3.7 §9.1.1.1.10, .11). */
export interface Originator {
  AET: string
  MessageID: number
}

export interface SendingDeps {
  /** Told of each object before it is sent. */
  begins?(object: StoredObject): void
  /** Asked behind each: the next one waits until what has become of it was heard, for the line is wanted in between. */
  pause?(): boolean
  files: Pick<FileHandles, 'readOnce'>
  transcode: Transcode
  /** What a data set passes through on its way out; its bytes are read in order, once. */
  through?(object: StoredObject, dataSet: DataSource): DataSource
}

/** PS3.4 table B.2-1 and PS3.7 annex C: stored, with something to say about it. */
const WARNINGS = new Set([0x0001, 0x0107, 0x0116])
const isWarning = (status: number) => status >> 12 === 0xb || WARNINGS.has(status)

/** What has become of one object. `reason`: in words, for the log and the problem; of failures and warnings. */
export interface Sent {
  object: StoredObject
  outcome: 'completed' | 'warning' | 'failed'
  reason: string
  /** What the peer answered; absent where it did not. */
  status?: number
  /** Of what never came to an answer: why. */
  code?: ErrorCode
  /** Some of it may have left. */
  begun: boolean
  /** The peer, or the line, ended the association while it was under way. */
  reset?: boolean
}

interface Prepared {
  contextId: number
  framed: FramedDataSet
  done(): Promise<void>
}

/**
 * Got ready behind the one on its way: reading the next takes a turn of a thread, and a peer may answer sooner than that (a
 * trace of CT over the loopback had answers that came while the next was still being read). When one is left there are four again, for
 * three read at once wake the thread and the loop no more often than one. What passes through something on its way may be held to a rate
 * there, and what is read ahead then takes the line's time before the rest of a large object that is under way: `slow`.
 */
const AHEAD = { least: 1, most: 4, slow: 2 }

interface Ready {
  object: RetrievableObject
  prepared: Promise<Prepared>
}

/**
 * Sends objects one after the other, each as it is stored where the peer takes that, else uncompressed; while one is on its way the
 * next four at most are read (or decoded), so that five are in memory at most. The next leaves as soon as the one before it is answered, so
 * that who hears of an answer does his work while the peer takes another. Stops when told; when the line breaks, all that would follow have
 * failed.
 */
export async function* sendObjects(
  line: StoreLine,
  objects: AsyncIterable<RetrievableObject>,
  deps: SendingDeps,
  stop: AbortSignal,
  originator?: Originator,
): AsyncGenerator<Sent> {
  let broken = ''
  const deliver = async ({ object, prepared }: Ready): Promise<Sent> => {
    let begun = false
    try {
      if (broken) throw new IsocenterError('peer-failed', broken)
      const ready = await prepared
      begun = true
      return await sendOne(line, object, ready, originator)
    } catch (thrown) {
      const error = toIsocenterError(thrown)
      if (broken) await forget(prepared)
      if (error.code === 'peer-failed') broken = wordsOf(error)
      return {
        object,
        outcome: 'failed',
        reason: wordsOf(error),
        code: error.code,
        begun,
        reset: begun && wasEnded(error),
      }
    }
  }
  const prepareNext = (object: RetrievableObject): Promise<Prepared> => {
    if (broken) return Promise.reject(new IsocenterError('peer-failed', broken))
    deps.begins?.(object)
    return prepare(line, object, deps)
  }
  const ahead = new Ahead(objects, prepareNext, deps.through ? AHEAD.slow : AHEAD.most, stop)
  let underWay: Promise<Sent> | undefined
  const begin = () => {
    const next = stop.aborted ? undefined : ahead.take()
    if (next) underWay = deliver(next)
  }
  try {
    for (;;) {
      if (!underWay) {
        await ahead.first()
        begin()
      }
      if (!underWay) return
      ahead.fill()
      const sent = await underWay
      underWay = undefined
      if (!deps.pause?.()) begin()
      yield sent
    }
  } finally {
    await underWay
    await ahead.drop()
  }
}

/** What is got ready for its turn. */
class Ahead {
  readonly #objects: AsyncIterator<RetrievableObject>
  readonly #prepare: (object: RetrievableObject) => Promise<Prepared>
  readonly #most: number
  readonly #stop: AbortSignal
  readonly #ready: Ready[] = []
  #filling: Promise<void> | undefined
  /** There are no more; `error`: for it is not known which. */
  #ended: { error?: unknown } | undefined

  constructor(
    objects: AsyncIterable<RetrievableObject>,
    prepare: (object: RetrievableObject) => Promise<Prepared>,
    most: number,
    stop: AbortSignal,
  ) {
    this.#objects = objects[Symbol.asyncIterator]()
    this.#prepare = prepare
    this.#most = most
    this.#stop = stop
  }

  /** Waits for one, unless there is none. Rejects where what is to be sent cannot be read on. */
  async first(): Promise<void> {
    await this.#filling
    if (this.#ready.length > 0) return
    await this.#pull(1)
    if (this.#ready.length === 0 && this.#ended && 'error' in this.#ended) throw this.#ended.error
  }

  take(): Ready | undefined {
    return this.#ready.shift()
  }

  /** Sees to it that there are some. */
  fill(): void {
    if (this.#ready.length > AHEAD.least || this.#ended) return
    // What is on its way leaves first: the peer reads it while others are opened.
    this.#filling ??= afterThis()
      .then(() => this.#pull(this.#most))
      .finally(() => {
        this.#filling = undefined
      })
  }

  /** None of them is sent. Rejects where what they are read from does not end well. */
  async drop(): Promise<void> {
    await this.#filling
    // First what lies on the disk for them: the index may have an end of its own to tell.
    for (const { prepared } of this.#ready.splice(0)) await forget(prepared)
    await this.#objects.return?.()
  }

  async #pull(most: number): Promise<void> {
    while (this.#ready.length < most && !this.#ended && !this.#stop.aborted) {
      try {
        const { done, value: object } = await this.#objects.next()
        if (done) this.#ended = {}
        else if (!this.#stop.aborted) {
          const prepared = this.#prepare(object)
          // Heard of in its turn.
          prepared.catch(() => {})
          this.#ready.push({ object, prepared })
        }
      } catch (error) {
        this.#ended = { error }
      }
    }
  }
}

/** What was got ready is not sent. */
async function forget(prepared: Promise<Prepared>): Promise<void> {
  await prepared.then(
    ({ done }) => done(),
    () => {},
  )
}

async function prepare(
  line: StoreLine,
  object: RetrievableObject,
  { files, transcode, through = (_, dataSet) => dataSet }: SendingDeps,
): Promise<Prepared> {
  if (object.nestsTooDeep) {
    throw new IsocenterError('not-acceptable', 'its sequences are nested deeper than other systems survive')
  }
  const { overlay } = object
  // Of what was moved the header is another one; a deflated data set has it within, so it goes uncompressed.
  const storing = overlay
    ? line.storing.filter(({ transferSyntax: uid }) => !transferSyntax(uid).deflated)
    : line.storing
  const carriage = chooseCarriage(object, storing)
  if (!carriage) {
    const nothing = line.storing.length === 0
    throw new IsocenterError(
      'not-acceptable',
      nothing ? 'the peer takes no image at all' : 'the peer takes neither the stored form nor an uncompressed one',
    )
  }
  const { contextId, asStored, TransferSyntaxUID } = carriage
  if (asStored) {
    const { dataSetOffset, dataSetLength } = object
    const stored: DataSource = {
      length: dataSetLength,
      read: (targets, from) => files.readOnce(object, targets, dataSetOffset + from),
    }
    const shown = overlay ? await overlaid(stored, TransferSyntaxUID, overlay) : stored
    const framed = line.frame(contextId, through(object, shown))
    return { contextId, framed, done: () => framed.done() }
  }
  const transcoded = await transcode(object, TransferSyntaxUID)
  // A file that stays says nothing of the sending, and goes with the next start.
  const remove = () => transcoded.remove().catch(() => {})
  const source = overlay
    ? await overlaid(transcoded, TransferSyntaxUID, overlay).catch(async error => {
        await remove()
        throw error
      })
    : transcoded
  const framed = line.frame(contextId, through(object, source))
  return {
    contextId,
    framed,
    async done() {
      await framed.done()
      await remove()
    },
  }
}

async function sendOne(
  line: StoreLine,
  object: StoredObject,
  { contextId, framed, done }: Prepared,
  originator: Originator | undefined,
): Promise<Sent> {
  try {
    const command: CommandSet = {
      ...storeRequest(0, object.SOPClassUID, object.SOPInstanceUID),
      ...(originator && {
        MoveOriginatorApplicationEntityTitle: originator.AET,
        MoveOriginatorMessageID: originator.MessageID,
      }),
    }
    const { Status = -1, ErrorComment = '' } = await line.ask(contextId, command, framed)
    const answered = { object, status: Status, begun: true }
    if (Status === 0) return { ...answered, outcome: 'completed', reason: '' }
    const reason = `answered 0x${Status.toString(16).padStart(4, '0')} ${ErrorComment}`.trim()
    return { ...answered, outcome: isWarning(Status) ? 'warning' : 'failed', reason }
  } finally {
    await done()
  }
}

/** Not by us, and not because it took too long. */
function wasEnded(error: IsocenterError): boolean {
  return error instanceof PeerFailed && (error.ending.fault === 'connection' || error.ending.abort !== undefined)
}

function wordsOf(error: IsocenterError): string {
  return error.detail ?? error.message
}
