import { serveThread } from '../../base/thread.ts'
import { createFolderEyes, type EyesData } from './folderEyes.ts'

serveThread((data: EyesData) => createFolderEyes(data))
