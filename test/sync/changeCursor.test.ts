import { expect, test } from 'vitest'
import { ChangeReader, type Cursor, readCursor } from '../../electron/station/sync/pull/changeCursor.ts'
import type { ChangeFeed } from '../../electron/station/sync/pull/source.ts'
import { below, createRandom, type Random } from '../faults/random.ts'
import { never } from './harness.ts'

const PAGE = 50
const DAY_MS = 86_400_000

/** An archive with a list of changes as databases make it: numbers are given before they are seen, and begin again when it is made anew. */
class FakeArchive implements ChangeFeed {
  readonly #random: Random
  /** What is there: object to study. */
  objects = new Map<string, string>()
  #changes = new Map<number, { id: string; mark: string }>()
  #unseen = new Map<number, { id: string; mark: string }>()
  #seq = 0
  #number = 0
  /** The share of requests that fail. */
  drops = 0

  constructor(random: Random) {
    this.#random = random
  }

  store(late: boolean): void {
    const id = `object-${++this.#number}`
    this.objects.set(id, `study-${below(this.#random, 40)}-${this.#number % 7}`)
    const at = { id, mark: `${this.#number} NewInstance ${id}` }
    if (late) this.#unseen.set(++this.#seq, at)
    else this.#changes.set(++this.#seq, at)
  }

  commitLate(): void {
    for (const [seq, at] of this.#unseen) this.#changes.set(seq, at)
    this.#unseen.clear()
  }

  renew(): void {
    this.commitLate()
    this.objects.clear()
    this.#changes.clear()
    this.#seq = 0
  }

  forgetChanges(): void {
    this.commitLate()
    this.#changes.clear()
  }

  #answer(): void {
    if (this.#random() < this.drops) throw new Error('dropped')
  }

  async page(since: number) {
    this.#answer()
    const page: Array<{ seq: number; id: string; mark: string }> = []
    let seq = since
    while (seq < this.#seq && page.length < PAGE) {
      const at = this.#changes.get(++seq)
      if (at) page.push({ seq, ...at })
    }
    return { changes: page, last: page.at(-1)?.seq ?? since, done: seq === this.#seq }
  }

  async head() {
    this.#answer()
    let seq = this.#seq
    while (seq > 0 && !this.#changes.has(seq)) seq -= 1
    return { seq, mark: this.#changes.get(seq)?.mark ?? '' }
  }

  async markAt(seq: number) {
    this.#answer()
    return this.#changes.get(seq)?.mark ?? ''
  }

  async studiesOf(ids: string[]) {
    this.#answer()
    return [...new Set(ids.flatMap(id => this.objects.get(id) ?? []))]
  }
}

async function run(seed: number): Promise<void> {
  const random = createRandom(seed)
  const archive = new FakeArchive(random)
  const here = new Set<string>()
  let kept: Cursor = readCursor(undefined)
  let reader = new ChangeReader(archive)
  let now = 1_000_000
  const bring = (studies: Set<string>) => {
    for (const [id, study] of archive.objects) if (studies.has(study)) here.add(id)
  }
  const look = async () => {
    try {
      const seen = await reader.look(kept, now, never)
      if (random() < archive.drops) return // Killed between the look and the cursor.
      bring(new Set(seen.kind === 'everything' ? archive.objects.values() : seen.studies))
      if (random() < archive.drops) return
      kept = readCursor(JSON.parse(JSON.stringify(seen.cursor)))
      reader.done(seen)
    } catch {
      // The next look begins where this one did.
    }
  }
  // So many that a look hardly ever gets through, some, and none.
  archive.drops = [0.2, 0.02, 0][seed % 3] ?? 0
  for (let step = 0; step < 80; step += 1) {
    const many = below(random, 60)
    for (let n = 0; n < many; n += 1) archive.store(random() < 0.1)
    if (random() < 0.5) archive.commitLate()
    if (random() < 0.02) archive.renew()
    if (random() < 0.02) archive.forgetChanges()
    if (random() < 0.1) reader = new ChangeReader(archive)
    now += random() < 0.05 ? (random() - 0.5) * 30 * DAY_MS : 60_000
    await look()
  }
  archive.commitLate()
  archive.drops = 0
  await look()
  const lacking = [...archive.objects.keys()].filter(id => !here.has(id))
  expect({ seed, lacking }).toEqual({ seed, lacking: [] })
}

test('whatever is dropped, restarted, made anew, seen late or dated wrongly: in the end everything is here', async () => {
  for (let seed = 1; seed <= 30; seed += 1) await run(seed)
})

test('what was worked off is not asked for again, and nothing new costs three requests', async () => {
  const archive = new FakeArchive(createRandom(7))
  for (let n = 0; n < 300; n += 1) archive.store(false)
  const reader = new ChangeReader(archive)
  const first = await reader.look(readCursor(undefined), 1000, never)
  expect(first).toMatchObject({ kind: 'everything', cursor: { seq: 300, reconciledAt: 1000 } })
  reader.done(first)
  archive.store(false)
  const second = await reader.look(first.cursor, 2000, never)
  reader.done(second)
  archive.store(false)
  const third = await reader.look(second.cursor, 3000, never)
  expect(third).toMatchObject({ kind: 'changes', studies: [archive.objects.get('object-302')] })
})
