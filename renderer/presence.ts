import { call } from './client.ts'
import { afterPicture } from './pictureFirst.ts'

/** The station forgets a window that is silent for 60 s. */
const AGAIN_MS = 20_000

const window = crypto.randomUUID()
let shown = ''
let timer: ReturnType<typeof setInterval> | undefined

async function say(): Promise<void> {
  const mine = shown
  try {
    // Of several that wait behind one picture the last is said: sent together, any of them could come last.
    await afterPicture()
    if (mine !== shown) return
    await call('window.shows', { window, StudyInstanceUID: shown })
  } catch {
    // Unreachable or gone: the study's own place tells it, and it is said again in 20 s.
  }
}

/** Tells the station which study this window shows ('' = none): others see who has it open, and a new one becomes opened. */
export function showsStudy(StudyInstanceUID: string): void {
  if (shown === StudyInstanceUID) return
  shown = StudyInstanceUID
  void say()
  clearInterval(timer)
  if (shown !== '') timer = setInterval(() => void say(), AGAIN_MS)
}
