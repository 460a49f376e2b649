import { z } from 'zod'
import { aeTitle, node, tls } from './config.ts'

/** Where a C-ECHO to a node came to: each step includes those before it. */
const echoStep = z.enum(['name', 'host', 'port', 'dicom', 'association', 'echo', 'works'])

/** What came of calling a node, in words a person can act on. */
export const echoAnswer = z.object({
  works: z.boolean(),
  /** Where it stopped: the name was not found, the host not reached, nobody listened, no DICOM was answered, … */
  step: echoStep,
  sentence: z.string(),
  /** What to change, and where; '' when it works. */
  remedy: z.string(),
  /** From the connection to the answer. */
  milliseconds: z.int(),
  /** The peer's implementation version name; '' when it gave none. */
  implementation: z.string(),
  at: z.number(),
})
export type EchoAnswer = z.infer<typeof echoAnswer>

/** What is called: a node of the configuration, or one that is being written. */
export const nodeAddress = node.pick({ AET: true, host: true, port: true, tls: true, certificates: true })
export type NodeAddress = z.input<typeof nodeAddress>

/** One way in which associations with one peer failed, however often. Never a patient's name. */
export const finding = z.object({
  id: z.string().max(64),
  /** We called the peer. */
  outgoing: z.boolean(),
  /** The peer's AE title; '' where it did not come to say it. */
  AET: z.string().max(64),
  /** Its address; host and port of what we called. */
  address: z.string().max(300),
  sentence: z.string().max(2000),
  /** What to change, and where. */
  remedy: z.string().max(2000),
  count: z.int().positive(),
  first: z.number(),
  last: z.number(),
  /** What a try after the last failure said. */
  replayed: z.object({ at: z.number(), works: z.boolean(), sentence: z.string().max(2000) }).nullable(),
})

/** As the counter tells it. */
export const findingSummary = finding.extend({
  /** It can be tried again: by calling the node, or by what the peer asked for and today's settings. */
  replayable: z.boolean(),
})
export type FindingSummary = z.infer<typeof findingSummary>

const uid = z.string().max(64)

/** What of an association request (PS3.8 §9.3.2) decides how it is answered. */
export const recordedRequest = z.object({
  protocolVersion: z.int(),
  calledAET: z.string().max(16),
  callingAET: z.string().max(16),
  applicationContext: uid,
  contexts: z.array(z.object({ id: z.int(), abstractSyntax: uid, transferSyntaxes: z.array(uid).max(300) })).max(128),
  roles: z.array(z.object({ SOPClassUID: uid, scu: z.boolean(), scp: z.boolean() })).max(300),
  commonExtended: z.array(z.object({ SOPClassUID: uid, ServiceClassUID: uid })).max(300),
})
export type RecordedRequest = z.infer<typeof recordedRequest>

/** A line of the doctor's file. */
export const recordedFinding = finding.extend({
  /** Of what we called: the node's name lets it be found again when its address was corrected. */
  node: nodeAddress.extend({ name: z.string().max(64) }).nullable(),
  /** The last one; null where there was none, or it is too long to be kept. */
  request: recordedRequest.nullable(),
})
export type RecordedFinding = z.infer<typeof recordedFinding>

const text = z.string().max(64).default('')
const date = z
  .string()
  .regex(/^(\d{8})?$/)
  .default('')

/** What to look for on another archive; all that is given must match. Dates as YYYYMMDD, '' = open. */
export const studySearch = z
  .object({ name: text, PatientID: text, AccessionNumber: text, from: date, to: date })
  .refine(
    ({ name, PatientID, AccessionNumber, from, to }) =>
      `${name}${PatientID}${AccessionNumber}${from}${to}`.trim() !== '',
    {
      message: 'nothing is said of what to look for',
    },
  )
export type StudySearch = z.output<typeof studySearch>

/** A study as another archive describes it; '' where it says nothing. */
export const foundStudy = z.object({
  StudyInstanceUID: z.string(),
  PatientName: z.string(),
  /** BCP 47 language of the name's script; '' when the character set says nothing. */
  lang: z.string(),
  PatientID: z.string(),
  IssuerOfPatientID: z.string(),
  PatientBirthDate: z.string(),
  PatientSex: z.string(),
  StudyDate: z.string(),
  StudyTime: z.string(),
  AccessionNumber: z.string(),
  StudyDescription: z.string(),
  ModalitiesInStudy: z.array(z.string()),
  NumberOfStudyRelatedInstances: z.int().nullable(),
})
export type FoundStudy = z.infer<typeof foundStudy>

export const foundStudies = z.object({
  studies: z.array(foundStudy),
  /** Nothing more comes. */
  done: z.boolean(),
  /** It came to its end by itself. */
  complete: z.boolean(),
  /** Why it did not, in words; '' where nothing went wrong. */
  error: z.string(),
})
export type FoundStudies = z.infer<typeof foundStudies>

/** Our own AE titles: the first is the one we call others by. */
export const ownAETs = z.object({ aet: aeTitle, aets: z.array(aeTitle) })

/** What a certificate says of itself. */
export const certificateSummary = z.object({
  /** Common names, where it has them. */
  subject: z.string(),
  issuer: z.string(),
  from: z.number(),
  until: z.number(),
  /** SHA-256, in the spelling of a node's `certificates`. */
  fingerprint: z.string(),
})
export type CertificateSummary = z.infer<typeof certificateSummary>

/** The station's TLS: what is configured, and what has come of it. Never a key. */
export const tlsStatus = z.object({
  /** null: there is none. */
  settings: tls.nullable(),
  /** Where it listens; null: it does not. */
  port: z.int().nullable(),
  /** Ours, and those whose signature is believed. */
  certificate: certificateSummary.nullable(),
  trusted: z.array(certificateSummary),
  /** Why there is no TLS although it is configured, in words; '' where nothing is wrong. */
  error: z.string(),
})
export type TlsStatus = z.infer<typeof tlsStatus>

/** A PEM file of the station's machine, or its text, which the station then keeps in a file of its own. */
const pemSource = z.union([
  z.strictObject({ file: z.string().trim().min(1).max(4096) }),
  z.strictObject({
    pem: z
      .string()
      .trim()
      .startsWith('-----BEGIN ')
      .max(256 * 1024),
  }),
])
export type PemSource = z.infer<typeof pemSource>

export const tlsWish = tls
  .pick({ listen: true, port: true, profile: true })
  .extend({ certificate: pemSource, key: pemSource, trusted: pemSource })
export type TlsWish = z.output<typeof tlsWish>
