import type { PDFDocumentProxy } from 'pdfjs-dist'
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

/**
 * A PDF document, drawn by PDF.js to canvases: scripts, forms and links of the document are never run. Each has a worker of its own,
 * which ends with it: nothing of one patient's document is there for the next. `close` frees both, also while it still opens.
 */
export async function openPdf(bytes: Uint8Array): Promise<{ opened: Promise<PDFDocumentProxy>; close: () => void }> {
  const { getDocument, PDFWorker, VerbosityLevel } = await import('pdfjs-dist')
  const port = new Worker(new URL('./pdfWorker.ts', import.meta.url), { type: 'module', name: 'isocenter-pdf' })
  const task = getDocument({
    worker: PDFWorker.create({ port }),
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
  const close = () => {
    task
      .destroy()
      .catch(() => {})
      .finally(() => port.terminate())
  }
  return { opened: task.promise, close }
}
