import { readFile } from 'node:fs/promises'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import type { ResultTarget } from '../../../../shared/reporting/resultTargets.ts'
import { errorCode } from '../../base/durable.ts'

/** Minimal lower layer protocol (HL7 v2.5.1 implementation guide, appendix C): a block between these. */
const BEGIN = 0x0b
const END = 0x1c
const RETURN = 0x0d
const LONGEST_ANSWER = 64 * 1024

export interface MllpTimes {
  reachMs: number
  answerMs: number
}

/** It could not be reached, or gave no answer: in words, without anything of the message. */
export class MllpFailed extends Error {}

/** It is not there at all: what else waits for it would fail the same way. */
export class NotReached extends MllpFailed {}

type Address = Pick<ResultTarget, 'host' | 'port' | 'tls' | 'caFile'>

/** Connects. Rejects with NotReached. */
export async function reach({ host, port, tls, caFile }: Address, { reachMs }: MllpTimes): Promise<Socket> {
  const ca = tls && caFile !== '' ? await readFile(caFile).catch(cannotRead) : undefined
  const socket = tls
    ? connectSecurely({
        host,
        port,
        ...(ca && { ca }),
        ...(isIP(host) ? {} : { servername: host }),
        minVersion: 'TLSv1.2',
      })
    : connect({ host, port })
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const late = setTimeout(() => socket.destroy(new Error('not reached in time')), reachMs)
  socket.once(tls ? 'secureConnect' : 'connect', () => resolve(socket))
  socket.once('error', error => reject(new NotReached(wordsOf(error))))
  socket.once('close', () => reject(new NotReached('the connection was closed')))
  try {
    return await promise
  } finally {
    clearTimeout(late)
  }
}

function cannotRead(error: unknown): never {
  throw new NotReached(`the file of certificates cannot be read: ${errorCode(error)}`)
}

/** Sends one message and resolves with what is answered, without its frame. Rejects with MllpFailed. */
export async function exchange(
  target: Address,
  message: string,
  times: MllpTimes,
  signal: AbortSignal,
): Promise<string> {
  const socket = await reach(target, times)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const fail = (words: string) => reject(new MllpFailed(words))
  const late = setTimeout(() => fail('no answer came in time'), times.answerMs)
  const stop = () => fail('the station is closing')
  signal.addEventListener('abort', stop, { once: true })
  let answer = Buffer.alloc(0)
  socket.on('data', chunk => {
    answer = Buffer.concat([answer, chunk])
    const begin = answer.indexOf(BEGIN)
    const end = answer.indexOf(Buffer.of(END, RETURN), begin + 1)
    if (begin >= 0 && end > begin) resolve(answer.toString('utf8', begin + 1, end))
    else if (answer.length > LONGEST_ANSWER) fail('its answer is endless')
  })
  socket.once('error', error => fail(wordsOf(error)))
  socket.once('close', () => fail('the connection was closed without an answer'))
  try {
    if (signal.aborted) stop()
    else socket.write(Buffer.concat([Buffer.of(BEGIN), Buffer.from(message, 'utf8'), Buffer.of(END, RETURN)]))
    return await promise
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', stop)
    socket.destroy()
  }
}

const WORDS: Record<string, string> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name is not known now',
  EHOSTUNREACH: 'the host is not reached',
  ENETUNREACH: 'the host is not reached',
  ETIMEDOUT: 'the host is not reached',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
}

function wordsOf(error: Error): string {
  return WORDS[errorCode(error)] ?? error.message
}
