import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { type AuditRecord, auditXml } from '../../../shared/audit.ts'
import type { SyslogConfig } from '../../../shared/config.ts'
import { createDisk, errorCode, replaceFile } from '../base/durable.ts'
import type { Log } from '../base/log.ts'
import { parseLine } from './chain.ts'
import { linesOf, recordOf } from './files.ts'
import type { AuditLog } from './log.ts'

export interface SyslogTimes {
  /** RFC 5425 has no acknowledgement: what was written counts as taken when the connection has lived so much longer. */
  settledMs: number
  /** Before the connection is tried again: doubled each time, to the second. */
  retryMs: number
  longestRetryMs: number
  /** Before a person is told. */
  patienceMs: number
  /** Of a handshake. */
  connectMs: number
}

export const SYSLOG_TIMES: SyslogTimes = {
  settledMs: 2_000,
  retryMs: 1_000,
  longestRetryMs: 60_000,
  patienceMs: 10 * 60_000,
  connectMs: 15_000,
}

export interface SyslogOptions {
  folder: string
  config: SyslogConfig
  trail: AuditLog
  log: Log
  times?: Partial<SyslogTimes>
  /** The collector has not been reached for long, in words. */
  unreachable(why: string): void
}

/** Facility 10 (security), severity 5 (notice), 4 (warning): PS3.15 §A.6. */
const NOTICE = 85
const WARNING = 84
/** Messages on their way that may have to be sent again. */
const MOST_UNSETTLED = 5_000
const BOM = '\ufeff'

/** RFC 5424 in the frame of RFC 5425 §4.3 (its length, a space, itself). `sequenceId` (RFC 5424 §7.3.1) tells a repeat. */
export function syslogFrame(record: AuditRecord, host: string, pid: number): Buffer {
  const priority = record.outcome === 0 ? NOTICE : WARNING
  const sequenceId = ((record.seq - 1) % 2_147_483_647) + 1
  const header = `<${priority}>1 ${new Date(record.at).toISOString()} ${host} isocenter ${pid} DICOM+RFC3881`
  const message = Buffer.from(`${header} [meta sequenceId="${sequenceId}"] ${BOM}${auditXml(record)}`)
  return Buffer.concat([Buffer.from(`${message.length} `), message])
}

/** RFC 5424 §6.2.4: printable ASCII, or the nil value. */
function hostOf(name: string): string {
  return name.replaceAll(/[^\x21-\x7e]/g, '').slice(0, 255) || '-'
}

/**
 * Sends the trail to a collector, from the files behind a cursor that is kept: an outage costs nothing, for the files are the spool. What
 * was under way when a connection broke is sent again.
 */
export class Syslog {
  readonly #options: SyslogOptions
  readonly #times: SyslogTimes
  readonly #host = hostOf(hostname())
  readonly #cursorFile: string
  readonly #disk = createDisk()
  /** Everything up to here is at the collector. */
  #sent = 0
  #kept = 0
  #socket: TLSSocket | undefined
  /** Where the record behind the last one that was read begins. */
  #place = { seq: -1, name: '', offset: 0 }
  readonly #stop = new AbortController()
  #wake: (() => void) | undefined
  #closed = false
  #why = ''
  readonly #running: Promise<void>
  readonly #unsubscribe: () => void

  private constructor(options: SyslogOptions, sent: number) {
    this.#options = options
    this.#times = { ...SYSLOG_TIMES, ...options.times }
    this.#cursorFile = cursorFile(options.folder)
    this.#sent = sent
    this.#kept = sent
    this.#unsubscribe = options.trail.onWritten(() => this.#wake?.())
    this.#running = this.#run()
  }

  static async open(options: SyslogOptions): Promise<Syslog> {
    const text = await readFile(cursorFile(options.folder), 'utf8').catch(error => {
      if (errorCode(error) !== 'ENOENT') throw error
      return '0'
    })
    const sent = Number(text)
    // What cannot be read makes it begin anew: rather twice than never.
    return new Syslog(options, Number.isSafeInteger(sent) && sent >= 0 ? sent : 0)
  }

