import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type AuditEvent, type AuditRecord, type AuditSink, auditXml } from '../../../shared/audit.ts'
import type { SyslogConfig } from '../../../shared/config.ts'
import type { Disk } from '../base/durable.ts'
import type { Log } from '../base/log.ts'
import { parseLine, type Verdict } from './chain.ts'
import { Coalescer } from './coalesce.ts'
import { linesBackwards, linesOf, recordOf, verifyFolder } from './files.ts'
import { AuditLog, type Unwritten } from './log.ts'
import { Syslog, type SyslogTimes } from './syslog.ts'

/** How often is looked for what is to be written by now. */
const LOOK_MS = 1_000
/** Nobody waits longer for a disk that hangs. */
const PATIENCE_MS = 2_000
/** Of a page of the list: what a filter looks at. */
const PAGE_BYTES = 4 * 2 ** 20

export interface AuditOptions {
  /** `audit/` of the data folder. */
  folder: string
  log: Log
  /** The station's AE title. */
  aet: string
  version: string
  syslog?: SyslogConfig
  /** Whose study it is; '' where nobody knows. */
  patientOf(StudyInstanceUID: string): Promise<string>
  problem(found: { severity: 'attention' | 'failure'; sentence: string; detail: string }): void
  /** For tests. */
  disk?: Disk
  now?: () => number
  syslogTimes?: Partial<SyslogTimes>
}

export interface AuditPage {
  records: AuditRecord[]
  next: string | null
  last: number
  syslog: { to: string; sent: number; trouble: string } | null
}

export interface Audit extends AuditSink {
  /** Newest first. Throws nothing for an unknown `before`: there is nothing older. */
  list(query: { text: string; limit: number; before?: string | undefined }): Promise<AuditPage>
  verify(): Promise<Verdict>
  /** From a moment to before another (epoch ms), oldest first: a record a line as JSON, or as its message. */
  exported(from: number, to: number, format: AuditFormat): AsyncGenerator<string>
  /** Writes what is gathered so far: whoever knows the patients is about to go. */
  settle(): Promise<void>
  close(): Promise<void>
}

export type AuditFormat = 'ndjson' | 'xml'

