import type { PDFDocumentLoadingTask } from 'pdfjs-dist'
import { fetchAsset } from '../../client.ts'

/** Fonts and character maps that a document may leave out, and decoders: by the name PDF.js asks for. */
const ASSETS = new Map(
  Object.entries(
    import.meta.glob<string>('../../../node_modules/pdfjs-dist/{cmaps,standard_fonts,wasm}/*.{bcmap,pfb,ttf,wasm}', {
      query: '?url',
      import: 'default',
      eager: true,
    }),
  ).map(([file, address]) => [file.slice(file.lastIndexOf('/') + 1), address]),
)

class Assets {
  async fetch({ filename }: { filename: string }): Promise<Uint8Array> {
    const address = ASSETS.get(filename)
    if (address === undefined) throw new Error(`There is no ${filename}.`)
    return fetchAsset(address)
  }
}

/** 64 megapixels: a page scanned at 600 dpi has 35. */
const MOST_IMAGE = 64 * 2 ** 20

let worker: Worker | undefined

/**
 * A PDF document, drawn by PDF.js to canvases: scripts, forms and links of the document are never run. What it is given is its own
 * afterwards. `destroy` frees it.
 */
export async function openPdf(bytes: Uint8Array): Promise<PDFDocumentLoadingTask> {
  const { getDocument, GlobalWorkerOptions, VerbosityLevel } = await import('pdfjs-dist')
  worker ??= new Worker(new URL('./pdfWorker.ts', import.meta.url), { type: 'module', name: 'isocenter-pdf' })
  GlobalWorkerOptions.workerPort = worker
  return getDocument({
    data: bytes.slice(),
    verbosity: VerbosityLevel.ERRORS,
    enableXfa: false,
    useSystemFonts: false,
    useWorkerFetch: false,
    BinaryDataFactory: Assets,
    // Names alone: `Assets` knows where they are.
    cMapUrl: '/',
    standardFontDataUrl: '/',
    wasmUrl: '/',
    maxImageSize: MOST_IMAGE,
  })
}
