import { z } from 'zod'
import { call, onStationEvent } from '../client.ts'
import { type LanguageChoice, speak, t, useLanguage } from '../i18n/index.ts'
import { announceFailure, setContrast, useContrast } from '../ui/index.ts'

const SETTING = 'appearance'
/** Written by whatever version: what cannot be read is as new. */
const appearance = z.object({
  language: z.enum(['system', 'en', 'de', 'pseudo']).catch('system'),
  // Unless the user chose: as the system asks for it.
  contrast: z.enum(['system', 'usual', 'high']).catch('system'),
})
type Appearance = z.infer<typeof appearance>

const AT_FIRST: Appearance = { language: 'system', contrast: 'system' }

const otherWindows = new BroadcastChannel('isocenter-appearance')
let read = false
let chosen = AT_FIRST

function hold(next: Appearance): void {
  chosen = next
  speak(next.language)
  const asked = matchMedia('(prefers-contrast: more)').matches
  setContrast(next.contrast === 'high' || (next.contrast === 'system' && asked))
}

async function readAppearance(): Promise<void> {
  if (read) return
  const settings = await call('settings.get', {})
  // Chosen here meanwhile: that is newer.
  if (read) return
  read = true
  hold(appearance.catch(AT_FIRST).parse(settings[SETTING] ?? {}))
}

/** Reads how the user has it, and takes what another window chooses. Returns what stops it. */
export function followAppearance(): () => void {
  hold(chosen)
  const attempt = () => void readAppearance().catch(() => {})
  attempt()
  // A station that was away when the window opened is asked when it is back.
  const stop = onStationEvent('connection', online => online && attempt())
  otherWindows.onmessage = ({ data }) => {
    read = true
    hold(appearance.catch(AT_FIRST).parse(data))
  }
  return () => {
    otherWindows.onmessage = null
    stop()
  }
}

async function choose(change: Partial<Appearance>): Promise<void> {
  read = true
  const next = { ...chosen, ...change }
  hold(next)
  otherWindows.postMessage(next)
  try {
    await call('settings.set', { key: SETTING, value: next })
  } catch (thrown) {
    announceFailure(t('It holds in these windows, but could not be kept.'), thrown)
  }
}

/** Another language: at once here and in every window, and for good in the station. What fails is said. */
export function chooseLanguage(language: LanguageChoice): void {
  if (language !== useLanguage.getState().choice) void choose({ language })
}

export function toggleContrast(): void {
  void choose({ contrast: useContrast.getState().high ? 'usual' : 'high' })
}
