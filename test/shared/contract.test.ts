import { expect, test } from 'vitest'
import { centralCalls } from '../../shared/contract/central.ts'
import { lifecycleCalls } from '../../shared/contract/lifecycle.ts'
import { networkCalls } from '../../shared/contract/network.ts'
import { reportCalls } from '../../shared/contract/reports.ts'
import { stationCalls } from '../../shared/contract/station.ts'
import { viewingCalls } from '../../shared/contract/viewing.ts'
import { worklistCalls } from '../../shared/contract/worklist.ts'
import { contract } from '../../shared/contract.ts'

test('a call stands in one room alone', () => {
  const rooms = [worklistCalls, viewingCalls, reportCalls, lifecycleCalls, networkCalls, centralCalls, stationCalls]
  expect(rooms.flatMap(room => Object.keys(room)).toSorted()).toEqual(Object.keys(contract).toSorted())
})
