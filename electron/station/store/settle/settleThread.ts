import { serveThread } from '../../base/thread.ts'
import { createSettle, type SettleData } from './settle.ts'

serveThread((data: SettleData) => createSettle(data))
