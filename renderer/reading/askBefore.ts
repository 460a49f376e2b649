import { z } from 'zod'
import { create } from 'zustand'
import { userSetting } from '../userSetting.ts'

/** Written by whatever version: what cannot be read is as new. */
const stored = z.object({ askBefore: z.boolean().catch(false) }).catch({ askBefore: false })

/** Whether marking a study as read asks first where images were not seen. */
export const useAskBefore = create<{ askBefore: boolean }>(() => ({ askBefore: false }))

const setting = userSetting(
  'reading',
  value => stored.parse(value),
  useAskBefore.setState,
  now => now,
)

export const followAskBefore = setting.follow

export function chooseAskBefore(askBefore: boolean): Promise<void> {
  return setting.choose(() => ({ askBefore }))
}
