import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import type { OutboxItem, OutboxOutcome, Store } from '../../electron/station/store/index.ts'
import { RANK, type SendRule, sendRule } from '../../shared/sync.ts'
import { CT_IMAGE, ctSlice, newStore, scanner } from './objects.ts'
import { archive, ledger, looked } from './outboxModel.ts'

const STEPS = 220
const LEASE_MS = 60_000
const NAMES = ['a', 'b', 'c']
const RULES: SendRule[][] = [
  [],
  [sendRule.parse({ modalities: ['CT'] })],
  [sendRule.parse({ send: false, modalities: ['CT'] }), sendRule.parse({ urgency: 'offPeak' })],
]

/** Mulberry32: the same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

interface Held {
  destination: string
  item: OutboxItem
}

/** What each archive holds, by SOP Instance UID: of several versions the one that came first, as archives do. */
type Archives = Map<string, Map<string, number>>

/** What a look shows of an item. */
function lookedFor({ contentId, SOPInstanceUID }: OutboxItem, holds: Map<string, number>): OutboxOutcome {
  const there = holds.get(SOPInstanceUID)
  if (there === undefined) return { contentId, state: 'queued', nextAt: 0 }
  if (there === contentId) return { contentId, state: 'confirmed', proof: 'equal' }
  return { contentId, state: 'dead', reason: 'It holds something else under that UID.' }
}

function sent(item: OutboxItem, holds: Map<string, number>): OutboxOutcome {
  if (!holds.has(item.SOPInstanceUID)) holds.set(item.SOPInstanceUID, item.contentId)
  return {
    contentId: item.contentId,
    state: 'sent',
    nextAt: 0,
    attempts: item.attempts + 1,
    sentSha256: 'ab'.repeat(32),
  }
}

interface ContentRow {
  content: number
  Modality: string
  synthetic: 0 | 1
  shown: number
  hidden: number
}

function contentsOf(dataDir: string): ContentRow[] {
  const db = new Database(join(dataDir, 'index.sqlite'), { readonly: true })
  const rows = db
    .prepare<[], ContentRow>(
      `SELECT content.id AS content, Modality, content.synthetic, shown, instance.hidden FROM content
       JOIN instance ON instance.id = content.instance JOIN series ON series.id = instance.series`,
    )
    .all()
  db.close()
  return rows
}

const goes = (rules: SendRule[], { Modality, synthetic }: ContentRow) =>
  synthetic === 0 && (rules.length === 0 || (rules[0]!.send ? Modality === 'CT' : Modality !== 'CT'))

