import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { goesBy, type Node } from '../../../shared/config.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import {
  type FindingSummary,
  type RecordedFinding,
  type RecordedRequest,
  recordedFinding,
} from '../../../shared/network.ts'
import { createDisk, errorCode, replaceFile } from '../base/durable.ts'
import type { Log } from '../base/log.ts'
import type { AssociateRequest } from '../wire/pdu.ts'
import { type Diagnosis, diagnose, type Failure, type Own, type Peer } from './diagnosis.ts'
import type { Called } from './outgoing.ts'

const KEPT_MS = 7 * 86_400_000
const MOST_FINDINGS = 500
/** Of one address, so that nobody's guesses at AE titles push out what others have. */
const MOST_OF_ADDRESS = 50
/** Characters of a request as JSON: 128 contexts of four transfer syntaxes have 20,000. */
const LONGEST_REQUEST = 32 * 1024
/** Twice what the bounds above can come to: a longer file is not ours. */
const LONGEST_FILE = 40 * 2 ** 20
/** A peer that tries again and again is not written down each time. */
const WRITE_AFTER_MS = 2000

/** One failure, by whom. */
export interface Seen {
  outgoing: boolean
  AET: string
  /** IP address; of what we called host:port. */
  address: string
  /** What we called. */
  node?: Called
  request?: AssociateRequest | undefined
  failure: Failure
}

interface DoctorOptions {
  /** One finding a line. */
  file: string
  log: Log
  own(): Own
  nodes(): Node[]
}

/**
 * The failed associations of the last seven days, both ways: one line for the same peer and reason. Kept in a file so that a restart,
 * which is what people try first, does not take the evidence away.
 */
export class Doctor {
  readonly #options: DoctorOptions
  readonly #findings: Map<string, RecordedFinding>
  #writeSoon: NodeJS.Timeout | undefined
  #writing = Promise.resolve()

  private constructor(options: DoctorOptions, findings: RecordedFinding[]) {
    this.#options = options
    this.#findings = new Map(findings.map(one => [one.id, one]))
  }

  /** Reads what the station knew; a line that cannot be read is left out. */
  static async open(options: DoctorOptions): Promise<Doctor> {
    const lines = await readLines(options.file, options.log)
    const found = lines.flatMap(line => parse(line) ?? [])
    if (found.length < lines.length) {
      options.log.warn({ lost: lines.length - found.length }, 'lines of the association doctor could not be read')
    }
    return new Doctor(options, found.slice(-MOST_FINDINGS))
  }

  saw(seen: Seen): Diagnosis {
    const { outgoing, AET, address, request, node } = seen
    const diagnosis = this.diagnose(seen)
    const key = [outgoing, AET, address, diagnosis.reason].join('\n')
    const id = createHash('sha256').update(key).digest('hex').slice(0, 16)
    const before = this.#findings.get(id)
    const now = Date.now()
    // Behind all others: the order of the map is that of the last failures.
    this.#findings.delete(id)
    this.#findings.set(id, {
      id,
      outgoing,
      AET,
      address,
      sentence: diagnosis.sentence,
      remedy: diagnosis.remedy,
      count: (before?.count ?? 0) + 1,
      first: before?.first ?? now,
      last: now,
      replayed: null,
      node: node
        ? {
            ...{ name: node.name, AET: node.AET, host: node.host, port: node.port },
            ...{ tls: node.tls ?? false, certificates: node.certificates ?? [] },
          }
        : null,
      request: (request && recordOf(request)) ?? null,
    })
    this.#forget(now)
    this.#changed()
    return diagnosis
  }

  /** What is to be said of a failure, whether or not it is kept. */
  diagnose({ outgoing, AET, address, request, node, failure }: Seen): Diagnosis {
    const name = node?.name ?? this.#nameOf(AET, address)
    const peer: Peer = { outgoing, AET, address, name, calledAET: request?.calledAET ?? '' }
    return diagnose(peer, this.#options.own(), failure)
  }

  /** The last failure first. */
  list(): FindingSummary[] {
    this.#forget(Date.now())
    return [...this.#findings.values()]
      .reverse()
      .map(({ node, request, ...one }) => ({ ...one, replayable: node !== null || request !== null }))
  }

  /** Throws 'not-found'. */
  get(id: string): RecordedFinding {
    const found = this.#findings.get(id)
    if (!found) throw new IsocenterError('not-found', 'no such failed association')
    return found
  }

  /** What a try after the last failure has said. */
  replayed(id: string, works: boolean, sentence: string): void {
    const found = this.#findings.get(id)
    if (!found) return
    found.replayed = { at: Date.now(), works, sentence }
    this.#changed()
  }

  dismiss(id: string): void {
    if (this.#findings.delete(id)) this.#changed()
  }

  /** On the disk when it resolves. */
  async close(): Promise<void> {
    if (this.#writeSoon !== undefined) this.#write()
    await this.#writing
  }

  #nameOf(AET: string, address: string): string {
    const node = this.#options.nodes().find(one => goesBy(one, AET))
    return node?.name ?? (AET ? `${AET} (${address})` : address)
  }

  #forget(now: number): void {
    const all = [...this.#findings.values()]
    const ofAddress = new Map<string, number>()
    for (const [at, { id, address, last }] of all.reverse().entries()) {
      const others = (ofAddress.get(address) ?? 0) + 1
      ofAddress.set(address, others)
      if (now - last > KEPT_MS || at >= MOST_FINDINGS || others > MOST_OF_ADDRESS) this.#findings.delete(id)
    }
  }

  #changed(): void {
    this.#writeSoon ??= setTimeout(() => this.#write(), WRITE_AFTER_MS)
  }

  #write(): void {
    clearTimeout(this.#writeSoon)
    this.#writeSoon = undefined
    const { file, log } = this.#options
    this.#writing = this.#writing
      .then(() =>
        replaceFile(
          createDisk(),
          file,
          [...this.#findings.values()].map(one => `${JSON.stringify(one)}\n`),
        ),
      )
      .catch((error: unknown) => log.warn({ err: error }, 'the association doctor could not write its file'))
  }
}

/** What decides the answer. Of extended negotiation and identities nothing is kept: they may hold anything. */
function recordOf({ user, ...request }: AssociateRequest): RecordedRequest | undefined {
  const { protocolVersion, calledAET, callingAET, applicationContext, contexts } = request
  const { roles, commonExtended = [] } = user
  const record: RecordedRequest = {
    protocolVersion,
    calledAET,
    callingAET,
    applicationContext,
    contexts: contexts.map(({ id, abstractSyntax, transferSyntaxes }) => ({ id, abstractSyntax, transferSyntaxes })),
    roles,
    commonExtended: commonExtended.map(({ SOPClassUID, ServiceClassUID }) => ({ SOPClassUID, ServiceClassUID })),
  }
  return JSON.stringify(record).length <= LONGEST_REQUEST ? record : undefined
}

async function readLines(file: string, log: Log): Promise<string[]> {
  try {
    const { size } = await stat(file)
    if (size > LONGEST_FILE) {
      log.warn({ size }, 'the file of the association doctor is too long to be read')
      return []
    }
    return (await readFile(file, 'utf8')).split('\n').filter(line => line !== '')
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') log.warn({ err: error }, 'the association doctor could not read its file')
    return []
  }
}

function parse(line: string): RecordedFinding | undefined {
  try {
    return recordedFinding.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
