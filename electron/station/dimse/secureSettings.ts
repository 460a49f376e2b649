import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { TlsConfig } from '../../../shared/config.ts'
import { ERRORS, toIsocenterError } from '../../../shared/errors.ts'
import type { CertificateSummary, PemSource, TlsStatus, TlsWish } from '../../../shared/network.ts'
import { createDisk, replaceFile } from '../base/durable.ts'
import type { Log } from '../base/log.ts'
import { certificatesIn, readSecureMaterial, type SecureMaterial } from '../wire/secure.ts'
import type { Dimse } from './index.ts'
import type { FoundProblem } from './openAssociation.ts'

const DAY_MS = 86_400_000
/** A new certificate takes an office some weeks. */
const WARN_MS = 30 * DAY_MS
const MOST_NAMED = 10

interface SecureSettingsOptions {
  /** What the configuration says at the start. */
  settings: TlsConfig | undefined
  /** What was read for it; undefined where it could not be. */
  material: SecureMaterial | undefined
  /** Why it could not. */
  error: string
  dimse: Pick<Dimse, 'tlsPort' | 'setSecure'>
  /** For the texts that were pasted, each in a file that only the station's user can read. */
  folder: string
  /** Keeps what is in force; undefined: none. */
  keep(settings: TlsConfig | undefined): Promise<void>
  problem(found: FoundProblem): void
  log: Log
  now?: () => number
}

/** The station's TLS as a person sees and changes it. Keys come in and never go out. */
interface SecureSettings {
  status(): TlsStatus
  /** In force and kept when it resolves, and only then. Rejects with 'bad-certificate', 'port-in-use'. */
  set(wish: TlsWish | null): Promise<TlsStatus>
  close(): void
}

export function openSecureSettings(options: SecureSettingsOptions): SecureSettings {
  const { dimse, folder, keep, problem, log, now = Date.now } = options
  let { settings, material, error } = options
  let described = describe(material)
  let last: Promise<unknown> = Promise.resolve()

  const status = (): TlsStatus => ({
    settings: settings ?? null,
    port: dimse.tlsPort ?? null,
    ...described,
    error,
  })

  const warn = () => {
    const { certificate, trusted } = described
    if (certificate && certificate.until - now() <= WARN_MS) {
      const sentence = `The certificate of this station ${ends(certificate, now())}: nobody is reached over TLS without a new one.`
      const hasEnded = certificate.until <= now()
      problem({
        severity: hasEnded ? 'failure' : 'attention',
        sentence,
        detail: `SHA-256 ${certificate.fingerprint}`,
      })
    }
    // Of a bundle of authorities some have always just ended: one sentence for them all.
    const late = trusted.filter(one => one.until - now() <= WARN_MS)
    if (late.length > 0) {
      const detail = late.slice(0, MOST_NAMED).map(one => `${one.subject} ${ends(one, now())}`)
      const sentence = `Of the ${trusted.length} certificates that are trusted over TLS ${late.length} ${late.length === 1 ? 'ends' : 'end'} soon or ${late.length === 1 ? 'has' : 'have'} ended.`
      problem({ severity: 'attention', sentence, detail: detail.join('; ') })
    }
  }

  /** The path of what was pasted, or the one that was given. */
  const fileOf = async (what: string, source: PemSource): Promise<string> => {
    if ('file' in source) return source.file
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const file = path.join(folder, `${what}-${randomUUID()}.pem`)
    await replaceFile(createDisk(), file, `${source.pem}\n`)
    return file
  }

  /** What was pasted earlier and is no longer named. */
  const tidy = async () => {
    const named = settings ? [settings.certificateFile, settings.keyFile, settings.trustedFile] : []
    for (const name of await readdir(folder).catch(() => [])) {
      const file = path.join(folder, name)
      if (!named.includes(file)) await rm(file, { force: true })
    }
  }

  const change = async (wish: TlsWish | null): Promise<TlsStatus> => {
    try {
      if (wish === null) {
        await keep(undefined)
        await dimse.setSecure(undefined)
        settings = undefined
        material = undefined
        described = describe(undefined)
      } else {
        const { listen, port, profile } = wish
        const wanted: TlsConfig = {
          listen,
          port,
          profile,
          certificateFile: await fileOf('certificate', wish.certificate),
          keyFile: await fileOf('key', wish.key),
          trustedFile: await fileOf('trusted', wish.trusted),
        }
        const read = await readSecureMaterial(wanted)
        const before = settings && material && { settings, material }
        await dimse.setSecure({ settings: wanted, material: read })
        await keep(wanted).catch(async thrown => {
          // What is not kept would be gone after the next start.
          await dimse.setSecure(before)
          throw thrown
        })
        settings = wanted
        material = read
        described = describe(read)
      }
      error = ''
      log.info({ tls: settings !== undefined, port: dimse.tlsPort }, 'TLS was set')
      warn()
      return status()
    } finally {
      await tidy()
    }
  }

  warn()
  const timer = setInterval(warn, DAY_MS)
  timer.unref()
  return {
    status,
    set(wish) {
      const done = last.then(() => change(wish))
      last = done.catch(() => {})
      return done
    },
    close: () => clearInterval(timer),
  }
}

/** What the certificates say of themselves; what OpenSSL takes and cannot describe is left out. */
function describe(material: SecureMaterial | undefined): Pick<TlsStatus, 'certificate' | 'trusted'> {
  const summaries = (pem: string): CertificateSummary[] => {
    try {
      return certificatesIn(pem)
    } catch {
      return []
    }
  }
  if (!material) return { certificate: null, trusted: [] }
  return { certificate: summaries(material.cert)[0] ?? null, trusted: summaries(material.ca) }
}

function ends({ until }: CertificateSummary, now: number): string {
  const days = Math.ceil((until - now) / DAY_MS)
  const date = new Date(until).toISOString().slice(0, 10)
  return days <= 0 ? `ended on ${date}` : `ends in ${days} ${days === 1 ? 'day' : 'days'} (${date})`
}

/** What the start of a station makes of its configuration: without usable certificates it runs without TLS, and says so. */
export async function readSecureSettings(
  settings: TlsConfig | undefined,
  log: Log,
  problem: (found: FoundProblem) => void,
): Promise<{ material: SecureMaterial | undefined; error: string }> {
  if (!settings) return { material: undefined, error: '' }
  try {
    return { material: await readSecureMaterial(settings), error: '' }
  } catch (thrown) {
    const { detail = '' } = toIsocenterError(thrown)
    log.error({ err: thrown }, 'there is no TLS')
    problem({ severity: 'failure', sentence: ERRORS['bad-certificate'].sentence, detail })
    return { material: undefined, error: `${ERRORS['bad-certificate'].sentence} ${detail}` }
  }
}
