import { z } from 'zod'
import { type LanguageChoice, speak, useLanguage } from '../i18n/index.ts'
import { setContrast, useContrast } from '../ui/index.ts'
import { userSetting } from '../userSetting.ts'

/** Written by whatever version: what cannot be read is as new. */
const appearance = z.object({
  language: z.enum(['system', 'en', 'de', 'pseudo']).catch('system'),
  // Unless the user chose: as the system asks for it.
  contrast: z.enum(['system', 'usual', 'high']).catch('system'),
})
type Appearance = z.infer<typeof appearance>

const AT_FIRST: Appearance = { language: 'system', contrast: 'system' }

function hold(next: Appearance): void {
  speak(next.language)
  const asked = matchMedia('(prefers-contrast: more)').matches
  setContrast(next.contrast === 'high' || (next.contrast === 'system' && asked))
}

const setting = userSetting(
  'appearance',
  value => appearance.catch(AT_FIRST).parse(value ?? {}),
  hold,
  now => now,
)

/** Reads how the user has it. Returns what stops asking. */
export function followAppearance(): () => void {
  hold(AT_FIRST)
  return setting.follow()
}

function choose(change: Partial<Appearance>): Promise<void> {
  return setting.choose(now => ({ ...now, ...change }))
}

/** Another language: at once here and in every window, and for good in the station. What fails is said. */
export function chooseLanguage(language: LanguageChoice): void {
  if (language !== useLanguage.getState().choice) void choose({ language })
}

export function toggleContrast(): void {
  void choose({ contrast: useContrast.getState().high ? 'usual' : 'high' })
}
