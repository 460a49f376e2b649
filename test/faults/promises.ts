import { z } from 'zod'

/** Who decides. */
export const USER = 'anna'

/** What a sender and the store said to each other, in order: one line each. */
const saidSchema = z.discriminatedUnion('kind', [
  /** This data set goes to the store, under this UID. */
  z.object({
    kind: z.literal('sending'),
    SOPInstanceUID: z.string(),
    StudyInstanceUID: z.string(),
    sha256: z.string(),
  }),
  /** Its sender was answered Success: from now on nothing may lose it. */
  z.object({ kind: z.literal('stored'), SOPInstanceUID: z.string(), sha256: z.string() }),
  /** A decision is asked for; one at a time. */
  z.object({
    kind: z.literal('deciding'),
    what: z.enum(['reading', 'priority', 'draft', 'setting']),
    StudyInstanceUID: z.string(),
    value: z.string(),
  }),
  /** It was answered. */
  z.object({ kind: z.literal('decided') }),
])
export type Said = z.infer<typeof saidSchema>
export type Deciding = Extract<Said, { kind: 'deciding' }>

/** What a vault owes to those it has answered, and what else it may have. */
export interface Promises {
  /** By SOP Instance UID the SHA-256 of each data set sent under it, and whether it was answered. */
  objects: Map<string, { StudyInstanceUID: string; versions: Map<string, { stored: boolean }> }>
  /** By what was decided on: the last answered value, and those asked for later. Where nothing was answered all may be. */
  decisions: Map<string, { on: Deciding; allowed: string[]; answered: boolean }>
}

export function promisesOf(lines: string[]): Promises {
  const promises: Promises = { objects: new Map(), decisions: new Map() }
  let deciding: Deciding | undefined
  for (const line of lines) {
    const said = saidSchema.parse(JSON.parse(line))
    switch (said.kind) {
      case 'sending': {
        const { SOPInstanceUID, StudyInstanceUID, sha256 } = said
        const object = promises.objects.get(SOPInstanceUID) ?? { StudyInstanceUID, versions: new Map() }
        promises.objects.set(SOPInstanceUID, object)
        if (!object.versions.has(sha256)) object.versions.set(sha256, { stored: false })
        break
      }
      case 'stored': {
        const version = promises.objects.get(said.SOPInstanceUID)?.versions.get(said.sha256)
        if (!version) throw new Error(`${said.SOPInstanceUID} was answered and never sent`)
        version.stored = true
        break
      }
      case 'deciding': {
        deciding = said
        const key = keyOf(said)
        const known = promises.decisions.get(key) ?? { on: said, allowed: [], answered: false }
        promises.decisions.set(key, { ...known, allowed: [...known.allowed, said.value] })
        break
      }
      case 'decided':
        if (!deciding) throw new Error('a decision was answered and never asked for')
        promises.decisions.set(keyOf(deciding), { on: deciding, allowed: [deciding.value], answered: true })
        break
    }
  }
  return promises
}

function keyOf({ what, StudyInstanceUID }: Deciding): string {
  return `${what} ${StudyInstanceUID}`
}
