import { z } from 'zod'
import { FILM_SIZES, type FilmSize } from './printing/printing.ts'
import { resultTargets } from './reporting/resultTargets.ts'
import { cachePolicy } from './retention.ts'
import { type Destination, destinations } from './sync.ts'

/** AE title: 1–16 characters of the default repertoire, no backslash or control characters, trimmed (PS3.5 §6.2, VR AE). */
export const aeTitle = z
  .string()
  .trim()
  .regex(/^[\x20-\x5b\x5d-\x7e]{1,16}$/, 'an AE title has 1 to 16 printable ASCII characters and no backslash')

const port = z.int().min(0).max(65535)

const seconds = z.number().positive().max(86_400)
const uid = z.string().regex(/^[0-9.]{1,64}$/, 'a UID has 1 to 64 digits and dots')
const uids = z.array(uid).max(100)
/** Bytes of a P-DATA-TF's variable field (PS3.8 §D.1). */
const pduLength = z
  .int()
  .min(4096)
  .max(1024 * 1024)

/**
 * How the station treats one calling AE. What an AE's own profile leaves out is as in `default`, and what that leaves out as in
 * `HOUSE_PROFILE`. The last three are the vault's to read.
 */
const aeProfile = z
  .strictObject({
    /** ARTIM (PS3.8 §9.1.5): a whole association request, or the answer to a release. Before an AE has said its name, `default`'s. */
    answerSeconds: seconds,
    /** In the middle of a message the peer must manage `bytesPerSecond` over this time. */
    messageSeconds: seconds,
    bytesPerSecond: z.int().min(1).max(1_000_000),
    /** Between messages. */
    idleSeconds: seconds,
    /** What we announce, and what we tolerate of a peer that oversteps it. */
    announcedPdu: pduLength,
    toleratedPdu: pduLength,
    /** Taken before all others where they are offered, in this order. */
    preferTransferSyntaxes: uids,
    /** Never taken, whatever else is offered. */
    refuseTransferSyntaxes: uids,
    /** What the peer has to call us: our AE title, our AE title in whatever letters, or anything at all. */
    calledAET: z.enum(['exact', 'anyCase', 'any']),
    /** Of data sets that do not name theirs; '' = the default repertoire (PS3.5 §6.1.2). */
    SpecificCharacterSet: z.string().max(200),
    /** Of Patient IDs that come without one. */
    IssuerOfPatientID: z.string().max(64),
    /** The same SOP Instance UID with another content: which one is shown. All are kept. */
    conflictPolicy: z.enum(['showFirst', 'showLatest']),
  })
  .partial()

export type AeProfile = Required<z.infer<typeof aeProfile>>

const HOUSE_PROFILE: AeProfile = {
  answerSeconds: 30,
  messageSeconds: 60,
  bytesPerSecond: 1024,
  idleSeconds: 600,
  announcedPdu: 128 * 1024,
  toleratedPdu: 1024 * 1024,
  preferTransferSyntaxes: [],
  refuseTransferSyntaxes: [],
  calledAET: 'exact',
  SpecificCharacterSet: '',
  IssuerOfPatientID: '',
  conflictPolicy: 'showFirst',
}

export const aeProfiles = z.strictObject({
  default: aeProfile.default({}),
  byAET: z
    .record(aeTitle, aeProfile)
    .refine(all => Object.keys(all).length <= 10_000, 'at most 10,000 AE titles')
    .default({}),
})
export type AeProfiles = z.infer<typeof aeProfiles>

/** The whole profile of a calling AE; '' = of a peer that has not said its name yet. */
export function profileOf(profiles: AeProfiles, callingAET: string): AeProfile {
  const own = Object.hasOwn(profiles.byAET, callingAET) ? profiles.byAET[callingAET] : undefined
  return { ...HOUSE_PROFILE, ...profiles.default, ...own }
}

const freeBytes = z.int().min(0)

/** What belongs on a volume; all that is given must hold, and a volume with a rule takes nothing else. */
const volumeRule = z
  .strictObject({
    modalities: z.array(z.string().min(1).max(16)).min(1).max(100),
    studyOlderThanDays: z.int().min(0),
    largerThanBytes: z.int().min(0),
  })
  .partial()
export type VolumeRule = z.infer<typeof volumeRule>

