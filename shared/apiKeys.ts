import { z } from 'zod'

/** What a key opens. `dictation`: to say that a study was dictated elsewhere, and nothing else. `admin` is everything, the counter's own calls and pages among it; the station's main key has it. */
const scope = z.enum(['read', 'store', 'delete', 'dictation', 'admin'])
export type Scope = z.infer<typeof scope>

/** What a person sees of a key; the key itself is shown once, when it is made. Times are epoch ms. */
export const apiKeySummary = z.object({
  id: z.string().min(1).max(64),
  name: z.string().trim().min(1).max(64),
  scopes: z.array(scope).min(1).max(5),
  createdAt: z.number(),
  lastUsedAt: z.number().nullable(),
})
export type ApiKeySummary = z.infer<typeof apiKeySummary>

/** What is asked for when one is made. */
export const newApiKey = apiKeySummary.pick({ name: true, scopes: true })

/** The file that keeps them: of a key only its SHA-256, which 256 random bits cannot be found from. */
export const apiKeyFile = z.strictObject({
  version: z.literal(1),
  keys: z.array(apiKeySummary.extend({ hash: z.string().regex(/^[0-9a-f]{64}$/) })).max(1000),
})
export type ApiKeyFile = z.infer<typeof apiKeyFile>

/** Whether a key with these scopes may do what needs that one. */
export function allows(scopes: readonly Scope[], needed: Scope): boolean {
  return scopes.includes(needed) || scopes.includes('admin')
}
