import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, readdir, stat, statfs, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { CaptureSummary } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { errorCode } from '../base/durable.ts'
import type { Log } from '../base/log.ts'
import type { Tap } from '../wire/associationOptions.ts'
import type { AssociateRequest } from '../wire/pdu.ts'
import { LONGEST_CONTROL_PDU } from '../wire/pduReader.ts'
import { Pieces } from '../wire/pieces.ts'
import { type Endpoint, PcapConnection, pcapHeader } from './pcap.ts'

/** The oldest ended one goes when one more is begun. */
const MOST_KEPT = 20
/** A disk that lags ends a recording, never an association. */
const MOST_WAITING = 16 * 1024 * 1024
/** Header and padding of an A-ASSOCIATE-RQ come before its items: offsets of the decoder count from the body. */
const PDU_HEADER = 6

interface Recording {
  summary: CaptureSummary
  /** Undefined when it has ended. */
  stream: WriteStream | undefined
  most: number
  done: Promise<void>
}

/** What one association offers to whoever records its AE. */
export interface AssociationTap extends Tap {
  /** The peer has said its name: recorded from its first byte on, or never. */
  identify(request: AssociateRequest): void
  end(): void
}

/**
 * Recordings of what AEs send and are answered, as pcap files that Wireshark opens: whole associations, those that begin after
 * the recording. They hold data sets and so patients: files are the user's own (0600), counted, and bounded. Passcodes and
 * tickets of a user identity are blanked.
 */
export class Captures {
  readonly #folder: string
  readonly #log: Log
  #recordings: Recording[] = []

  private constructor(folder: string, log: Log) {
    this.#folder = folder
    this.#log = log
  }

  /** Those of earlier runs are listed, too. */
  static async open(folder: string, log: Log): Promise<Captures> {
    const captures = new Captures(folder, log)
    const names = await readdir(folder).catch(error => (errorCode(error) === 'ENOENT' ? [] : Promise.reject(error)))
    for (const name of names) {
      const [, at, AET] = /^(\d{1,15})\.([\w-]{1,24})\.pcap$/.exec(name) ?? []
      if (at === undefined || AET === undefined) continue
      const { size, mtimeMs } = await stat(path.join(folder, name))
      captures.#recordings.push({
        summary: {
          id: name.slice(0, -'.pcap'.length),
          AET: Buffer.from(AET, 'base64url').toString('latin1'),
          startedAt: Number(at),
          endedAt: mtimeMs,
          bytes: size,
          ending: 'from an earlier run of the station',
        },
        stream: undefined,
        most: size,
        done: Promise.resolve(),
      })
    }
    return captures
  }

  /** Newest first. */
  list(): CaptureSummary[] {
    return this.#recordings.map(({ summary }) => ({ ...summary })).sort((a, b) => b.startedAt - a.startedAt)
  }

  /** Begins with the AE's next association. The one that already runs is returned as it is. Throws 'disk-full'. */
  async start(AET: string, megabytes: number): Promise<CaptureSummary> {
    const running = this.#running(AET)
    if (running) return { ...running.summary }
    const most = megabytes * 1024 * 1024
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const { bavail, bsize } = await statfs(this.#folder)
    if (bavail * bsize < 2 * most) throw new IsocenterError('disk-full', `a recording of ${megabytes} MB has no room`)
    while (this.#recordings.length >= MOST_KEPT) {
      const oldest = this.list().findLast(({ endedAt }) => endedAt !== null)
      if (!oldest) throw new IsocenterError('bad-request', `${MOST_KEPT} recordings are running already`)
      await this.remove(oldest.id)
    }
    const newest = Math.max(0, ...this.#recordings.map(({ summary }) => summary.startedAt))
    const startedAt = Math.max(Date.now(), newest + 1)
    const id = `${startedAt}.${Buffer.from(AET, 'latin1').toString('base64url')}`
    const stream = createWriteStream(this.#path(id), { flags: 'wx', mode: 0o600 })
    const recording: Recording = {
      summary: { id, AET, startedAt, endedAt: null, bytes: 0, ending: '' },
      stream,
      most,
      done: new Promise(resolve => stream.once('close', () => resolve())),
    }
    stream.on('error', error => {
      this.#log.warn({ err: error, capture: id }, 'a recording could not be written')
      end(recording, `it could not be written (${errorCode(error)})`)
    })
    write(recording, pcapHeader())
    this.#recordings.push(recording)
    this.#log.info({ AET, capture: id }, 'recording what the AE sends')
    return { ...recording.summary }
  }

  /** Its file is complete when this resolves. Throws 'not-found'. */
  async stop(id: string): Promise<CaptureSummary> {
    const recording = this.#find(id)
    end(recording, 'stopped')
    await recording.done
    return { ...recording.summary }
  }

  /** Ends it and deletes its file. Throws 'not-found'. */
  async remove(id: string): Promise<void> {
    const recording = this.#find(id)
    await this.stop(id)
    this.#recordings = this.#recordings.filter(other => other !== recording)
    await unlink(this.#path(id)).catch(error => (errorCode(error) === 'ENOENT' ? undefined : Promise.reject(error)))
  }

  /** Where its file is: of one that still runs, as far as it is. Throws 'not-found'. */
  file(id: string): string {
    return this.#path(this.#find(id).summary.id)
  }

  /** For an association that begins now; undefined while nobody is recorded, so that it costs nothing. */
  tap(peer: Endpoint, own: Endpoint): AssociationTap | undefined {
    if (!this.#recordings.some(({ stream }) => stream)) return undefined
    let early: Pieces | undefined = new Pieces()
    let connection: PcapConnection | undefined
    return {
      received(bytes) {
        // A request that never becomes one is not kept: who sent it is not known.
        if (early && early.length <= LONGEST_CONTROL_PDU) early.add(bytes)
        connection?.received(bytes)
      },
      sent: bytes => connection?.sent(bytes),
      identify: request => {
        const recording = this.#running(request.callingAET)
        if (recording && early) {
          connection = new PcapConnection(packet => write(recording, packet), peer, own)
          const bytes = early.take()
          const identity = request.user.userIdentity
          if (identity) bytes.fill(0x2a, PDU_HEADER + identity.at, PDU_HEADER + identity.at + identity.length)
          connection.received(bytes)
        }
        early = undefined
      },
      end: () => connection?.end(),
    }
  }

  async close(): Promise<void> {
    for (const recording of this.#recordings) end(recording, 'the station was closed')
    await Promise.all(this.#recordings.map(({ done }) => done))
  }

  #running(AET: string): Recording | undefined {
    return this.#recordings.find(({ stream, summary }) => stream && summary.AET === AET)
  }

  #find(id: string): Recording {
    const recording = this.#recordings.find(({ summary }) => summary.id === id)
    if (!recording) throw new IsocenterError('not-found', 'no such recording')
    return recording
  }

  #path(id: string): string {
    return path.join(this.#folder, `${id}.pcap`)
  }
}

function write(recording: Recording, bytes: Buffer): void {
  const { stream, summary, most } = recording
  if (!stream) return
  if (summary.bytes + bytes.length > most) end(recording, 'full')
  else if (stream.writableLength > MOST_WAITING) end(recording, 'the disk could not keep up')
  else {
    summary.bytes += bytes.length
    stream.write(bytes)
  }
}

function end(recording: Recording, how: string): void {
  const { stream, summary } = recording
  if (!stream) return
  recording.stream = undefined
  summary.endedAt = Date.now()
  summary.ending = how
  stream.end()
}
