import { serveThread } from '../base/thread.ts'
import { type PdfPage, writePdf } from './writePdf.ts'

export interface PdfApi {
  write(page: PdfPage): Promise<Uint8Array>
}

serveThread((): PdfApi => ({ write: writePdf }))
