import { announce } from '../ui/index.ts'
import { Card } from './card.ts'
import { startEngine } from './engine.ts'
import { useSession } from './session.ts'

/**
 * The graphics card can take its context away at any time (sleep, driver restart, another program). The panes are then mounted
 * anew on the CPU at once, as they were, and on the card again when the browser gives it back. Returns what ends the watch.
 */
export function watchGraphics(): () => void {
  const engine = startEngine()
  const canvas = (engine.card ?? engine.resting)?.canvas
  if (canvas === undefined) return () => {}
  const lost = (event: Event) => {
    // Without this the browser never gives it back.
    event.preventDefault()
    useSession.setState({ graphicsLost: true })
    announce('The graphics card has failed: images are drawn without it until it is back')
  }
  const restored = () => {
    // Everything the card knew is gone: programs and textures are made anew.
    const card = Card.open(canvas)
    if (engine.resting === undefined) engine.card = card
    else engine.resting = card
    useSession.setState({ graphicsLost: false })
    announce('The graphics card is back')
  }
  canvas.addEventListener('webglcontextlost', lost)
  canvas.addEventListener('webglcontextrestored', restored)
  return () => {
    canvas.removeEventListener('webglcontextlost', lost)
    canvas.removeEventListener('webglcontextrestored', restored)
  }
}

/** The self-test found that the card draws wrongly (or rightly again): the panes are mounted anew without it, as they were. */
export function restCard(rests: boolean): void {
  const engine = startEngine()
  if (rests && engine.card !== undefined) {
    engine.resting = engine.card
    engine.card = undefined
  } else if (!rests && engine.resting !== undefined) {
    engine.card = engine.resting
    engine.resting = undefined
  }
  useSession.setState({ cardRests: engine.resting !== undefined })
}
