import { z } from 'zod'
import { apiKeySummary, newApiKey } from '../apiKeys.ts'
import { aeProfiles, aeTitle, furtherAETs, node, nodes, printers } from '../config.ts'
import {
  echoAnswer,
  findingSummary,
  foundStudies,
  nodeAddress,
  ownAETs,
  studySearch,
  tlsStatus,
  tlsWish,
} from '../network.ts'
import { filmLayout, LONGEST_SIDE } from '../printing/printing.ts'
import { jobSummary, uid } from './common.ts'

export const associationSummary = z.object({
  id: z.int(),
  /** We called the peer. */
  outgoing: z.boolean(),
  callingAET: z.string(),
  calledAET: z.string(),
  address: z.string(),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  /** Images that came, and that the peer took of us. */
  received: z.int(),
  sent: z.int(),
  /** Received. */
  bytes: z.int(),
  /** 'calling', 'waiting for a place', 'open', 'released', 'aborted …' or 'refused: …' in words. */
  outcome: z.string(),
})
export type AssociationSummary = z.infer<typeof associationSummary>

/** A recording of what one AE sent and was answered; `GET /api/captures/<id>` is its pcap file, data sets and all. */
export const captureSummary = z.object({
  id: z.string(),
  AET: z.string(),
  startedAt: z.number(),
  /** null while it runs. */
  endedAt: z.number().nullable(),
  bytes: z.int(),
  /** Why it ended, in words; '' while it runs. */
  ending: z.string(),
})
export type CaptureSummary = z.infer<typeof captureSummary>

/** Other DICOM applications, and who may call. */
export const networkCalls = {
  /** Asks a node, by its name, whether it keeps the study safe (PS3.4 annex J). */
  'commitment.request': {
    in: z.object({ StudyInstanceUID: uid, node: z.string().min(1).max(64) }),
    out: jobSummary,
  },
  /** Open associations first, then the last 200 that ended. */
  'associations.list': { in: z.object({}), out: z.object({ associations: z.array(associationSummary) }) },
  /** Calling AE titles learned from what arrived, the last one first; `stranger`: no node of the configuration as it is now. */
  'peers.list': {
    in: z.object({}),
    out: z.object({
      peers: z.array(
        z.object({
          AET: z.string(),
          address: z.string(),
          firstSeen: z.number(),
          lastSeen: z.number(),
          instances: z.int(),
          stranger: z.boolean(),
        }),
      ),
    }),
  },
  /** How calling AEs are treated. What is set holds from each AE's next association on, and after a restart. */
  'profiles.get': { in: z.object({}), out: aeProfiles },
  'profiles.set': { in: aeProfiles, out: z.object({}) },
  'apiKeys.list': { in: z.object({}), out: z.object({ keys: z.array(apiKeySummary) }) },
  /** `secret` is the key; it is told this once. */
  'apiKeys.make': { in: newApiKey, out: z.object({ key: apiKeySummary, secret: z.string() }) },
  'apiKeys.revoke': { in: z.object({ id: z.string().min(1).max(64) }), out: z.object({}) },
  /** The other DICOM applications we know, with what the last echo to each said since the station started. */
  'nodes.list': {
    in: z.object({}),
    out: z.object({ nodes: z.array(node.extend({ lastEcho: echoAnswer.nullable() })) }),
  },
  /** All of them. Holds from each one's next association on, and after a restart. */
  'nodes.set': { in: z.object({ nodes }), out: z.object({}) },
  /** C-ECHO now, to a node or to one that is being written. A node that does not answer is an answer, too. */
  'node.echo': { in: nodeAddress, out: echoAnswer },
  'aets.get': { in: z.object({}), out: ownAETs },
  'tls.get': { in: z.object({}), out: tlsStatus },
  /** null: none any more. Holds for connections from now on, and after a restart. Rejects with 'bad-certificate', 'port-in-use'. */
  'tls.set': { in: z.object({ wish: tlsWish.nullable() }), out: tlsStatus },
  /** The AE titles this station answers to beside its own. */
  'aets.set': { in: z.object({ aets: furtherAETs }), out: z.object({}) },
  /** Studies to a node, by its AE title. The job's `stored` are those it took. Rejects with 'destination-unknown'. */
  'send.start': { in: z.object({ AET: aeTitle, StudyInstanceUIDs: z.array(uid).min(1).max(500) }), out: jobSummary },
  /** A study from a node. Rejects with 'destination-unknown'. */
  'fetch.start': { in: z.object({ AET: aeTitle, StudyInstanceUID: uid }), out: jobSummary },
  /** Looks for studies on a node; the rows are read with `search.read`. Rejects with 'destination-unknown'. */
  'search.start': { in: z.object({ AET: aeTitle, search: studySearch }), out: z.object({ id: z.string() }) },
  /** What has come behind the first `after` rows. A search that nobody reads for a minute is stopped. */
  'search.read': { in: z.object({ id: z.string().max(64), after: z.int().min(0) }), out: foundStudies },
  'search.stop': { in: z.object({ id: z.string().max(64) }), out: z.object({}) },
  /** The failed associations of the last seven days, the last one first. */
  'doctor.list': { in: z.object({}), out: z.object({ findings: z.array(findingSummary) }) },
  /** Calls the node again, or says what the peer would be answered with today's settings. */
  'doctor.replay': { in: z.object({ id: z.string().max(64) }), out: findingSummary },
  'doctor.dismiss': { in: z.object({ id: z.string().max(64) }), out: z.object({}) },
  'captures.list': { in: z.object({}), out: z.object({ captures: z.array(captureSummary) }) },
  /** Records the AE's associations from the next one on, until stopped or full. One that runs already is returned. */
  'capture.start': {
    in: z.object({ AET: aeTitle, megabytes: z.int().min(1).max(4096).default(256) }),
    out: captureSummary,
  },
  'capture.stop': { in: z.object({ id: z.string().max(64) }), out: captureSummary },
  /** Deletes the file, too. */
  'capture.remove': { in: z.object({ id: z.string().max(64) }), out: z.object({}) },
  'print.printers': { in: z.object({}), out: z.object({ printers }) },
  /** All of them, from now on and after a restart. */
  'print.setPrinters': { in: z.object({ printers }), out: z.object({}) },
  /** So many films for a printer, by its name; their pictures follow one by one. Rejects with 'destination-unknown'. */
  'print.begin': {
    in: z.object({ printer: z.string().max(64), layout: filmLayout, films: z.int().min(1).max(100) }),
    out: z.object({ id: z.string() }),
  },
  /**
   * Rows of a picture from `row` on, in their order until all are there: 8-bit levels as displayed, base64, grey or R, G, B by pixel. A picture in one call
   * would hold up the station's loop. `place` counts from 0, row by row. Rejects with 'not-found', 'too-large', 'bad-request'.
   */
  'print.picture': {
    in: z.object({
      id: z.string().max(64),
      film: z.int().min(0).max(99),
      place: z.int().min(0).max(63),
      Rows: z.int().min(1).max(LONGEST_SIDE),
      Columns: z.int().min(1).max(LONGEST_SIDE),
      SamplesPerPixel: z.union([z.literal(1), z.literal(3)]),
      row: z
        .int()
        .min(0)
        .max(LONGEST_SIDE - 1),
      pixels: z.string(),
    }),
    out: z.object({}),
  },
  /** Prints what was given; `StudyInstanceUIDs`: whose pictures they are. Rejects with 'not-found'. */
  'print.start': {
    in: z.object({ id: z.string().max(64), StudyInstanceUIDs: z.array(uid).min(1).max(100) }),
    out: jobSummary,
  },
} as const
