import { z } from 'zod'
import { pullSummary } from '../pull.ts'
import { cachePolicy, KEPT_REASONS } from '../retention.ts'
import {
  custodyEvent,
  deadLetter,
  destination,
  destinationSummary,
  destinations,
  exchangedStudy,
  routeAnswer,
  studyCustody,
} from '../sync.ts'
import { jobSummary, uid } from './common.ts'

/** Archives: what goes there, what comes from there, what may leave here. */
export const centralCalls = {
  /** What would leave now, and why the rest stays. Whether anything leaves by itself is said by the targets. */
  'cache.plan': {
    in: z.object({}),
    out: z.object({
      policy: cachePolicy,
      use: z.object({ bytes: z.number(), free: z.number() }),
      /** The first 200, in the order in which they would leave. */
      goes: z.array(
        z.object({
          StudyInstanceUID: z.string(),
          StudyDate: z.string(),
          images: z.int(),
          bytes: z.number(),
          lastUsed: z.number(),
        }),
      ),
      studies: z.int(),
      frees: z.number(),
      kept: z.array(z.object({ reason: z.enum(KEPT_REASONS), studies: z.int(), bytes: z.number() })),
      short: z.number(),
      /** Images that archives alone have. */
      away: z.object({ images: z.int(), bytes: z.number() }),
    }),
  },
  'cache.set': { in: cachePolicy, out: z.object({}) },
  /** Lets leave what `cache.plan` says, as it is now. */
  'cache.evict': { in: z.object({}), out: z.object({ studies: z.int(), bytes: z.number() }) },
  'destinations.list': { in: z.object({}), out: z.object({ destinations }) },
  /** All of them, from now on. */
  'destinations.set': { in: z.object({ destinations }), out: z.object({}) },
  /** Whether one answers that may not be kept yet; nothing is stored there. One that does not answer is an answer. */
  'destination.try': { in: destination, out: z.object({ works: z.boolean(), words: z.string() }) },
  'sync.status': { in: z.object({}), out: z.object({ destinations: z.array(destinationSummary) }) },
  'sync.pause': { in: z.object({ destination: z.string().max(64), paused: z.boolean() }), out: z.object({}) },
  /** Whatever the back-off; without a destination all of them. */
  'sync.now': { in: z.object({ destination: z.string().max(64).optional() }), out: z.object({}) },
  /** A study's images before all others. */
  'sync.prioritise': { in: z.object({ StudyInstanceUID: uid }), out: z.object({ images: z.int() }) },
  /** Newest first; `before` is the `at` of the last one of the page before. */
  'sync.dead': {
    in: z.object({
      destination: z.string().max(64).optional(),
      /** Of one study: the newest `limit`, in one page. */
      StudyInstanceUID: uid.optional(),
      limit: z.int().min(1).max(500).default(200),
      before: z.number().optional(),
    }),
    out: z.object({ letters: z.array(deadLetter) }),
  },
  /** Sends refused ones again: these, all of a study with what was taken away there, or all of a destination. */
  'sync.retry': {
    in: z.object({
      destination: z.string().max(64),
      contentIds: z.array(z.int().positive()).min(1).max(500).optional(),
      StudyInstanceUID: uid.optional(),
    }),
    out: z.object({ images: z.int() }),
  },
  /** What was exchanged with a destination after an outage, by the end of that: the first studies of it. */
  'sync.exchanged': {
    in: z.object({ destination: z.string().max(64), until: z.number() }),
    out: z.object({ studies: z.array(exchangedStudy) }),
  },
  /** Where a study is, destination by destination, with its history, newest first. */
  'sync.study': {
    in: z.object({ StudyInstanceUID: uid }),
    out: z.object({ custody: z.array(studyCustody), events: z.array(custodyEvent) }),
  },
  /** Where a study would go by these rules. */
  'sync.test': {
    in: z.object({ StudyInstanceUID: uid, destinations }),
    out: z.object({ answers: z.array(routeAnswer) }),
  },
  /** What is here of what the archives have for this station. */
  'pull.status': { in: z.object({}), out: z.object({ archives: z.array(pullSummary) }) },
  /**
   * A study from a destination, before everything else; without one, what of it archives alone have, and what any of them has and this
   * station never had. Rejects with 'destination-unknown', also where no destination gives anything back.
   */
  'pull.study': {
    in: z.object({ destination: z.string().max(64).optional(), StudyInstanceUID: uid }),
    out: jobSummary,
  },
} as const
