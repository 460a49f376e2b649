import { z } from 'zod'
import { call } from '../client.ts'

const SETTING = 'palette'
/** More than anybody remembers having done. */
const KEPT = 12

const stored = z.object({ recent: z.array(z.string().max(100)).max(KEPT).catch([]) }).catch({ recent: [] })

let recent: readonly string[] = []
let read: Promise<void> | undefined

/** What this user did last by its name, newest first; from the station once, then as it is known here. */
export async function recentActions(): Promise<readonly string[]> {
  read ??= call('settings.get', {}).then(settings => {
    recent = [...new Set([...recent, ...stored.parse(settings[SETTING] ?? {}).recent])].slice(0, KEPT)
  })
  // Asked again by the next palette: an order is nothing to trouble anybody with.
  await read.catch(() => {
    read = undefined
  })
  return recent
}

export function rememberAction(id: string): void {
  recent = [id, ...recent.filter(one => one !== id)].slice(0, KEPT)
  void call('settings.set', { key: SETTING, value: { recent: [...recent] } }).catch(() => {})
}
