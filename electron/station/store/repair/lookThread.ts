import { serveThread } from '../../base/thread.ts'
import { createLook, type LookData } from './look.ts'

serveThread((data: LookData) => createLook(data))
