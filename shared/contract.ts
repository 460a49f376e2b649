import { z } from 'zod'
import { centralCalls } from './contract/central.ts'
import { jobSummary, problem } from './contract/common.ts'
import { lifecycleCalls } from './contract/lifecycle.ts'
import { networkCalls } from './contract/network.ts'
import { reportCalls } from './contract/reports.ts'
import { stationCalls } from './contract/station.ts'
import { viewingCalls } from './contract/viewing.ts'
import { worklistCalls } from './contract/worklist.ts'
import { destinationSummary } from './sync.ts'

export * from './contract/central.ts'
export * from './contract/common.ts'
export * from './contract/lifecycle.ts'
export * from './contract/network.ts'
export * from './contract/reports.ts'
export * from './contract/station.ts'
export * from './contract/viewing.ts'
export * from './contract/worklist.ts'

/**
 * The counter's calls: `POST /api/<name>` with JSON in and out. Each call stands once, in the file of its room in `contract/`; the
 * station's handlers and the renderer's client are derived from this table, and a missing handler fails to compile.
 */
export const contract = {
  ...worklistCalls,
  ...viewingCalls,
  ...reportCalls,
  ...lifecycleCalls,
  ...networkCalls,
  ...centralCalls,
  ...stationCalls,
} as const

export type Contract = typeof contract
export type CallName = keyof Contract
/** What a caller passes (defaults may be left out). */
export type CallIn<N extends CallName> = z.input<Contract[N]['in']>
/** What a handler gets (defaults filled in). */
export type CallParsed<N extends CallName> = z.output<Contract[N]['in']>
export type CallOut<N extends CallName> = z.output<Contract[N]['out']>

/** A refused call's body, with the error's HTTP status. */
export const callError = z.object({ code: z.string(), sentence: z.string(), detail: z.string().optional() })
export type CallError = z.infer<typeof callError>

/**
 * `GET /api/events` (server-sent events): `id` is the feed's seq, `event` the name, `data` the JSON. `studies` are coalesced
 * per study to at most five a second; `again` tells a client that lagged to read everything anew.
 */
export const stationEvents = {
  studies: z.object({ seq: z.int(), StudyInstanceUIDs: z.array(z.string()) }),
  job: jobSummary,
  problem: problem,
  associations: z.object({ open: z.int(), receiving: z.int() }),
  /** How destinations do; told at most once a second. */
  sync: z.object({ destinations: z.array(destinationSummary) }),
  again: z.object({ seq: z.int() }),
} as const
export type StationEventName = keyof typeof stationEvents
export type StationEvent<N extends StationEventName> = z.infer<(typeof stationEvents)[N]>
