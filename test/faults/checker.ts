/** A process that checks one folder after the other: each message is asked and answered in turn. */
import { checkVault } from './checkVault.ts'
import { promisesOf } from './promises.ts'

export interface CheckRequest {
  dataDir: string
  /** Lines of promises.ts. */
  said: string[]
  /** How often a store opens it: what the first leaves, the second must find. */
  starts: 1 | 2
}

process.on('message', async (request: CheckRequest) => {
  process.send?.(await checkVault(request.dataDir, promisesOf(request.said), request.starts))
})
