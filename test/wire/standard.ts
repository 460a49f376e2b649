import type { State, UpperLayerEvent } from '../../electron/station/wire/stateTable.ts'

export const STATES: State[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]

/** PS3.8 table 9-10, written down a second time: per event, the action and the states it stands in. */
const STANDARD: Record<UpperLayerEvent, Array<[action: string, ...states: State[]]>> = {
  associateRequest: [['AE-1', 1]],
  connected: [['AE-2', 4]],
  gotAC: [
    ['AA-1', 2],
    ['AE-3', 5],
    ['AA-8', 3, 6, 7, 8, 9, 10, 11, 12],
    ['AA-6', 13],
  ],
  gotRJ: [
    ['AA-1', 2],
    ['AE-4', 5],
    ['AA-8', 3, 6, 7, 8, 9, 10, 11, 12],
    ['AA-6', 13],
  ],
  connectedTo: [['AE-5', 1]],
  gotRQ: [
    ['AE-6', 2],
    ['AA-8', 3, 5, 6, 7, 8, 9, 10, 11, 12],
    ['AA-7', 13],
  ],
  accept: [['AE-7', 3]],
  reject: [['AE-8', 3]],
  sendData: [
    ['DT-1', 6],
    ['AR-7', 8],
  ],
  gotData: [
    ['AA-1', 2],
    ['DT-2', 6],
    ['AR-6', 7],
    ['AA-8', 3, 5, 8, 9, 10, 11, 12],
    ['AA-6', 13],
  ],
  release: [['AR-1', 6]],
  gotReleaseRQ: [
    ['AA-1', 2],
    ['AR-2', 6],
    ['AR-8', 7],
    ['AA-8', 3, 5, 8, 9, 10, 11, 12],
    ['AA-6', 13],
  ],
  gotReleaseRP: [
    ['AA-1', 2],
    ['AR-3', 7, 11],
    ['AR-10', 10],
    ['AA-8', 3, 5, 6, 8, 9, 12],
    ['AA-6', 13],
  ],
  releaseResponse: [
    ['AR-4', 8, 12],
    ['AR-9', 9],
  ],
  abort: [
    ['AA-2', 4],
    ['AA-1', 3, 5, 6, 7, 8, 9, 10, 11, 12],
  ],
  gotAbort: [
    ['AA-2', 2, 13],
    ['AA-3', 3, 5, 6, 7, 8, 9, 10, 11, 12],
  ],
  disconnected: [
    ['AA-5', 2],
    ['AA-4', 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    ['AR-5', 13],
  ],
  artimExpired: [['AA-2', 2, 13]],
  invalidPdu: [
    ['AA-1', 2],
    ['AA-8', 3, 5, 6, 7, 8, 9, 10, 11, 12],
    ['AA-7', 13],
  ],
}

export const EVENTS = Object.entries(STANDARD).filter(
  (entry): entry is [UpperLayerEvent, (typeof STANDARD)[UpperLayerEvent]] => Object.hasOwn(STANDARD, entry[0]),
)

/** What a peer can bring about by sending. */
export const RECEIVED = [
  'gotAC',
  'gotRJ',
  'gotRQ',
  'gotData',
  'gotReleaseRQ',
  'gotReleaseRP',
  'gotAbort',
  'invalidPdu',
] as const satisfies UpperLayerEvent[]

export function standardAction(event: UpperLayerEvent, state: State): string | undefined {
  return STANDARD[event].find(([, ...states]) => states.includes(state))?.[0]
}
