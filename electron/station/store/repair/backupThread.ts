import { serveThread } from '../../base/thread.ts'
import { createBackup } from './backup.ts'

serveThread(() => createBackup())
