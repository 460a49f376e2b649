import { cache, init as initCore, metaData, RenderingEngine, setUseCPURendering, utilities } from '@cornerstonejs/core'
import dicomImageLoader from '@cornerstonejs/dicom-image-loader'
import { installFrameLoader } from './frameLoader.ts'
import { manifestProvider } from './metadata.ts'

/** Cornerstone keeps the only pixel cache there is; half of what the machine says it has, 256 MB to 2 GB. */
function cacheBytes(): number {
  const gigabytes = 'deviceMemory' in navigator ? Number(navigator.deviceMemory) : 4
  return Math.min(2, Math.max(0.25, gigabytes / 4)) * 2 ** 30
}

/** The name of the GL renderer; '' without WebGL 2. */
function glRenderer(): string {
  const gl = document.createElement('canvas').getContext('webgl2')
  if (gl === null) return ''
  const info = gl.getExtension('WEBGL_debug_renderer_info')
  const name = String(gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER))
  gl.getExtension('WEBGL_lose_context')?.loseContext()
  return name
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
  /** On the graphics card; absent where the page draws by itself (cpuScreen.ts). */
  engine: RenderingEngine | undefined
}

let started: Engine | undefined

/** Starts Cornerstone once per page. Its loader's `init` purges caches, so it comes before anything is registered. */
export function startEngine(): Engine {
  if (started !== undefined) return started
  const renderer = glRenderer()
  const rendering = chooseRendering(window.location.search, renderer)
  // A frame that cannot be decoded is told in its tile; it is no fault of the page.
  utilities.logger.coreLog.getLogger('webWorkerManager', 'webWorkerManager').setLevel('silent')
  initCore()
  setUseCPURendering(rendering === 'cpu')
  dicomImageLoader.init({ maxWebWorkers: Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 2) - 1)) })
  cache.setMaxCacheSize(cacheBytes())
  metaData.addProvider(manifestProvider, 10_000)
  installFrameLoader(rendering === 'cpu')
  started = { rendering, renderer, engine: rendering === 'gl' ? new RenderingEngine('isocenter') : undefined }
  return started
}