test.each([1, 2, 3])(
  'whatever happens in whatever order (%i), each image goes where it has to, once',
  async seed => {
    const below = numbers(seed)
    const pick = <T>(all: readonly T[]): T | undefined => all[below(all.length)]
    let { store, dataDir } = await newStore()
    const holds: Archives = new Map(NAMES.map(name => [name, new Map<string, number>()]))
    let configured: Array<{ name: string; rules: SendRule[] }> = []
    let held: Array<Held & { until: number }> = []
    const excused = new Set<string>()
    let bin: string[] = []
    let now = Date.now()
    const lease = (destination: string, objects: number): Promise<OutboxItem[]> =>
      store.outbox.lease({ destination, objects, bytes: 1e9, rank: RANK.offPeak, now, until: now + LEASE_MS })

    async function receive(): Promise<void> {
      const [study, series, n, version] = [1 + below(3), 1 + below(2), 1 + below(4), below(4)]
      const values = {
        Modality: series === 1 ? 'CT' : 'SR',
        PatientID: study === 3 && n === 4 ? 'SYNTHETIC' : `ID-${study}`,
        StudyDescription: version === 3 ? 'other' : '',
      }
      const object = ctSlice(n, values, { study, series, size: 4 })
      const receive = store.beginReceive({
        origin: scanner,
        SOPClassUID: CT_IMAGE,
        SOPInstanceUID: object.SOPInstanceUID,
        TransferSyntaxUID: object.TransferSyntaxUID,
        showLatest: below(2) === 0,
      })
      await receive.write(object.bytes)
      await receive.commit()
    }

    /** An archive may have got what nobody could say any more that it got. */
    function mayHaveArrived({ destination, item }: Held): void {
      if (item.state === 'queued' && below(2) === 0) sent(item, holds.get(destination)!)
    }

    function happened({ destination, item }: Held): OutboxOutcome {
      const { contentId, state } = item
      const what = below(4)
      if (state !== 'queued') {
        if (what === 0) return { contentId, state, nextAt: now + 1000, reason: 'no answer' }
        return lookedFor(item, holds.get(destination)!)
      }
      if (what === 0) return { contentId, state, nextAt: now + below(90_000), reason: '503' }
      if (what > 1) return sent(item, holds.get(destination)!)
      mayHaveArrived({ destination, item })
      return { contentId, state: 'unsure', nextAt: now + below(5000), reason: 'reset' }
    }

    async function settleSome(): Promise<void> {
      const one = pick(held)
      if (!one) return
      held = held.filter(other => other !== one)
      await store.outbox.settle(one.destination, [happened(one)])
    }

    async function leaseSome(): Promise<void> {
      const destination = pick(NAMES)!
      for (const item of await lease(destination, 1 + below(4))) {
        // What may be there is looked for before it is sent, and a second version does not follow the first.
        const isThere = holds.get(destination)!.has(item.SOPInstanceUID)
        if (item.state === 'queued' && !excused.has(`${destination} ${item.SOPInstanceUID}`))
          expect(isThere).toBe(false)
        held.push({ destination, item, until: now + LEASE_MS })
      }
    }

    /** A person's word, and a ledger without what was purged, may send what the archive has. */
    function excuse(): void {
      for (const name of NAMES) for (const uid of holds.get(name)!.keys()) excused.add(`${name} ${uid}`)
    }

    const steps: Array<() => Promise<unknown>> = [
      receive,
      receive,
      receive,
      settleSome,
      settleSome,
      settleSome,
      leaseSome,
      leaseSome,
      async () => {
        // Clocks are also set back.
        now += below(4) === 0 ? -below(200_000) : below(90_000)
        for (const one of held.filter(({ until }) => until <= now)) mayHaveArrived(one)
        held = held.filter(({ until }) => until > now)
      },
      () => store.outbox.prioritise(`2.25.1000.${1 + below(3)}`),
      async () => {
        if (below(3) > 0) return
        excuse()
        await store.outbox.retry(pick(NAMES)!)
      },
      async () => {
        const items = [{ StudyInstanceUID: `2.25.1000.${1 + below(3)}` }]
        bin.push(...(await store.remove(items, '', 'anna').catch(() => ({ ids: [] }))).ids)
      },
      async () => {
        const id = pick(bin)
        bin = bin.filter(other => other !== id)
        if (!id) return
        if (below(6) > 0) return void (await store.restore(id, 'anna'))
        excuse()
        await store.purge(id, 'anna')
      },
      async () => {
        if (below(2) > 0) return
        configured = NAMES.filter(() => below(4) > 0).map(name => ({ name, rules: RULES[below(RULES.length)]! }))
        await store.outbox.setDestinations(configured.map(({ name, rules }) => archive(name, { rules })))
      },
      async () => {
        if (below(5) > 0) return
        await store.close()
        ;({ store } = await newStore({ dataDir }))
        held.forEach(mayHaveArrived)
        held = []
        await store.outbox.releaseLeases()
      },
      async () => {
        // An archive loses what it had confirmed, and the audit finds it.
        const name = pick(configured)?.name
        const item = name && pick(await store.outbox.toAudit(name, Number.MAX_SAFE_INTEGER, 100))
        if (!name || !item) return
        holds.get(name)!.delete(item.SOPInstanceUID)
        const lost = { contentId: item.contentId, state: 'queued', nextAt: 0, lost: true, reason: 'gone' } as const
        await store.outbox.settle(name, [lost])
      },
    ]

    async function check(): Promise<void> {
      await looked(dataDir)
      const rows = ledger(dataDir)
      const contents = contentsOf(dataDir)
      for (const { name, rules } of configured) {
        const here = rows.filter(row => row.destination === name)
        const known = new Set(here.map(row => row.content))
        for (const content of contents) {
          if (goes(rules, content)) expect(known).toContain(content.content)
          if (content.synthetic === 1) expect(known).not.toContain(content.content)
        }
        for (const row of here) {
          if (row.state === 'confirmed') expect(holds.get(name)!.get(row.SOPInstanceUID)).toBe(row.content)
        }
      }
    }

    for (let step = 0; step < STEPS; step++) {
      await pick(steps)!()
      if (step % 20 === 19) await check()
    }

    // From here on nothing goes wrong any more: all of it drains.
    configured = NAMES.map(name => ({ name, rules: [] }))
    await store.outbox.setDestinations(NAMES.map(name => archive(name)))
    await check()
    await store.outbox.releaseLeases()
    now += 1e9
    for (const name of NAMES) await drain(store, name, holds.get(name)!)
    await check()
    const contents = new Map(contentsOf(dataDir).map(row => [row.content, row]))
    expect(contents.size).toBeGreaterThan(5)
    for (const row of ledger(dataDir)) {
      const content = contents.get(row.content)!
      expect(['confirmed', 'dead', 'withheld']).toContain(row.state)
      if (row.state === 'withheld') expect(content.hidden).toBeGreaterThan(0)
      const archived = holds.get(row.destination)!.get(row.SOPInstanceUID)
      // What is shown is there, or something else is that was sent before.
      if (content.shown === row.content && content.hidden === 0) expect(archived).toBeDefined()
      if (row.state === 'dead' && row.bar === 0) expect(archived).not.toBe(row.content)
    }

    async function drain(store: Store, name: string, archived: Map<string, number>): Promise<void> {
      while ((await store.outbox.nextDue(name, RANK.offPeak)) !== null) {
        const items = await lease(name, 10)
        if (items.length === 0) now = Math.max(now, (await store.outbox.nextDue(name, RANK.offPeak)) ?? 0)
        const outcomes = items.map(item => (item.state === 'queued' ? sent(item, archived) : lookedFor(item, archived)))
        await store.outbox.settle(name, outcomes)
      }
    }
  },
  120_000,
)
