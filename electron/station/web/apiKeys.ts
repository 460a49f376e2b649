import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { type ApiKeyFile, type ApiKeySummary, apiKeyFile, type Scope } from '../../../shared/apiKeys.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { createDisk, errorCode, replaceFile } from '../base/durable.ts'
import type { Log } from '../base/log.ts'

/** Past it nobody knows any more what they are for. */
const MOST_KEYS = 1000
/** When a key was last used is written down no more often. */
const REMEMBER_MS = 60_000

export interface ApiKeys {
  list(): ApiKeySummary[]
  /** On the disk when it resolves; `secret` is nowhere kept. Rejects with 'too-large'. */
  make(name: string, scopes: Scope[]): Promise<{ key: ApiKeySummary; secret: string }>
  /** It opens nothing from now on. Rejects with 'not-found'. */
  revoke(id: string): Promise<void>
  /** The key that was offered; undefined when there is none such. */
  find(offered: string): ApiKeySummary | undefined
  /** It has just let somebody in. */
  used(id: string): void
  close(): Promise<void>
}

/**
 * The keys beside the station's main one, in `api-keys.json` of the data folder. A file that is none is set aside and told to `damaged`:
 * better no key than a station that does not start.
 */
export async function openApiKeys(dataDir: string, log: Log, damaged: () => void, now = Date.now): Promise<ApiKeys> {
  const file = path.join(dataDir, 'api-keys.json')
  const disk = createDisk()
  let keys = await readKeys(file, damaged)
  let writing = Promise.resolve()
  let rememberedAt = now()

  /** One after the other; each writes what there is when its turn comes. */
  const write = (added: ApiKeyFile['keys'] = []): Promise<void> => {
    const done = writing.then(async () => {
      const content: ApiKeyFile = { version: 1, keys: [...keys, ...added] }
      await replaceFile(disk, file, `${JSON.stringify(content, undefined, 2)}\n`)
      // In force only now: what was shown as made must be there after a restart.
      keys = [...keys, ...added]
    })
    writing = done.catch(() => {})
    return done
  }
  const remember = () => {
    rememberedAt = now()
    return write().catch((error: unknown) => log.warn({ err: error }, 'the last use of keys was not written down'))
  }
  const unremembered = () => keys.some(({ lastUsedAt }) => lastUsedAt !== null && lastUsedAt > rememberedAt)

  return {
    list: () => keys.map(summary),
    async make(name, scopes) {
      if (keys.length >= MOST_KEYS) throw new IsocenterError('too-large', `${MOST_KEYS} keys are the most`)
      const secret = `isocenter_${randomBytes(32).toString('base64url')}`
      const key = { id: randomUUID(), name, scopes: [...new Set(scopes)], createdAt: now(), lastUsedAt: null }
      await write([{ ...key, hash: hashOf(secret) }])
      return { key, secret }
    },
    async revoke(id) {
      if (!keys.some(key => key.id === id)) throw new IsocenterError('not-found', 'no such key')
      keys = keys.filter(key => key.id !== id)
      await write()
    },
    find(offered) {
      const hash = hashOf(offered)
      const found = keys.find(key => key.hash === hash)
      return found && summary(found)
    },
    used(id) {
      const at = now()
      keys = keys.map(key => (key.id === id ? { ...key, lastUsedAt: at } : key))
      if (at - rememberedAt >= REMEMBER_MS) void remember()
    },
    async close() {
      if (unremembered()) await remember()
      await writing
    },
  }
}

function summary({ hash: _, ...shown }: ApiKeyFile['keys'][number]): ApiKeySummary {
  return shown
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

async function readKeys(file: string, damaged: () => void): Promise<ApiKeyFile['keys']> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
  try {
    return apiKeyFile.parse(JSON.parse(text)).keys
  } catch {
    await rename(file, file.replace(/\.json$/, '.damaged.json'))
    damaged()
    return []
  }
}
