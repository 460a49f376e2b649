import { z } from 'zod'

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
  /** What has been received becomes a file of its own after so long. */
  settleAfterSeconds: z.number().min(0).max(600).default(60),
  /** Stored files are read again at this rate, behind all other work, and compared with their checksums; 0 = never. */
  scrubMegabytesPerSecond: z.number().min(0).max(1000).default(4),
  /** How many days what is deleted can be taken back before it is purged; 0 = it stays until somebody purges it. */
  binDays: z.int().min(0).max(36_500).default(30),
  /** How calling AEs are treated; changed while the station runs by `profiles.set`. */
  profiles: aeProfiles.default({ default: {}, byAET: {} }),
})

export type Config = z.infer<typeof configSchema>
