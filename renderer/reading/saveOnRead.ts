import { z } from 'zod'
import { create } from 'zustand'
import { userSetting } from '../userSetting.ts'

const stored = z.boolean().catch(true)

/** Whether marking a study as read saves what was marked in it. */
export const useSaveOnRead = create<{ saveOnRead: boolean }>(() => ({ saveOnRead: true }))

const setting = userSetting(
  'saveOnRead',
  value => stored.parse(value),
  saveOnRead => useSaveOnRead.setState({ saveOnRead }),
  now => now,
)

export const followSaveOnRead = setting.follow

export function chooseSaveOnRead(saveOnRead: boolean): Promise<void> {
  return setting.choose(() => saveOnRead)
}
