import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { errorPage } from './pages.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.pfb': 'application/octet-stream',
  '.bcmap': 'application/octet-stream',
  '.txt': 'text/plain; charset=utf-8',
  '.dcm': 'application/dicom',
}

/** A file of the built renderer; `pathname` as in the URL. Nothing outside `rendererDir` is ever opened. */
export async function staticFile(rendererDir: string, pathname: string): Promise<Response> {
  const relative = pathname === '/' ? '/index.html' : safeDecode(pathname)
  if (relative === undefined || relative.includes('\0') || relative.includes('\\')) return errorPage('not-found')
  const root = path.resolve(rendererDir)
  const file = path.resolve(root, `.${relative}`)
  const type = TYPES[path.extname(file)]
  if (!file.startsWith(root + path.sep) || !type) return errorPage('not-found')
  // A folder fails like a missing file.
  const bytes = await readFile(file).catch(() => undefined)
  if (!bytes) return errorPage(pathname === '/' ? 'not-built' : 'not-found')
  // Names under assets/ carry a hash of their content; everything else is asked for anew.
  const cacheControl = relative.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
  return new Response(new Uint8Array(bytes), { headers: { 'content-type': type, 'cache-control': cacheControl } })
}

function safeDecode(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return undefined
  }
}
