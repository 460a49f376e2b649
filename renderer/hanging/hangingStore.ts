import { z } from 'zod'
import { create } from 'zustand'
import { type HangingProtocol, hangingProtocol } from '../../shared/viewing/hanging/rules.ts'
import { call, onStationEvent } from '../client.ts'
import { announceFailure } from '../ui/index.ts'

const SETTING = 'hanging'

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
})
type Stored = z.infer<typeof stored>
const withProtocols = z.object({ protocols: protocolList })

/** What a reader has set about hanging, in every window. */
export const useHangingRules = create<Stored>(() => ({ automatic: true, protocols: [], windows: {} }))

const otherWindows = new BroadcastChannel('isocenter-hanging')
let read = false
let reading: Promise<void> | undefined

async function readRules(): Promise<void> {
  const settings = await call('settings.get', {})
  // Chosen here meanwhile: that is newer.
  if (read) return
  read = true
  useHangingRules.setState(stored.parse(settings[SETTING] ?? {}))
}

/** Resolves when the reader's rules are here, or cannot be had now. */
export function hangingRulesAreHere(): Promise<void> {
  if (read) return Promise.resolve()
  reading ??= readRules()
    .catch(() => {})
    .finally(() => {
      reading = undefined
    })
  return reading
}

/** Reads the rules, and takes what another window sets. Returns what stops it. */
export function followHangingRules(): () => void {
  void hangingRulesAreHere()
  const stop = onStationEvent('connection', online => online && void hangingRulesAreHere())
  otherWindows.onmessage = ({ data }) => {
    read = true
    useHangingRules.setState(stored.parse(data))
  }
  return () => {
    otherWindows.onmessage = null
    stop()
  }
}

let keeping = Promise.resolve()

/**
 * At once here, and for good in the station and in every window. Protocols that the station has by then and this page never saw are of
 * another workstation of the reader's: they stay. What fails is said.
 */
export function setHangingRules(change: Partial<Stored>): Promise<void> {
  const { protocols: seen } = useHangingRules.getState()
  const changed = (rules: Stored): Stored => {
    const known = new Set([...seen, ...(change.protocols ?? [])].map(({ id }) => id))
    const unseen = rules.protocols.filter(({ id }) => !known.has(id))
    const windows = { ...rules.windows, ...change.windows }
    return { ...rules, ...change, windows, ...(change.protocols && { protocols: [...change.protocols, ...unseen] }) }
  }
  useHangingRules.setState(changed)
  keeping = keeping.then(async () => {
    try {
      const settings = await call('settings.get', {})
      const before = settings[SETTING] ?? {}
      const rules = changed(stored.parse(before))
      read = true
      useHangingRules.setState(rules)
      otherWindows.postMessage(rules)
      // Another version's, that this one cannot read, stay where they are.
      const others = withProtocols.parse(before).protocols.filter(one => readable(one).length === 0)
      await call('settings.set', { key: SETTING, value: { ...rules, protocols: [...rules.protocols, ...others] } })
    } catch (thrown) {
      announceFailure('It holds in these windows, but could not be kept.', thrown)
    }
  })
  return keeping
}

/** A protocol of the reader's in the place of the one with its id, else as the newest. */
export function keepProtocol(protocol: HangingProtocol): Promise<void> {
  const { protocols } = useHangingRules.getState()
  const known = protocols.some(({ id }) => id === protocol.id)
  return setHangingRules({
    protocols: known ? protocols.map(one => (one.id === protocol.id ? protocol : one)) : [protocol, ...protocols],
  })
}
