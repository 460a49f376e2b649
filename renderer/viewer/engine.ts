import { cache, init as initCore, utilities } from '@cornerstonejs/core'
import { Card } from './card.ts'
import { startDecoders } from './decode.ts'
import { installFrameLoader } from './frameLoader.ts'

/** Cornerstone keeps the only pixel cache there is; half of what the machine says it has, 256 MB to 2 GB. */
function cacheBytes(): number {
  const gigabytes = 'deviceMemory' in navigator ? Number(navigator.deviceMemory) : 4
  return Math.min(2, Math.max(0.25, gigabytes / 4)) * 2 ** 30
}

/**
 * Software GL is slower than the page itself (34 against 20 images a second at 1200×800, two cores), so it is left for the CPU
 * path unless `?rendering=gl` insists; `?rendering=cpu` forces the CPU path on any machine.
 */
export function chooseRendering(query: string, renderer: string): 'cpu' | 'gl' {
  const asked = new URLSearchParams(query).get('rendering')
  if (asked === 'cpu' || renderer === '') return 'cpu'
  if (asked === 'gl') return 'gl'
  return /swiftshader|llvmpipe|software|basic render/i.test(renderer) ? 'cpu' : 'gl'
}

export interface Engine {
  /** The graphics card's name; '' without WebGL 2. */
  renderer: string
  /** The graphics card that draws; absent where the page draws by itself (cpuScreen.ts). Another one after a loss. */
  card: Card | undefined
  /** A graphics card that failed the self-test: the page draws, and it is tried again by the next one. */
  resting?: Card | undefined
}

let started: Engine | undefined

/** Starts Cornerstone once per page. */
export function startEngine(): Engine {
  if (started !== undefined) return started
  const card = Card.open()
  const renderer = card?.renderer ?? ''
  const rendering = chooseRendering(window.location.search, renderer)
  if (rendering === 'cpu') card?.close()
  // A frame that cannot be decoded is told in its tile; it is no fault of the page.
  utilities.logger.coreLog.getLogger('webWorkerManager', 'webWorkerManager').setLevel('silent')
  initCore()
  cache.setMaxCacheSize(cacheBytes())
  installFrameLoader()
  // Not before there is time: a first picture that needs none of them does not wait for their code.
  requestIdleCallback(startDecoders, { timeout: 2000 })
  started = { renderer, card: rendering === 'gl' ? card : undefined }
  return started
}

/** What draws now. */
export function renderingPath({ card }: Engine): 'cpu' | 'gl' {
  return card === undefined || card.lost ? 'cpu' : 'gl'
}
