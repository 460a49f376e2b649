import { serveThread } from '../../base/thread.ts'
import { createVolumeFolder, type VolumeData } from './volumeFolder.ts'

serveThread((data: VolumeData) => createVolumeFolder(data))