/** Opens the trail, and says in it that it goes on. Rejects with the system's error where the folder cannot be had. */
export async function openAudit(options: AuditOptions): Promise<Audit> {
  const { folder, log, aet, problem, now = Date.now } = options
  const { log: trail, recovered } = await AuditLog.open({
    folder,
    disk: options.disk,
    failed(error) {
      log.error({ err: error }, 'the audit trail could not be written')
      problem({
        severity: 'failure',
        sentence:
          'Who reads what cannot be written down: the disk takes no audit records. They wait in memory until it does.',
        detail: folder,
      })
    },
    lost(count) {
      log.error({ count }, 'audit records were lost')
      void record(stationEvent('securityAlert', 4, `${count} records were lost while the disk took none`))
    },
  })
  const coalescer = new Coalescer(aet)
  const underWay = new Set<Promise<void>>()

  // Asked each time: a study may have been moved to another patient.
  const patientOf = async (StudyInstanceUID: string): Promise<string> => {
    try {
      return await options.patientOf(StudyInstanceUID)
    } catch {
      // The vault is not open yet, or no more.
      return ''
    }
  }
  const write = (unwritten: Unwritten, soon: boolean): Promise<void> => {
    const written = complete(unwritten, aet, patientOf).then(whole => trail.append(whole, soon))
    underWay.add(written)
    void written.finally(() => underWay.delete(written))
    return written
  }
  const writeAll = (all: Unwritten[]) => {
    for (const one of all) void write(one, true)
  }
  const record = (event: AuditEvent): Promise<void> =>
    inTime(write({ at: now(), count: 1, event, station: aet }, false))

  if (recovered.missing > 0 || recovered.cut > 0) {
    const sentence =
      recovered.missing > 0
        ? `${recovered.missing} records at the end of the audit trail are missing.`
        : 'The last record of the audit trail was not written as a whole and is set aside.'
    log.warn(recovered, 'the end of the audit trail did not fit')
    problem({ severity: recovered.missing > 0 ? 'failure' : 'attention', sentence, detail: folder })
    const text = `Recording goes on: ${recovered.missing} records missing at the end, ${recovered.cut} bytes cut off and set aside`
    await record({
      ...stationEvent('securityAlert', recovered.missing > 0 ? 8 : 4, text),
      type: 'auditRecordingStarted',
    })
  }
  await record({
    ...stationEvent('applicationActivity', 0, `Isocenter ${options.version}`),
    type: 'applicationStart',
  })
  const looking = setInterval(() => writeAll(coalescer.due(now())), LOOK_MS)
  looking.unref()
  const syslog = options.syslog
    ? await Syslog.open({
        folder,
        config: options.syslog,
        trail,
        log,
        times: options.syslogTimes,
        unreachable(why) {
          problem({
            severity: 'attention',
            sentence: `The collector of the audit trail (${options.syslog?.host}) is not reached: ${why}. Its records are kept here and sent when it is.`,
            detail: '',
          })
        },
      })
    : undefined

  const settle = async () => {
    writeAll(coalescer.all())
    await inTime(Promise.all(underWay))
  }

  return {
    record,
    recordOnce: (key, event) => writeAll(coalescer.once(key, event, now())),
    gather: (session, event, SOPClassUID) => writeAll(coalescer.gather(session, event, SOPClassUID, now())),
    finish: session => writeAll(coalescer.finish(session)),
    async list({ text, limit, before }) {
      const { files } = trail.extent
      const words = text.toLowerCase().split(/\s+/).filter(Boolean)
      const records: AuditRecord[] = []
      const [name = '', offset = ''] = before?.split(':') ?? []
      let left = PAGE_BYTES
      const page = (next: string | null) => ({ records, next, last: trail.at.seq, syslog: syslog?.state ?? null })
      for (const [file, end] of files.toReversed()) {
        if (before !== undefined && file > name) continue
        const from = file === name ? Number(offset) : end
        for await (const line of linesBackwards(path.join(folder, file), from)) {
          left -= line.next - line.offset
          const lower = words.length > 0 ? line.text.toLowerCase() : ''
          const parsed = words.every(word => lower.includes(word)) ? parseLine(line.text) : undefined
          const found = parsed && recordOf(parsed)
          if (found) records.push(found)
          if (records.length >= limit || left <= 0) return page(`${file}:${line.offset}`)
        }
      }
      return page(null)
    },
    verify: () => verifyFolder(folder, trail.extent),
    async *exported(from, to, format) {
      if (format === 'xml') yield '<?xml version="1.0" encoding="UTF-8"?>\n<AuditMessages>\n'
      for (const [file, end] of trail.extent.files) {
        for await (const { text } of linesOf(path.join(folder, file), 0, end)) {
          const line = parseLine(text)
          const found = line && recordOf(line)
          if (!line || !found || found.at < from || found.at >= to) continue
          // As it was hashed: whoever has all of them can follow the chain.
          if (format === 'ndjson') {
            yield `{"hash":"${line.hash}","previous":"${line.previous}","record":${line.json}}\n`
          } else yield `${auditXml(found).replace(/^<\?[^>]*\?>/, '')}\n`
        }
      }
      if (format === 'xml') yield '</AuditMessages>\n'
    },
    settle,
    async close() {
      clearInterval(looking)
      await settle()
      await record({ ...stationEvent('applicationActivity', 0, ''), type: 'applicationStop' })
      await syslog?.close()
      await trail.close()
    },
  }
}

/** When it is done, or when that takes too long. */
async function inTime(done: Promise<unknown>): Promise<void> {
  const given = new AbortController()
  const late = wait(PATIENCE_MS, undefined, { signal: given.signal }).catch(() => {})
  await Promise.race([done, late])
  given.abort()
}

function stationEvent(event: AuditEvent['event'], outcome: AuditEvent['outcome'], text: string): AuditEvent {
  return { event, action: 'E', outcome, door: 'station', text, participants: [] }
}

/** With the patient of its study and the station among those who took part, in the role that is left; nothing longer than it may be. */
async function complete(
  unwritten: Unwritten,
  aet: string,
  patientOf: (StudyInstanceUID: string) => Promise<string>,
): Promise<Unwritten> {
  const { event } = unwritten
  const participants = event.participants.slice(0, 8).map(one => ({
    ...one,
    UserID: cut(one.UserID, 256),
    address: cut(one.address, 256),
  }))
  if (!participants.some(({ role, UserID }) => role === 'application' || UserID === aet)) {
    const roles = new Set(participants.map(({ role }) => role))
    const role = roles.has('source') ? 'destination' : roles.has('destination') ? 'source' : 'application'
    const requestor = !participants.some(one => one.requestor)
    participants.push({ UserID: aet, address: '', requestor, role })
  }
  const study = event.study && {
    ...event.study,
    PatientID: cut(event.study.PatientID || (await patientOf(event.study.StudyInstanceUID)), 256),
  }
  return {
    ...unwritten,
    event: {
      ...event,
      text: cut(event.text, 1000),
      participants,
      ...(study ? { study } : {}),
      ...(event.query ? { query: { ...event.query, id: cut(event.query.id, 1000) } } : {}),
    },
  }
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}
