import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Kind } from './instances.ts'

/** What is to be sent, and to whom. */
export interface Order {
  port: number
  calledAET: string
  /** With more than one AE title, association `i` calls itself the `i`-th of them, from the start again when they run out. */
  callingAETs?: string[]
  kind: Kind
  associations: number
  /** Another run has other UIDs; the same run again is a resend of the same instances. */
  run: number
  /** Number of the first instance, 0 unless told otherwise. */
  first?: number
  /** How many; with `seconds` too, whichever is reached first. */
  count: number
  seconds?: number
  /** Every study has two series of so many; 100 unless told otherwise. */
  imagesInSeries?: number
  /** Each association sends an equal part of its own, as modalities do; otherwise whoever is free takes the next. */
  own?: boolean
}

/** What came of it. Times are epoch ms, from the first byte of the first instance to the last answer. */
export interface Blasted {
  began: number
  ended: number
  instances: number
  /** Of data sets. */
  bytes: number
  /** C-STORE round trips, ms: from before the first byte was written to the answer. */
  latency: { p50: number; p99: number; max: number }
}

/**
 * Sends from a process of its own (its time is not the receiver's nor that of who measures), over associations that are all
 * open before the first instance. Rejects when an association is refused or ends, or any answer is not Success; stops when
 * `signal` says so and tells what was sent until then.
 */
export async function blast(order: Order, signal?: AbortSignal): Promise<Blasted> {
  const child = fork(new URL('./blasterProcess.ts', import.meta.url), [JSON.stringify(order)], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', text => {
    errors += text
  })
  const stop = () => void child.send('stop')
  signal?.addEventListener('abort', stop)
  const leave = () => void child.kill('SIGKILL')
  process.once('exit', leave)
  let blasted: Blasted | undefined
  child.on('message', message => {
    blasted = message as Blasted
  })
  const [code] = await once(child, 'close')
  signal?.removeEventListener('abort', stop)
  process.off('exit', leave)
  if (!blasted) throw new Error(`the sender ended with ${code}: ${errors}`)
  return blasted
}

/** Instances a second. */
export function rateOf({ instances, began, ended }: Blasted): number {
  return (1000 * instances) / (ended - began)
}