/** A disk beside the data folder. Its name is for good: what lies on it is known by it. */
const volume = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'a volume is named with 1 to 32 small letters, digits and hyphens')
    .refine(id => id !== 'data' && id !== 'landing', 'that name is the data folder’s'),
  path: z.string().min(1).max(4096),
  rule: volumeRule.optional(),
})
export type VolumeConfig = z.infer<typeof volume>

/** What a configured node may ask of this station beside echo and store, which are open to all. */
const nodeRight = z.enum(['query', 'retrieve', 'commitment', 'delete'])
export type NodeRight = z.infer<typeof nodeRight>

/** What those may ask that are no nodes. */
const strangers = z.enum(['store', 'echo', 'nothing'])
export type Strangers = z.infer<typeof strangers>

/** Another DICOM application that we know: it may ask more than a stranger, and we may call it. */
export const node = z.strictObject({
  /** What people call it. */
  name: z.string().trim().min(1).max(64),
  AET: aeTitle,
  host: z.string().trim().min(1).max(253),
  port: z.int().min(1).max(65535),
  rights: z.array(nodeRight).max(4).default(['query', 'retrieve', 'commitment']),
  /** Further AE titles that what it sends comes under: many archives send from another one than they are asked at. Rights go by `AET` alone. */
  sendsAs: z.array(aeTitle).max(16).default([]),
  /** The only ones it calls from, as IP addresses; empty = any. */
  addresses: z.array(z.string().trim().min(2).max(45)).max(16).default([]),
  /** It is called over TLS. */
  tls: z.boolean().default(false),
  /** SHA-256 of its certificates. Where there are some, nobody else has its AE title, and without TLS nobody at all. */
  certificates: z
    .array(
      z
        .string()
        .transform(text => text.replaceAll(':', '').toLowerCase())
        .pipe(z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 fingerprint has 64 hexadecimal digits')),
    )
    .max(8)
    .default([]),
})
export type Node = z.infer<typeof node>

/** A DICOM printer, and how films are asked of it (PS3.4 annex H). */
export const printer = node
  .pick({ name: true, AET: true, host: true, port: true, tls: true, certificates: true })
  .extend({
    /** It prints colour (Basic Color Print Management); without, all is sent in grey. */
    color: z.boolean().default(false),
    filmSize: z.enum(Object.keys(FILM_SIZES) as [FilmSize, ...FilmSize[]]).default('14INX17IN'),
    /** (2000,0030); '' = as the printer is set up, here and below. */
    mediumType: z.enum(['', 'PAPER', 'CLEAR FILM', 'BLUE FILM']).default(''),
    /** (2000,0040) */
    destination: z.enum(['', 'MAGAZINE', 'PROCESSOR']).default(''),
    /** (2010,0060): how it makes an image as large as its place on the film. */
    magnification: z.enum(['', 'NONE', 'REPLICATE', 'BILINEAR', 'CUBIC']).default('CUBIC'),
    /**
     * The levels sent are P-values and it is told so: a Presentation LUT of shape IDENTITY (PS3.4 §H.4.9). Without, or where it does not
     * know that, its own set-up decides how dark a level is.
     */
    identity: z.boolean().default(true),
  })
export type Printer = z.output<typeof printer>

export const printers = z
  .array(printer)
  .max(100)
  .refine(all => new Set(all.map(({ name }) => name)).size === all.length, 'two printers have the same name')

/**
 * A program of this machine that is told of the study that is dictated: its full path, then what it is given, word by word. A word such as
 * `{AccessionNumber}` becomes what the study says; no shell ever sees it. Written here by whoever runs the machine, and nowhere else.
 */
const dictationCommand = z.strictObject({
  name: z.string().trim().min(1).max(64),
  argv: z.array(z.string().max(1000)).min(1).max(32),
})
export type DictationCommand = z.infer<typeof dictationCommand>

/** Whether a node calls itself so: by its AE title, or by one that it also sends under. */
export function goesBy({ AET, sendsAs }: Pick<Node, 'AET' | 'sendsAs'>, callingAET: string): boolean {
  return AET === callingAET || sendsAs.includes(callingAET)
}

/** Whether a peer may have the AE title that it calls itself: `certificate` is the SHA-256 of the one it showed. */
export function mayBeCalled(callingAET: string, certificate: string | undefined, known: Node[]): boolean {
  const bound = known.find(one => goesBy(one, callingAET))?.certificates ?? []
  return bound.length === 0 || (certificate !== undefined && bound.includes(certificate))
}

/** Whoever comes under an AE title is one node, or none. */
const noOther = (all: Node[], one: Node) =>
  [one.AET, ...one.sendsAs].every(title => all.every(other => other === one || !goesBy(other, title)))

const noTwo = (all: Node[], key: (one: Node) => string) => new Set(all.map(key)).size === all.length

/** C-MOVE names its destination by AE title alone, so no two nodes have the same. */
export const nodes = z
  .array(node)
  .max(1000)
  .refine(all => all.every(one => noOther(all, one)), 'two nodes have the same AE title')
  .refine(all => noTwo(all, one => one.name), 'two nodes have the same name')

/** Whether a peer is one of the nodes. Its AE title is what it says of itself; addresses bind it. */
export function isNode(callingAET: string, address: string, known: Node[]): boolean {
  const own = known.find(one => goesBy(one, callingAET))
  return own !== undefined && (own.addresses.length === 0 || own.addresses.includes(address))
}

/**
 * Whether images that came so are those of nobody we know: their sender is no node of now. What is fetched from a node comes from its
 * host by name.
 */
export function isStranger(sender: { AET: string; address: string }, known: Node[]): boolean {
  const own = known.find(one => goesBy(one, sender.AET))
  return !isNode(sender.AET, sender.address, known) && own?.host !== sender.address
}

/** Whether a peer may ask for a service that is not open to all. */
export function nodeMay(right: NodeRight, callingAET: string, address: string, known: Node[]): boolean {
  const own = known.find(one => one.AET === callingAET)
  return own?.rights.includes(right) === true && isNode(callingAET, address, known)
}

const file = z.string().min(1).max(4096)

/** DICOM over TLS, both ways, with certificates on both sides (PS3.15 annex B). PEM files. */
export const tls = z.strictObject({
  /** False: nodes are called over TLS, and nobody is listened to. */
  listen: z.boolean().default(true),
  /** A listener of its own beside the plain one; 0 = any free port. */
  port: port.default(2762),
  certificateFile: file,
  keyFile: file,
  /** The certificates of those whose signature on a peer's certificate counts. */
  trustedFile: file,
  /** The suites of BCP 195: as it is now, or with those that it had before 2022 for older devices. */
  profile: z.enum(['rfc9325', 'rfc7525']).default('rfc9325'),
})
export type TlsConfig = z.infer<typeof tls>
export type TlsProfile = TlsConfig['profile']

/** Where the audit trail is sent (RFC 5425): TLS always. PEM files; without `caFile` the authorities of this machine count. */
const syslog = z.strictObject({
  host: z.string().trim().min(1).max(253),
  port: z.int().min(1).max(65535).default(6514),
  caFile: file.optional(),
  /** What we show of ourselves, where the collector asks. */
  certFile: file.optional(),
  keyFile: file.optional(),
})
export type SyslogConfig = z.infer<typeof syslog>

/** Scheme, host and port of a web page, as browsers write it (RFC 6454 §6.2). */
const webOrigin = z
  .string()
  .max(300)
  .regex(
    /^https?:\/\/([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:[0-9]{1,5})?$/,
    'an origin is https://host or https://host:port, in small letters',
  )

/** AE titles that this station answers to beside its own. */
export const furtherAETs = z
  .array(aeTitle)
  .max(16)
  .refine(all => new Set(all).size === all.length, 'an AE title stands there twice')

/** A folder that others write images into. Its id is for good: what was taken of it is remembered by that. */
export const watchedFolder = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,32}$/, 'a watched folder is named with 1 to 32 small letters, digits and hyphens'),
  path: z.string().trim().min(1).max(4096),
  /** What comes there, as people call it. */
  modality: z.string().trim().max(64).optional(),
  /** What becomes of a file that is in the vault. One that is no image, or refused, always stays. */
  onDone: z.enum(['leave', 'move']).default('leave'),
  /** Where it goes then, below the same names as in the folder. */
  movedTo: z.string().trim().min(1).max(4096).optional(),
})
export type WatchedFolder = z.infer<typeof watchedFolder>

