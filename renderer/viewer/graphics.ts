import { Enums, eventTarget } from '@cornerstonejs/core'
import { announce } from '../ui/index.ts'
import { leaveGraphicsCard } from './engine.ts'
import { useSession } from './session.ts'

/**
 * The graphics card can take its context away at any time (sleep, driver restart, another program), and what Cornerstone draws
 * after it came back was black (Cornerstone 5.14, tried). So the picture comes back at once and without the card: the panes are
 * mounted anew on the CPU, as they were. Returns what ends the watch.
 */
export function watchGraphics(): () => void {
  const { WEBGL_CONTEXT_LOST } = Enums.Events
  const lost = () => {
    if (useSession.getState().graphicsLost) return
    const endOld = leaveGraphicsCard()
    useSession.setState({ graphicsLost: true })
    announce('The graphics card has failed: images are drawn without it until the next start')
    // Its panes leave it in the next frame of the display.
    setTimeout(endOld, 1000)
  }
  eventTarget.addEventListener(WEBGL_CONTEXT_LOST, lost)
  return () => eventTarget.removeEventListener(WEBGL_CONTEXT_LOST, lost)
}
