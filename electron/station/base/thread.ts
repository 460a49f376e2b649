import { getPriority, setPriority } from 'node:os'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { type ErrorCode, IsocenterError } from '../../../shared/errors.ts'

/** What a thread answers: one function per call, each argument and result structured-cloneable. */
type Calls<Api> = {
  [N in keyof Api]: Api[N] extends (...args: infer A) => infer R ? { args: A; result: Awaited<R> } : never
}

export interface Thread<Api> {
  /**
   * Runs `name` in the thread. Arguments and result are copied; a view of a larger ArrayBuffer is copied with the whole
   * of it, so cut small pieces out first. Rejects with the thread's error, an IsocenterError with its code, or
   * 'internal' when the thread has died.
   */
  call<N extends keyof Api & string>(name: N, ...args: Calls<Api>[N]['args']): Promise<Calls<Api>[N]['result']>
  /** Settles when the thread has ended, however it did: the reason, or undefined after `stop`. */
  readonly ended: Promise<Error | undefined>
  /** Ends it at once, in the middle of a call if need be; open calls reject. */
  stop(): Promise<void>
}

interface Call {
  id: number
  name: string
  args: unknown[]
}

type Answer =
  | { id: number; value: unknown }
  | { id: number; error: { message: string; stack?: string; code?: ErrorCode; detail?: string } }

/** What a thread is started with. */
interface Given {
  data: unknown
  aside: boolean
}

/** Room for garbage, of which V8 would take 48: two halves of 2 MB and as much for large objects. */
const YOUNG_GENERATION_MB = 6

/** A tenth of what a busy thread of the usual priority gets of a core that both want; all of one that is free. */
const ASIDE_NICENESS = 10

/**
 * Starts a worker thread whose file called `serveThread`. The file's URL is given by the caller, which knows whether it
 * runs from sources (.ts, run by Node directly) or bundled (.js, flat beside it):
 * `new URL(import.meta.url.endsWith('.ts') ? './readerThread.ts' : './readerThread.js', import.meta.url)`.
 * @param aside what it does waits where others want the processor (Linux; elsewhere threads have no priority of their own here).
 */
export function startThread<Api>(url: URL, data?: unknown, { aside = false } = {}): Thread<Api> {
  const worker = new Worker(url, {
    workerData: { data, aside } satisfies Given,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  })
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let lastId = 0
  let failure: Error | undefined
  let dead = false

  worker.on('message', (answer: Answer) => {
    const caller = open.get(answer.id)
    open.delete(answer.id)
    if ('error' in answer) caller?.reject(reviveError(answer.error))
    else caller?.resolve(answer.value)
  })
  worker.on('error', error => {
    failure = error instanceof Error ? error : new Error(String(error))
  })
  const ended = new Promise<Error | undefined>(resolve => {
    worker.on('exit', () => {
      dead = true
      for (const caller of open.values()) caller.reject(deadError(failure))
      open.clear()
      resolve(failure)
    })
  })

  return {
    ended,
    call(name, ...args) {
      if (dead) return Promise.reject(deadError(failure))
      const id = ++lastId
      return new Promise((resolve, reject) => {
        worker.postMessage({ id, name, args } satisfies Call)
        open.set(id, { resolve: value => resolve(value as Calls<Api>[typeof name]['result']), reject })
      })
    },
    async stop() {
      await worker.terminate()
    },
  }
}

/**
 * In the thread's own file: answers calls until the thread is stopped. `make` gets what `startThread` was given as data and runs
 * at the first call, which rejects with what it throws: the thread may be started before what it works on is there.
 */
export function serveThread<Data>(make: (data: Data) => object): void {
  const port = parentPort
  if (!port) throw new Error('serveThread must run in a worker thread')
  const { data, aside } = workerData as Given
  // On Linux this is the calling thread's alone (setpriority(2)), on macOS and Windows the whole process's.
  if (aside && process.platform === 'linux') setPriority(Math.max(getPriority(), ASIDE_NICENESS))
  let api: Map<string, unknown> | undefined
  port.on('message', async (call: Call) => {
    try {
      api ??= new Map(Object.entries(make(data as Data)))
      const run = api.get(call.name)
      if (typeof run !== 'function') throw new Error(`The thread has no call ${call.name}`)
      port.postMessage({ id: call.id, value: await run(...call.args) } satisfies Answer)
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      const { code, detail } = error instanceof IsocenterError ? error : {}
      port.postMessage({
        id: call.id,
        error: { message: error.message, stack: error.stack, code, detail },
      } satisfies Answer)
    }
  })
}

/** Structured clone drops an error's class, so its code crosses beside it. */
function reviveError(wire: { message: string; stack?: string; code?: ErrorCode; detail?: string }): Error {
  const error = wire.code ? new IsocenterError(wire.code, wire.detail) : new Error(wire.message)
  if (wire.stack) error.stack = wire.stack
  return error
}

function deadError(cause: Error | undefined): IsocenterError {
  return new IsocenterError('internal', 'a worker thread has ended', { cause })
}
