/**
 * Stands in for `base/thread.ts` in the processes that check: a thread that is stopped is emptied and used again. Four fifths of what a
 * state cost was Node starting threads and reading the same modules in them, which is the same after every power cut. What the
 * store does in its threads, and that they are threads, stays; a call under way when it is stopped ends the thread for good.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { parentPort, Worker } from 'node:worker_threads'
import type { Thread } from '../../electron/station/base/thread.ts'
import { type ErrorCode, IsocenterError } from '../../shared/errors.ts'
import { closeDatabases } from './reusedDatabase.ts'

type Message = { id: number; name: string; args: unknown[] } | { begin: unknown } | { end: true }
type Answer =
  | { id: number; value: unknown }
  | { id: number; error: { message: string; stack?: string; code?: ErrorCode; detail?: string } }
  | { ended: true }

const idle = new Map<string, Worker[]>()

function dead(cause?: Error): IsocenterError {
  return new IsocenterError('internal', 'a worker thread has ended', { cause })
}

export function startThread<Api>(url: URL, data?: unknown): Thread<Api> {
  const free = idle.get(url.href) ?? []
  idle.set(url.href, free)
  const worker = free.pop() ?? new Worker(url, { execArgv: [] })
  const open = new Map<number, { resolve(value: never): void; reject(error: Error): void }>()
  const over = Promise.withResolvers<Error | undefined>()
  let lastId = 0
  let isOver = false
  let failure: Error | undefined

  function end(): void {
    isOver = true
    for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener)
    for (const caller of open.values()) caller.reject(dead(failure))
    open.clear()
    over.resolve(failure)
  }
  const listeners = {
    message(answer: Answer) {
      if ('ended' in answer) {
        end()
        free.push(worker)
        return
      }
      const caller = open.get(answer.id)
      open.delete(answer.id)
      if ('value' in answer) caller?.resolve(answer.value as never)
      else {
        const { message, stack, code, detail } = answer.error
        const error = code ? new IsocenterError(code, detail) : new Error(message)
        caller?.reject(Object.assign(error, { stack }))
      }
    },
    error(thrown: unknown) {
      failure = thrown instanceof Error ? thrown : new Error(String(thrown))
    },
    exit: end,
  }
  for (const [event, listener] of Object.entries(listeners)) worker.on(event, listener)
  worker.postMessage({ begin: data } satisfies Message)

  return {
    ended: over.promise,
    call(name, ...args) {
      if (isOver) return Promise.reject(dead(failure))
      const id = ++lastId
      return new Promise((resolve, reject) => {
        worker.postMessage({ id, name, args } satisfies Message)
        open.set(id, { resolve, reject })
      })
    },
    async stop() {
      if (isOver) return
      if (open.size > 0) await worker.terminate()
      else worker.postMessage({ end: true } satisfies Message)
      await over.promise
    },
  }
}

/** In the thread: what was opened is closed when it is stopped, as the end of a thread would. */
export function serveThread<Data>(make: (data: Data) => object): void {
  const port = parentPort
  if (!port) throw new Error('serveThread must run in a worker thread')
  const files = trackFiles()
  let data: unknown
  let api: Map<string, unknown> | undefined
  port.on('message', async (message: Message) => {
    if ('begin' in message) data = message.begin
    else if ('end' in message) {
      api = undefined
      closeDatabases()
      for (const fd of files) fs.closeSync(fd)
      port.postMessage({ ended: true } satisfies Answer)
    } else {
      const { id, name, args } = message
      try {
        api ??= new Map(Object.entries(make(data as Data)))
        const run = api.get(name)
        if (typeof run !== 'function') throw new Error(`The thread has no call ${name}`)
        port.postMessage({ id, value: await run(...args) } satisfies Answer)
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown))
        const { code, detail } = error instanceof IsocenterError ? error : {}
        const told = { message: error.message, stack: error.stack, code, detail }
        port.postMessage({ id, error: told } satisfies Answer)
      }
    }
  })
}

/** The descriptors that are open, of those the blocking calls made. */
function trackFiles(): Set<number> {
  const files = new Set<number>()
  const { openSync, closeSync } = fs
  fs.openSync = (...args) => {
    const fd = openSync(...args)
    files.add(fd)
    return fd
  }
  fs.closeSync = fd => {
    files.delete(fd)
    closeSync(fd)
  }
  syncBuiltinESMExports()
  return files
}
