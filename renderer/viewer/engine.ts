import { cache, init as initCore, metaData, RenderingEngine, setUseCPURendering, utilities } from '@cornerstonejs/core'
import dicomImageLoader from '@cornerstonejs/dicom-image-loader'
import { decodeForCpu, installFrameLoader } from './frameLoader.ts'
import { manifestProvider } from './metadata.ts'

/** Cornerstone keeps the only pixel cache there is; half of what the machine says it has, 256 MB to 2 GB. */
function cacheBytes(): number {
  const gigabytes = 'deviceMemory' in navigator ? Number(navigator.deviceMemory) : 4
  return Math.min(2, Math.max(0.25, gigabytes / 4)) * 2 ** 30
}

/** The GL renderer's name and the largest image it can hold (pixels of a side); '' and 0 without WebGL 2. */
function glRenderer(): { name: string; largestSide: number } {
  const gl = document.createElement('canvas').getContext('webgl2')
  if (gl === null) return { name: '', largestSide: 0 }
  const info = gl.getExtension('WEBGL_debug_renderer_info')
  const name = String(gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER))
  const largestSide = Number(gl.getParameter(gl.MAX_TEXTURE_SIZE))
  gl.getExtension('WEBGL_lose_context')?.loseContext()
  return { name, largestSide }
}

/**
 * Software GL is slower than Cornerstone's CPU path (34 against 20 images a second at 1200×800, two cores), so it is
 * left for the CPU path unless `?rendering=gl` insists; `?rendering=cpu` forces the CPU path on any machine.
 */
export function chooseRendering(query: string, renderer: string): 'cpu' | 'gl' {
  const asked = new URLSearchParams(query).get('rendering')
  if (asked === 'cpu' || renderer === '') return 'cpu'
  if (asked === 'gl') return 'gl'
  return /swiftshader|llvmpipe|software|basic render/i.test(renderer) ? 'cpu' : 'gl'
}

export interface Engine {
  rendering: 'cpu' | 'gl'
  renderer: string
  /** Pixels of an image's side: larger ones the graphics card would show black. */
  largestSide: number
  /** On the graphics card; absent where the page draws by itself (cpuScreen.ts). */
  engine: RenderingEngine | undefined
}

let started: Engine | undefined

/** Starts Cornerstone once per page. Its loader's `init` purges caches, so it comes before anything is registered. */
export function startEngine(): Engine {
  if (started !== undefined) return started
  const { name: renderer, largestSide: largestTexture } = glRenderer()
  const rendering = chooseRendering(window.location.search, renderer)
  // A frame that cannot be decoded is told in its tile; it is no fault of the page.
  utilities.logger.coreLog.getLogger('webWorkerManager', 'webWorkerManager').setLevel('silent')
  initCore()
  setUseCPURendering(rendering === 'cpu')
  dicomImageLoader.init({ maxWebWorkers: Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 2) - 1)) })
  cache.setMaxCacheSize(cacheBytes())
  metaData.addProvider(manifestProvider, 10_000)
  installFrameLoader(rendering === 'cpu')
  const engine = rendering === 'gl' ? new RenderingEngine('isocenter') : undefined
  const largestSide = rendering === 'gl' ? largestTexture : Number.POSITIVE_INFINITY
  started = { rendering, renderer, largestSide, engine }
  return started
}

/** From now on the page draws by itself. Returns what ends the old engine, when its panes have left it. */
export function leaveGraphicsCard(): () => void {
  const old = started?.engine
  if (started === undefined || old === undefined) return () => {}
  started = { rendering: 'cpu', renderer: started.renderer, largestSide: Number.POSITIVE_INFINITY, engine: undefined }
  decodeForCpu()
  return () => old.destroy()
}