  /** How far the collector has it, and why it is not further; '' while it is reached. */
  get state(): { to: string; sent: number; trouble: string } {
    const { host, port } = this.#options.config
    return { to: `${host}:${port}`, sent: this.#sent, trouble: this.#why }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#unsubscribe()
    this.#stop.abort()
    this.#socket?.destroy()
    this.#wake?.()
    await this.#running
    await this.#keep().catch(() => {})
  }

  async #run(): Promise<void> {
    const { log, unreachable, config } = this.#options
    let failures = 0
    let since = performance.now()
    let told = false
    while (!this.#closed) {
      // Nobody is called for nothing.
      if (this.#sent >= this.#options.trail.at.seq) {
        this.#why = ''
        await this.#somethingNew()
        since = performance.now()
        continue
      }
      const before = this.#sent
      try {
        await this.#converse()
      } catch (error) {
        this.#why = error instanceof Error ? error.message : String(error)
      }
      if (this.#closed) return
      if (this.#sent > before) {
        failures = 0
        since = performance.now()
        told = false
      }
      if (!told && performance.now() - since >= this.#times.patienceMs) {
        told = true
        log.warn({ host: config.host, port: config.port, reason: this.#why }, 'the audit collector is not reached')
        unreachable(this.#why)
      }
      await this.#pause(Math.min(this.#times.retryMs * 2 ** Math.min(failures++, 16), this.#times.longestRetryMs))
    }
  }

  /** One connection, as long as it lives. Rejects with the reason of its end. */
  async #converse(): Promise<void> {
    const socket = await this.#connect()
    this.#socket = socket
    this.#why = ''
    const { promise: broken, reject } = Promise.withResolvers<never>()
    broken.catch(() => {})
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the collector closed the connection')))
    socket.resume()
    const unsettled: Array<{ seq: number; at: number }> = []
    const settle = async (all: boolean) => {
      const until = performance.now() - this.#times.settledMs
      while (unsettled[0] && (all || unsettled[0].at <= until)) this.#sent = unsettled.shift()!.seq
      await this.#keep()
    }
    try {
      let written = this.#sent
      for (;;) {
        for await (const record of this.#behind(written)) {
          if (!socket.write(syslogFrame(record, this.#host, process.pid))) {
            await Promise.race([new Promise(resolve => socket.once('drain', resolve)), broken])
          }
          written = record.seq
          unsettled.push({ seq: written, at: performance.now() })
          if (unsettled.length >= MOST_UNSETTLED) await Promise.race([this.#pause(this.#times.settledMs), broken])
          if (unsettled.length % 256 === 0) await settle(false)
          if (this.#closed) return
        }
        const settled = unsettled.length > 0 ? [this.#pause(this.#times.settledMs)] : []
        await Promise.race([...settled, this.#somethingNew(written), broken])
        await settle(false)
        if (this.#closed) return
      }
    } finally {
      this.#socket = undefined
      socket.destroy()
    }
  }

  async #connect(): Promise<TLSSocket> {
    const { host, port, caFile, certFile, keyFile } = this.#options.config
    const read = (file: string | undefined) => (file === undefined ? undefined : readFile(file))
    const [ca, cert, key] = await Promise.all([read(caFile), read(certFile), read(keyFile)])
    const given = Object.fromEntries(Object.entries({ ca, cert, key }).filter(([, pem]) => pem !== undefined))
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, minVersion: 'TLSv1.2', ...given })
      const late = setTimeout(() => socket.destroy(new Error('no TLS connection in time')), this.#times.connectMs)
      const failed = (error: Error) => {
        clearTimeout(late)
        reject(error)
      }
      socket.once('error', failed)
      socket.once('secureConnect', () => {
        clearTimeout(late)
        socket.off('error', failed)
        resolve(socket)
      })
    })
  }

  /** The records behind a number, as far as they are on the disk. */
  async *#behind(seq: number): AsyncGenerator<AuditRecord> {
    const { folder, trail } = this.#options
    const { files } = trail.extent
    const first = files.findLastIndex(([name]) => Number(name.slice(6, 21)) <= seq + 1)
    for (const [name, end] of files.slice(Math.max(0, first))) {
      const known = this.#place.seq === seq && this.#place.name === name
      for await (const { text, next } of linesOf(path.join(folder, name), known ? this.#place.offset : 0, end)) {
        const line = parseLine(text)
        if (!line || line.seq <= seq) continue
        this.#place = { seq: line.seq, name, offset: next }
        const record = recordOf(line)
        if (record) yield record
      }
    }
  }

  async #keep(): Promise<void> {
    if (this.#kept === this.#sent) return
    this.#kept = this.#sent
    await replaceFile(this.#disk, this.#cursorFile, String(this.#kept))
  }

  /** As long, or to the end. */
  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { ref: false, signal: this.#stop.signal }).catch(() => {})
  }

  /** Something is in the trail behind that record. */
  async #somethingNew(seq = this.#sent): Promise<void> {
    while (!this.#closed && this.#options.trail.at.seq <= seq) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}

function cursorFile(folder: string): string {
  return path.join(folder, 'syslog-sent')
}
