import { serveThread } from '../base/thread.ts'
import { createReader, type ReaderData } from './reader.ts'

serveThread((data: ReaderData) => createReader(data))
