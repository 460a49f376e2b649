import { serveThread } from '../base/thread.ts'
import { createObjectFile } from './objectFile.ts'

serveThread(createObjectFile)
