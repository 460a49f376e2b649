import { z } from 'zod'
import { pull } from './pull.ts'

/**
 * Where what arrives has to end up, and what is known of how far it is: the words of the outbox, the custody ledger and the counter.
 * Times are epoch ms, sizes bytes.
 */

const clock = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'a time of day is HH:MM')

/** Of the station's local day; `from` after `to` goes over midnight, equal ones are the whole day. */
const span = z.strictObject({ from: clock, to: clock })
export type TimeSpan = z.infer<typeof span>

/** urgent = before all else; offPeak = only within the destination's quiet hours. */
export const urgency = z.enum(['urgent', 'normal', 'offPeak'])
export type Urgency = z.infer<typeof urgency>

const words = z.array(z.string().trim().min(1).max(64)).min(1).max(100)

/** All that is given must hold, of a list any; letters' case does not matter. */
export const sendRule = z.strictObject({
  urgency: urgency.default('normal'),
  /** false: what it fits does not go there. The first rule that fits decides. */
  send: z.boolean().default(true),
  modalities: words.optional(),
  /** Calling AE titles. */
  sendingAETs: words.optional(),
  /** Our AE titles that were called. */
  receivingAETs: words.optional(),
  /** Each somewhere in the study's or series' description. */
  descriptions: words.optional(),
  stations: words.optional(),
  /** Received then. */
  received: span.optional(),
})
export type SendRule = z.infer<typeof sendRule>

const httpUrl = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .refine(url => !/[?#]|\/\/[^/]*@/.test(url), 'an address without user, query or fragment')

/** How an archive is reached and asked. */
const route = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('dicomweb'),
    /** Of the services, as in https://pacs.example/dicom-web. */
    url: httpUrl,
    /** Orthanc's own interface, where it is one: tells what it holds by checksum. */
    orthanc: httpUrl.optional(),
    /** A file whose text is the Authorization header: no secret stands in the configuration. */
    authorizationFile: z.string().min(1).max(4096).optional(),
    /** PEM of those whose signature on its certificate counts; what the system trusts where it is left out. */
    trustedFile: z.string().min(1).max(4096).optional(),
  }),
  z.strictObject({
    kind: z.literal('dimse'),
    /** A node, by its name. */
    node: z.string().min(1).max(64),
    orthanc: httpUrl.optional(),
    authorizationFile: z.string().min(1).max(4096).optional(),
    trustedFile: z.string().min(1).max(4096).optional(),
  }),
])
export type Route = z.infer<typeof route>

/**
 * How sure it is that an object is there: its own answer lists it, a query finds it, or what it holds is equal to what was sent.
 */
export const proof = z.enum(['listed', 'present', 'equal'])
export type Proof = z.infer<typeof proof>

export const destination = z.strictObject({
  /** For good: the ledger knows it by its name. */
  name: z.string().trim().min(1).max(64),
  route,
  /** The first that fits decides; what none fits does not go there. None at all = everything goes. */
  rules: z.array(sendRule).max(100).default([]),
  /** What has to be shown before an object counts as being there. */
  proof: proof.default('equal'),
  /** Posts or associations at once. */
  concurrency: z.int().min(1).max(8).default(3),
  /** The narrowest that is in force holds. */
  limits: z
    .array(span.extend({ kilobytesPerSecond: z.int().min(1).max(10_000_000) }))
    .max(24)
    .default([]),
  /** The quiet hours. */
  offPeak: span.default({ from: '20:00', to: '06:00' }),
  paused: z.boolean().default(false),
  /** What of it comes here by itself; without it nothing does. */
  pull: pull.optional(),
})
export type Destination = z.infer<typeof destination>

export const destinations = z
  .array(destination)
  .max(16)
  .refine(all => new Set(all.map(one => one.name)).size === all.length, 'two destinations have the same name')

/** What of an object decides whether it goes somewhere. */
export interface RoutedFacts {
  Modality: string
  sendingAET: string
  receivingAET: string
  StudyDescription: string
  SeriesDescription: string
  StationName: string
  /** Epoch ms. */
  received: number
  /** Made by this station to be tried with. */
  synthetic: boolean
}

/** Minutes of the local day, of this moment. */
function minuteOf(at: number): number {
  const date = new Date(at)
  return date.getHours() * 60 + date.getMinutes()
}

function minutes(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
}

/** Whether a moment (epoch ms) lies within a span of the local day. */
export function isWithin({ from, to }: TimeSpan, at: number): boolean {
  const [start, end, now] = [minutes(from), minutes(to), minuteOf(at)]
  if (start === end) return true
  return start < end ? now >= start && now < end : now >= start || now < end
}

const same = (text: string, all: string[]) => all.some(one => one.toLowerCase() === text.trim().toLowerCase())

/** Why a rule does not fit, by the name of the first condition that fails; undefined where it fits. */
function misfit(rule: SendRule, facts: RoutedFacts): keyof SendRule | undefined {
  if (rule.modalities && !same(facts.Modality, rule.modalities)) return 'modalities'
  if (rule.sendingAETs && !same(facts.sendingAET, rule.sendingAETs)) return 'sendingAETs'
  if (rule.receivingAETs && !same(facts.receivingAET, rule.receivingAETs)) return 'receivingAETs'
  if (rule.stations && !same(facts.StationName, rule.stations)) return 'stations'
  if (rule.descriptions) {
    const text = `${facts.StudyDescription}\n${facts.SeriesDescription}`.toLowerCase()
    if (!rule.descriptions.some(word => text.includes(word.toLowerCase()))) return 'descriptions'
  }
  if (rule.received && !isWithin(rule.received, facts.received)) return 'received'
  return undefined
}