/** Each has a thread of its own. */
export const watchedFolders = z
  .array(
    watchedFolder.refine(
      one => one.onDone === 'leave' || one.movedTo !== undefined,
      'it has to be said where files are moved to',
    ),
  )
  .max(32)
  .refine(all => new Set(all.map(({ id }) => id)).size === all.length, 'two watched folders have the same name')

/** The station's configuration, version 1. Defaults < resources < file < environment < command line. */
export const configSchema = z.object({
  version: z.literal(1).default(1),
  aet: aeTitle.default('ISOCENTER'),
  /** 0 = any free port. */
  dimsePort: port.default(11112),
  /** Scanners must reach it: every interface unless told otherwise. */
  dimseHost: z.string().default('0.0.0.0'),
  /** 0 = any free port; fixed by default so that the browser's origin stays the same. */
  httpPort: port.default(11180),
  /** 'os' answers before the bytes are synced: faster, and a power cut loses what was answered in the last seconds. */
  durability: z.enum(['full', 'os']).default('full'),
  /**
   * What is promised to those who ask for storage commitment: that it lies on this station's own disks, read again; and, with
   * `confirmedAt`, that what has to go to that destination is proved to be there. Left out: the first destination, where there is one.
   */
  commitment: z.union([z.literal('local'), z.strictObject({ confirmedAt: z.string().min(1).max(64) })]).optional(),
  /** What has been received becomes a file of its own after so long. */
  settleAfterSeconds: z.number().min(0).max(600).default(60),
  /** Nothing has come of a study for so long: it is judged whether all of it is here. */
  judgeAfterSeconds: z.number().min(1).max(3600).default(20),
  /** Stored files are read again at this rate, behind all other work, and compared with their checksums; 0 = never. */
  scrubMegabytesPerSecond: z.number().min(0).max(1000).default(4),
  /** Free bytes of a disk below which it is warned, scanners are sent away, nothing is taken; what is left out goes by its size. */
  watermarks: z.strictObject({ warn: freeBytes, close: freeBytes, refuse: freeBytes }).partial().default({}),
  /** Received images settle there, by rule or where most room is. */
  volumes: z
    .array(volume)
    .max(16)
    .refine(all => new Set(all.map(({ id }) => id)).size === all.length, 'two volumes have the same name')
    .refine(all => new Set(all.map(({ path }) => path)).size === all.length, 'two volumes lie in the same place')
    .default([]),
  /** How many days what is deleted can be taken back before it is purged; 0 = it stays until somebody purges it. */
  binDays: z.int().min(0).max(36_500).default(30),
  /** How calling AEs are treated; changed while the station runs by `profiles.set`. */
  profiles: aeProfiles.default({ default: {}, byAET: {} }),
  aets: furtherAETs.default([]),
  nodes: nodes.default([]),
  /** 'store' is echo and storage; with 'echo' or 'nothing' a scanner is a node, or it is refused. */
  strangers: strangers.default('store'),
  tls: tls.optional(),
  web: z
    .strictObject({
      /** Pages of these may use DICOMweb from a browser, with an API key of their own. */
      origins: z.array(webOrigin).max(100).default([]),
    })
    .default({ origins: [] }),
  /** Nodes, by name, that performed procedure steps (MPPS) and availability notices are handed on to, as they come. */
  mppsTo: z.array(z.string().min(1).max(64)).max(16).default([]),
  availabilityTo: z.array(z.string().min(1).max(64)).max(16).default([]),
  /** The audit trail is kept in the data folder; with `syslog` a collector gets it, too. */
  audit: z.strictObject({ syslog: syslog.optional() }).default({}),
  /** Archives that everything received has to end up on, by rule. */
  destinations: destinations.default([]),
  /** What archives were shown to hold may leave when there is more here than this; without a target nothing does. Changed by `cache.set`. */
  cache: cachePolicy.default({ keepDays: 7 }),
  /** Changed while the station runs by `folders.set`. */
  watchedFolders: watchedFolders.default([]),
  /** Changed while the station runs by `print.setPrinters`. */
  printers: printers.default([]),
  /** Where signed reports go as HL7; changed while the station runs by `results.set`. */
  results: resultTargets.default([]),
  /** The programs that may be started to dictate; readers choose among them by name. None unless they stand here. */
  dictationCommands: z.array(dictationCommand).max(16).default([]),
})

export type Config = z.infer<typeof configSchema>

/** The destination where images have to be proved to be before storage commitment says yes; null: none. */
export function committedAt({ commitment }: Pick<Config, 'commitment'>, known: Destination[]): string | null {
  if (commitment === 'local') return null
  return commitment?.confirmedAt ?? known[0]?.name ?? null
}
