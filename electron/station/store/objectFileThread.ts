import { serveThread } from '../base/thread.ts'
import { objectFile } from './objectFile.ts'

serveThread(() => objectFile)