/** How an object goes to a destination, and by which of its rules (null: there are none, or none fits). `urgency` null: it does not. */
export function routeOf(
  { rules }: Pick<Destination, 'rules'>,
  facts: RoutedFacts,
): { urgency: Urgency | null; rule: number | null } {
  if (facts.synthetic) return { urgency: null, rule: null }
  if (rules.length === 0) return { urgency: 'normal', rule: null }
  const at = rules.findIndex(rule => misfit(rule, facts) === undefined)
  const rule = rules[at]
  if (!rule) return { urgency: null, rule: null }
  return { urgency: rule.send ? rule.urgency : null, rule: at }
}

/** Of what waits, the smallest goes first. */
export const RANK = { urgent: 0, current: 1, prior: 2, backfill: 3, offPeak: 4 } as const
export type Rank = (typeof RANK)[keyof typeof RANK]

/** How an archive does, as people read it. */
export const destinationState = z.enum(['idle', 'sending', 'waiting', 'paused', 'offline', 'quiet hours'])
export type DestinationState = z.infer<typeof destinationState>

/** A time in which an archive could not be reached, and what was exchanged when it could be again. */
export const outage = z.object({
  from: z.number(),
  until: z.number(),
  /** How often it went away meanwhile, before all was exchanged. */
  times: z.int().default(1),
  /** That went out. */
  images: z.int(),
  /** That had changed there, and came. */
  studies: z.int(),
})
export type Outage = z.infer<typeof outage>

/** What was exchanged of one study after an outage. */
const exchange = z.object({
  StudyInstanceUID: z.string(),
  /** That went out. */
  images: z.int(),
  /** It had changed there, and came. */
  came: z.boolean(),
})
export type Exchange = z.infer<typeof exchange>

/** As the station keeps it: with the first studies of it. */
export const keptOutage = outage.extend({ exchanged: z.array(exchange).default([]) })
export type KeptOutage = z.infer<typeof keptOutage>

/** With whose it is; without a name where it is not here any more. */
export const exchangedStudy = exchange.extend({
  PatientName: z.string(),
  lang: z.string(),
  PatientID: z.string(),
  StudyDate: z.string(),
  StudyDescription: z.string(),
})
export type ExchangedStudy = z.infer<typeof exchangedStudy>

export const destinationSummary = z.object({
  name: z.string(),
  kind: z.enum(['dicomweb', 'dimse']),
  /** Host and port, or the node's name. */
  address: z.string(),
  state: destinationState,
  /** Since when it is in that state. */
  since: z.number(),
  /** Not sent yet. */
  queued: z.int(),
  queuedBytes: z.number(),
  /** Sent, or perhaps sent, and not proved yet. */
  unproved: z.int(),
  confirmed: z.int(),
  /** Refused for good: only a person's word sends them again. */
  dead: z.int(),
  /** When the oldest that waits was received; null where nothing waits. */
  oldest: z.number().nullable(),
  /** Over the last half minute. */
  imagesPerSecond: z.number(),
  bytesPerSecond: z.number(),
  etaSeconds: z.number().nullable(),
  /** What went wrong last, in words; '' = nothing since it last worked. */
  trouble: z.string(),
  /** When it is tried again; null while it works. */
  nextTryAt: z.number().nullable(),
  /** The last ones, the newest last; one that is still made up for grows. */
  outages: z.array(outage),
})
export type DestinationSummary = z.infer<typeof destinationSummary>

/** A study at one destination. */
export const studyCustody = z.object({
  destination: z.string(),
  queued: z.int(),
  unproved: z.int(),
  /** By what it was shown. */
  confirmed: z.object({ listed: z.int(), present: z.int(), equal: z.int() }),
  dead: z.int(),
  /** Deleted or rejected here before it was sent. */
  withheld: z.int(),
  /** Came from there, and were taken away or changed there since: not brought back but by a person's word. */
  gone: z.int(),
  /** Were there, and are neither there nor here any more. */
  lost: z.int(),
})
export type StudyCustody = z.infer<typeof studyCustody>

/** What happened to images of a study at a destination. */
export const custodyEvent = z.object({
  at: z.number(),
  destination: z.string(),
  kind: z.enum(['queued', 'sent', 'confirmed', 'failed', 'dead', 'lost', 'gone', 'retried']),
  images: z.int(),
  /** The proof, or why; in words. Never a patient's name. */
  detail: z.string(),
})
export type CustodyEvent = z.infer<typeof custodyEvent>

export const deadLetter = z.object({
  /** The station's number for this version of the image. */
  contentId: z.int(),
  destination: z.string(),
  at: z.number(),
  attempts: z.int(),
  reason: z.string(),
  StudyInstanceUID: z.string(),
  SOPInstanceUID: z.string(),
  PatientName: z.string(),
  lang: z.string(),
  PatientID: z.string(),
  StudyDate: z.string(),
  StudyDescription: z.string(),
  Modality: z.string(),
})
export type DeadLetter = z.infer<typeof deadLetter>

/** What one destination's rules say of a study. */
export const routeAnswer = z.object({
  destination: z.string(),
  /** Images of it that go there. */
  images: z.int(),
  of: z.int(),
  urgency: urgency.nullable(),
  /** In words: which rule, or why not. */
  why: z.string(),
})
export type RouteAnswer = z.infer<typeof routeAnswer>
