import type { CallOut } from '../shared/contract.ts'
import { call } from './client.ts'

let asking: Promise<CallOut<'settings.get'>> | undefined

/**
 * What the station keeps for the user, as it has it now. Rooms that ask at once (a window that opens: nine of them) are one request:
 * the list does not wait behind the others for one of the six connections. Rejects like `call`.
 */
export function keptSettings(): Promise<CallOut<'settings.get'>> {
  asking ??= call('settings.get', {}).finally(() => {
    asking = undefined
  })
  return asking
}
