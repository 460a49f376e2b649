import { useEffect } from 'react'
import { create } from 'zustand'
import { type DictationSettings, dictationSettings } from '../../../shared/reporting/dictation.ts'
import { call } from '../../client.ts'
import { windowNumber } from '../../otherWindows.ts'
import { announce, announceFailure } from '../../ui/index.ts'

export const useDictation = create<DictationSettings>(() => dictationSettings.parse({}))

/** The study that was asked for last: an answer for another comes too late. */
let wanted: string | undefined
/** The study that the dictation system was told of last. */
let told: string | undefined

export async function readDictation(): Promise<DictationSettings> {
  const settings = await call('dictation.get', {})
  useDictation.setState(settings)
  return settings
}

/** Throws what the station has against them. */
export async function chooseDictation(settings: DictationSettings): Promise<void> {
  await call('dictation.set', { settings })
  useDictation.setState(settings)
}

/** Tells the dictation system of the study. `asked`: a reader pressed for it, who is told when it is done. */
export async function tellDictation(StudyInstanceUID: string, asked: boolean): Promise<void> {
  wanted = StudyInstanceUID
  try {
    const { kind, url } = await call('dictation.tell', { StudyInstanceUID })
    // What is opened outside must be what is on the screen.
    if (wanted !== StudyInstanceUID) return
    if (kind === 'url' && !(await openOutside(url))) return
    told = StudyInstanceUID
    if (kind !== 'none' && kind !== 'url' && asked) announce('The dictation system was told of this study')
  } catch (thrown) {
    announceFailure('The dictation system was not told of this study.', thrown)
  }
}

/** By a device: of the study that is open, where it was not told of it yet. */
export function dictateOnce(): void {
  const { kind } = useDictation.getState()
  if (kind !== 'none' && wanted !== undefined && wanted !== told) void tellDictation(wanted, true)
}

/** False: a person did not want it. */
async function openOutside(url: string): Promise<boolean> {
  if (window.desktop !== undefined) return window.desktop.openDictation(url)
  const link = document.createElement('a')
  link.href = url
  link.rel = 'noopener noreferrer'
  // A scheme of a program's own leaves the page where it is.
  if (/^https?:/i.test(url)) link.target = '_blank'
  link.click()
  return true
}

/** Of the study that is open in the first window: told as it is opened, where that is wished. */
export function useDictationOf(StudyInstanceUID: string | undefined): void {
  useEffect(() => {
    wanted = StudyInstanceUID
    if (StudyInstanceUID === undefined) return
    readDictation().then(
      ({ kind, whenOpened }) => {
        // A browser opens another page only where somebody pressed.
        const byItself = kind === 'file' || kind === 'command' || (kind === 'url' && window.desktop !== undefined)
        if (whenOpened && byItself && wanted === StudyInstanceUID && windowNumber() === 1)
          void tellDictation(StudyInstanceUID, false)
      },
      () => {
        // Asked again with the next study; that the station is away is said elsewhere.
      },
    )
    return () => {
      wanted = undefined
    }
  }, [StudyInstanceUID])
}
