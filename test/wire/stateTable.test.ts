import { expect, test } from 'vitest'
import { actionName, actionOf, type State, type UpperLayerEvent } from '../../electron/station/wire/stateTable.ts'

const STATES: State[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]

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

const EVENTS = Object.entries(STANDARD).filter(
  (entry): entry is [UpperLayerEvent, (typeof STANDARD)[UpperLayerEvent]] => Object.hasOwn(STANDARD, entry[0]),
)

test.each(EVENTS)('%s: every state has the action of PS3.8 table 9-10, or none', (event, actions) => {
  const expected = STATES.map(state => actions.find(([, ...states]) => states.includes(state))?.[0])
  expect(STATES.map(state => actionName(event, state))).toEqual(expected)
})

test('nothing leads out of the table: each action ends in one of the thirteen states', () => {
  for (const [event] of EVENTS) {
    for (const state of STATES) {
      const name = actionName(event, state)
      if (!name) continue
      const { next } = actionOf(name)
      expect(STATES).toEqual(expect.arrayContaining(typeof next === 'number' ? [next] : Object.values(next)))
    }
  }
})

test('whatever a peer may send has an answer in every state in which it can arrive', () => {
  const received: UpperLayerEvent[] = [
    'gotAC',
    'gotRJ',
    'gotRQ',
    'gotData',
    'gotReleaseRQ',
    'gotReleaseRP',
    'gotAbort',
    'invalidPdu',
  ]
  for (const event of received) {
    // Sta1 has no connection, Sta4 not yet one.
    for (const state of STATES.filter(state => state !== 1 && state !== 4))
      expect(actionName(event, state)).toBeDefined()
  }
})
