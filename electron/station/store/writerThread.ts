import { serveThread } from '../base/thread.ts'
import { createWriter, type WriterData } from './writer.ts'

serveThread((data: WriterData) => createWriter(data))
