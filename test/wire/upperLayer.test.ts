import { expect, test } from 'vitest'
import type { State, UpperLayerEvent } from '../../electron/station/wire/stateTable.ts'
import { UpperLayer } from '../../electron/station/wire/upperLayer.ts'
import { EVENTS, STATES, standardAction } from './standard.ts'

type Role = 'requestor' | 'acceptor'

const OPEN: Record<Role, UpperLayerEvent[]> = {
  requestor: ['associateRequest', 'connected', 'gotAC'],
  acceptor: ['connectedTo', 'gotRQ', 'accept'],
}

/** A legal way into each state, by the role that can be there. */
const WAYS: Record<State, [Role, ...UpperLayerEvent[]]> = {
  1: ['acceptor'],
  2: ['acceptor', 'connectedTo'],
  3: ['acceptor', 'connectedTo', 'gotRQ'],
  4: ['requestor', 'associateRequest'],
  5: ['requestor', 'associateRequest', 'connected'],
  6: ['acceptor', ...OPEN.acceptor],
  7: ['requestor', ...OPEN.requestor, 'release'],
  8: ['acceptor', ...OPEN.acceptor, 'gotReleaseRQ'],
  9: ['requestor', ...OPEN.requestor, 'release', 'gotReleaseRQ'],
  10: ['acceptor', ...OPEN.acceptor, 'release', 'gotReleaseRQ'],
  11: ['requestor', ...OPEN.requestor, 'release', 'gotReleaseRQ', 'releaseResponse'],
  12: ['acceptor', ...OPEN.acceptor, 'release', 'gotReleaseRQ', 'gotReleaseRP'],
  13: ['acceptor', ...OPEN.acceptor, 'gotReleaseRQ', 'releaseResponse'],
}

function inState(state: State): UpperLayer {
  const [role, ...events] = WAYS[state]
  const layer = new UpperLayer(role)
  for (const event of events) layer.take(event)
  expect(layer.state).toBe(state)
  return layer
}

/** PS3.8 tables 9-6 to 9-9, once more: the PDU an action sends by itself, what it does to ARTIM, where it leads. */
const ABORT_AS_USER = '07000000000400000000'
const ABORT_AS_PROVIDER = '07000000000400000205'
const EFFECTS: Record<string, { sends?: string; artim?: 'start' | 'stop'; closes?: true; next: State }> = {
  'AA-1': { sends: ABORT_AS_USER, artim: 'start', next: 13 },
  'AA-2': { artim: 'stop', closes: true, next: 1 },
  'AA-3': { closes: true, next: 1 },
  'AA-4': { next: 1 },
  'AA-5': { artim: 'stop', next: 1 },
  'AA-6': { next: 13 },
  'AA-7': { sends: ABORT_AS_PROVIDER, next: 13 },
  'AA-8': { sends: ABORT_AS_PROVIDER, artim: 'start', next: 13 },
}

const PAIRS = EVENTS.flatMap(([event]) => STATES.map(state => ({ event, state, action: standardAction(event, state) })))

test('the table has 13 × 19 cells, and more than half of what can happen is against the protocol', () => {
  expect(PAIRS).toHaveLength(13 * 19)
  expect(PAIRS.filter(({ action }) => action && action in EFFECTS).length).toBeGreaterThan(100)
})

test.each(PAIRS.filter(({ action }) => action && action in EFFECTS))(
  '$event in Sta$state is answered by $action',
  ({ event, state, action }) => {
    const layer = inState(state)
    // Reason 5, unexpected PDU parameter: any would do, as long as it comes through.
    const step = layer.take(event, { reason: 5 })
    const { sends, artim, closes, next } = EFFECTS[action ?? '']!
    expect(step.pdus.map(pdu => pdu.toString('hex'))).toEqual(sends ? [sends] : [])
    expect(step.action.artim).toBe(artim)
    expect(step.action.close).toBe(closes)
    expect(layer.state).toBe(next)
  },
)

test.each(PAIRS.filter(({ action }) => !action))('$event cannot happen in Sta$state', ({ event, state }) => {
  const layer = inState(state)
  expect(layer.can(event)).toBe(false)
  expect(() => layer.take(event)).toThrow(`nothing for ${event} in Sta${state}`)
  expect(layer.state).toBe(state)
})

test('an abort without a reason says: not specified', () => {
  expect(inState(6).take('invalidPdu').pdus[0]?.toString('hex')).toBe('07000000000400000200')
})
