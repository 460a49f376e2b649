import { open } from 'node:fs/promises'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Route } from '../../../shared/sync.ts'
import type { WebClientOptions } from '../wire/webClient.ts'

const LONGEST_KEY = 16 * 1024
/** Every authority of a country. */
const LONGEST_PEM = 2 ** 20

/**
 * How requests to an archive prove who asks, and whom they believe: read from their files each time, so that a key that was changed
 * holds from the next request on. What they hold never reaches a log.
 */
export function accessOf({
  authorizationFile,
  trustedFile,
}: Pick<Route, 'authorizationFile' | 'trustedFile'>): Pick<WebClientOptions, 'authorization' | 'trusted'> {
  return {
    async authorization() {
      if (!authorizationFile) return ''
      const text = (await readBounded(authorizationFile, LONGEST_KEY)).trim()
      // What no header can hold would be thrown with its text in it.
      if (!/^[\x20-\x7e]+$/.test(text)) throw new IsocenterError('peer-failed', `${authorizationFile} holds no key`)
      return text
    },
    trusted: async () => (trustedFile ? readBounded(trustedFile, LONGEST_PEM) : ''),
  }
}

async function readBounded(file: string, most: number): Promise<string> {
  try {
    await using handle = await open(file, 'r')
    const buffer = Buffer.alloc(most + 1)
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
    if (bytesRead > most) throw new Error('too long')
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    throw new IsocenterError('peer-failed', `${file} cannot be read`, { cause: error })
  }
}
