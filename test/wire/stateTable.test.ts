import { expect, test } from 'vitest'
import { actionName, actionOf } from '../../electron/station/wire/stateTable.ts'
import { EVENTS, RECEIVED, STATES, standardAction } from './standard.ts'

test.each(EVENTS)('%s: every state has the action of PS3.8 table 9-10, or none', event => {
  const expected = STATES.map(state => standardAction(event, state))
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
  for (const event of RECEIVED) {
    // Sta1 has no connection, Sta4 not yet one.
    for (const state of STATES.filter(state => state !== 1 && state !== 4))
      expect(actionName(event, state)).toBeDefined()
  }
})
