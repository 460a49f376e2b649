import { z } from 'zod'
import { create } from 'zustand'
import { type HangingProtocol, hangingProtocol } from '../../shared/viewing/hanging/rules.ts'
import { userSetting } from '../userSetting.ts'

const side = z.int().min(1).max(4)
const protocolList = z.array(z.json()).catch([])
const readable = (one: unknown): HangingProtocol[] => {
  const parsed = hangingProtocol.safeParse(one)
  return parsed.success ? [parsed.data] : []
}

/** Written by whatever version: what cannot be read is as new; a protocol that cannot be read costs no other. */
const stored = z.object({
  /** Studies are hung by protocol as they are opened. */
  automatic: z.boolean().catch(true),
  /** The reader's own: before those that ship. */
  protocols: protocolList.transform(all => all.flatMap(readable)),
  /** Which stage a window but the first shows, by protocol and window: 'ct-chest 2'. */
  windows: z.record(z.string().max(80), z.int().min(0).max(11)).catch({}),
  /** The layout chosen last where no protocol hung, by modality, window and display: 'US 2 1920x1080'. The newest stands last. */
  layouts: z.record(z.string().max(80), z.object({ rows: side, columns: side })).catch({}),
})
type Stored = z.infer<typeof stored>
const withProtocols = z.object({ protocols: protocolList })

/** What a reader has set about hanging, in every window. */
export const useHangingRules = create<Stored>(() => ({ automatic: true, protocols: [], windows: {}, layouts: {} }))

const setting = userSetting(
  'hanging',
  value => stored.parse(value ?? {}),
  useHangingRules.setState,
  (rules, before) => {
    // Another version's, that this one cannot read, stay where they are.
    const others = withProtocols.parse(before ?? {}).protocols.filter(one => readable(one).length === 0)
    return { ...rules, protocols: [...rules.protocols, ...others] }
  },
)

/** Resolves when the reader's rules are here, or cannot be had now. */
export const hangingRulesAreHere = setting.here

/** Reads the rules. Returns what stops asking. */
export const followHangingRules = setting.follow

/**
 * At once here, and for good in the station and in every window. Protocols that the station has by then and this page never saw are of
 * another workstation of the reader's: they stay. What fails is said.
 */
export function setHangingRules(change: Partial<Stored>): Promise<void> {
  const { protocols: seen } = useHangingRules.getState()
  return setting.choose(rules => {
    const known = new Set([...seen, ...(change.protocols ?? [])].map(({ id }) => id))
    const unseen = rules.protocols.filter(({ id }) => !known.has(id))
    const windows = { ...rules.windows, ...change.windows }
    return { ...rules, ...change, windows, ...(change.protocols && { protocols: [...change.protocols, ...unseen] }) }
  })
}

/** A protocol of the reader's in the place of the one with its id, else as the newest. */
export function keepProtocol(protocol: HangingProtocol): Promise<void> {
  const { protocols } = useHangingRules.getState()
  const known = protocols.some(({ id }) => id === protocol.id)
  return setHangingRules({
    protocols: known ? protocols.map(one => (one.id === protocol.id ? protocol : one)) : [protocol, ...protocols],
  })
}

const MOST_LAYOUTS = 200

/** The layout that studies of a modality open in where no protocol says otherwise, at one window and display. */
export function keepLayoutAt(place: string, layout: { rows: number; columns: number }): Promise<void> {
  return setting.choose(rules => {
    const { [place]: _, ...others } = rules.layouts
    return { ...rules, layouts: Object.fromEntries([...Object.entries(others), [place, layout]].slice(-MOST_LAYOUTS)) }
  })
}

/** Undone by what it resolves with. */
export async function forgetLayouts(places: readonly string[]): Promise<() => Promise<void>> {
  const { layouts: before } = useHangingRules.getState()
  await setting.choose(rules => ({
    ...rules,
    layouts: Object.fromEntries(Object.entries(rules.layouts).filter(([place]) => !places.includes(place))),
  }))
  return () => setting.choose(rules => ({ ...rules, layouts: { ...before, ...rules.layouts } }))
}
