import type { DestinationCounts, Outbox, OutboxItem, OutboxOutcome } from '../../electron/station/store/index.ts'
import { type CustodyEvent, type DeadLetter, type Destination, RANK } from '../../shared/sync.ts'

type Waiting = OutboxItem['state']
type State = OutboxOutcome['state']

interface Row {
  item: OutboxItem
  order: number
  state: State
  nextAt: number
  leasedUntil: number
  reason: string
  proof: string
  provedAt: number
  confirmations: number
  lost: number
  /** Changes with each change: what stands in a heap under an older one is no longer so. */
  version: number
}

const isWaiting = (state: State): state is Waiting => state === 'queued' || state === 'sent' || state === 'unsure'

/** The outbox in memory, for as many rows as a test wants: what is due is found without going through them. */
export class MemoryOutbox implements Outbox {
  readonly #rows = new Map<string, Map<number, Row>>()
  readonly #due = new Map<string, Lane[]>()
  readonly #proved = new Map<string, Heap>()
  readonly #listeners = new Set<() => void>()
  #order = 0
  #destinations: Destination[] = []
  /** Thrown by the next calls of `settle`, so often. */
  failSettles = 0
  #leased = 0
  /** Leased and not settled, at any one time. */
  mostLeased = 0

  /** What its rows' times are written by. */
  readonly now: () => number

  constructor(now: () => number) {
    this.now = now
  }

  #add(name: string): void {
    if (this.#rows.has(name)) return
    this.#rows.set(name, new Map())
    this.#proved.set(name, new Heap())
    this.#due.set(
      name,
      Array.from({ length: RANK.offPeak + 1 }, () => new Lane()),
    )
  }

  /** Something arrives that goes to a destination. */
  put(destination: string, item: OutboxItem): void {
    this.#add(destination)
    const row: Row = {
      item: { ...item },
      order: this.#order++,
      state: item.state,
      nextAt: Number.NEGATIVE_INFINITY,
      leasedUntil: Number.NEGATIVE_INFINITY,
      reason: '',
      proof: '',
      provedAt: 0,
      confirmations: 0,
      lost: 0,
      version: 0,
    }
    this.#rows.get(destination)?.set(item.contentId, row)
    this.#changed(destination, row)
    for (const listener of this.#listeners) listener()
  }

  row(destination: string, contentId: number): Readonly<Row> | undefined {
    return this.#rows.get(destination)?.get(contentId)
  }

  all(destination: string): Array<Readonly<Row>> {
    return [...(this.#rows.get(destination)?.values() ?? [])]
  }

  #changed(destination: string, row: Row): void {
    row.version += 1
    if (isWaiting(row.state)) this.#due.get(destination)?.[row.item.rank]?.add(row)
    else if (row.state === 'confirmed') this.#proved.get(destination)?.push(row.provedAt, row)
  }

  async setDestinations(destinations: Destination[]): Promise<void> {
    this.#destinations = destinations
    for (const { name } of destinations) this.#add(name)
  }

  async lease(wanted: Parameters<Outbox['lease']>[0]): Promise<OutboxItem[]> {
    const taken: OutboxItem[] = []
    let bytes = 0
    const kinds: Waiting[] = wanted.only ?? ['queued', 'unsure', 'sent']
    for (const [rank, lane] of (this.#due.get(wanted.destination) ?? []).entries()) {
      if (rank > wanted.rank) break
      for (;;) {
        const row = taken.length < wanted.objects ? lane.first(kinds, wanted.now) : undefined
        if (!row || (taken.length > 0 && bytes + row.item.dataSetLength > wanted.bytes)) break
        bytes += row.item.dataSetLength
        if (row.leasedUntil === Number.NEGATIVE_INFINITY) this.#leased += 1
        row.leasedUntil = wanted.until
        this.#changed(wanted.destination, row)
        taken.push({ ...row.item, state: row.state as Waiting })
      }
    }
    this.mostLeased = Math.max(this.mostLeased, this.#leased)
    return taken
  }

  async nextDue(destination: string, rank: number): Promise<number | null> {
    const lanes = (this.#due.get(destination) ?? []).slice(0, rank + 1)
    const times = lanes.map(lane => lane.next()).filter(at => at !== null)
    return times.length === 0 ? null : Math.min(...times)
  }

  async settle(destination: string, outcomes: OutboxOutcome[]): Promise<[]> {
    if (this.failSettles > 0) {
      this.failSettles -= 1
      throw new Error('the disk is away')
    }
    for (const outcome of outcomes) {
      const row = this.#rows.get(destination)?.get(outcome.contentId)
      if (!row) continue
      if (outcome.lost) row.lost += 1
      if (outcome.state === 'confirmed') {
        row.confirmations += 1
        row.provedAt = this.now()
      }
      row.state = outcome.state
      row.item.attempts = outcome.attempts ?? row.item.attempts
      row.item.sentMd5 = outcome.sentMd5 ?? row.item.sentMd5
      row.item.sentSha256 = outcome.sentSha256 ?? row.item.sentSha256
      row.reason = outcome.reason ?? ''
      row.proof = outcome.proof ?? ''
      row.nextAt = outcome.nextAt ?? Number.NEGATIVE_INFINITY
      if (row.leasedUntil !== Number.NEGATIVE_INFINITY) this.#leased -= 1
      row.leasedUntil = Number.NEGATIVE_INFINITY
      this.#changed(destination, row)
    }
    return []
  }

  async releaseLeases(): Promise<void> {
    for (const [name, rows] of this.#rows) {
      for (const row of rows.values()) {
        row.leasedUntil = Number.NEGATIVE_INFINITY
        this.#changed(name, row)
      }
    }
    this.#leased = 0
  }

  async counts(): Promise<DestinationCounts[]> {
    return this.#destinations.map(({ name }) => {
      const counts = { name, queued: 0, queuedBytes: 0, unproved: 0, confirmed: 0, dead: 0 }
      let oldest: number | null = null
      for (const { state, item } of this.all(name)) {
        if (state === 'queued') {
          counts.queued += 1
          counts.queuedBytes += item.dataSetLength
          oldest = Math.min(oldest ?? item.received, item.received)
        } else if (state === 'sent' || state === 'unsure') counts.unproved += 1
        else if (state === 'confirmed') counts.confirmed += 1
        else if (state === 'dead') counts.dead += 1
      }
      return { ...counts, oldest }
    })
  }

  async prioritise(StudyInstanceUID: string): Promise<number> {
    let moved = 0
    for (const [name, rows] of this.#rows) {
      for (const row of rows.values()) {
        if (row.item.StudyInstanceUID !== StudyInstanceUID || !isWaiting(row.state)) continue
        row.item.rank = RANK.urgent
        this.#changed(name, row)
        moved += 1
      }
    }
    return moved
  }

  async retry(destination: string): Promise<number> {
    const rows = this.all(destination).filter(({ state }) => state === 'dead')
    await this.settle(
      destination,
      rows.map(({ item }) => ({ contentId: item.contentId, state: 'queued', attempts: 0 })),
    )
    return rows.length
  }

  async deadLetters(): Promise<DeadLetter[]> {
    return []
  }

  async study(): Promise<{ custody: []; events: CustodyEvent[] }> {
    return { custody: [], events: [] }
  }

  async test(): Promise<[]> {
    return []
  }

  async theirs(): Promise<[]> {
    return []
  }

  async lost(): Promise<[]> {
    return []
  }

  /** Storage commitment asks it, not the engine. */
  unproved(): Promise<never> {
    return Promise.reject(new Error('not asked here'))
  }

  async toAudit(destination: string, before: number, limit: number): Promise<OutboxItem[]> {
    const heap = this.#proved.get(destination)
    const rows: Row[] = []
    for (let top = heap?.peek(); heap && top && top.key < before && rows.length < limit; top = heap.peek()) {
      rows.push(top.row)
      heap.pop()
    }
    for (const row of rows) heap?.push(row.provedAt, row)
    return rows.map(({ item }) => ({ ...item, state: 'sent' }))
  }

  async audited(destination: string, contentIds: number[], at: number): Promise<void> {
    for (const contentId of contentIds) {
      const row = this.#rows.get(destination)?.get(contentId)
      if (!row) continue
      row.provedAt = at
      this.#changed(destination, row)
    }
  }

  onWaiting(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** What waits with one rank: first by when, then, of what is due, by order of arrival. */
class Lane {
  readonly #later = new Heap()
  readonly #ready: Record<Waiting, Heap> = { queued: new Heap(), sent: new Heap(), unsure: new Heap() }

  add(row: Row): void {
    this.#later.push(Math.max(row.nextAt, row.leasedUntil), row)
  }

  first(kinds: Waiting[], now: number): Row | undefined {
    for (let top = this.#later.peek(); top && top.key <= now; top = this.#later.peek()) {
      this.#later.pop()
      if (isWaiting(top.row.state)) this.#ready[top.row.state].push(top.row.order, top.row)
    }
    const heaps = kinds.map(kind => this.#ready[kind])
    const best = heaps.toSorted((a, b) => (a.peek()?.key ?? Infinity) - (b.peek()?.key ?? Infinity))[0]
    const top = best?.peek()
    best?.pop()
    return top?.row
  }

  next(): number | null {
    if (Object.values(this.#ready).some(heap => heap.peek())) return Number.NEGATIVE_INFINITY
    return this.#later.peek()?.key ?? null
  }
}

class Heap {
  readonly #entries: Array<{ key: number; row: Row; version: number }> = []

  push(key: number, row: Row): void {
    const entries = this.#entries
    let at = entries.push({ key, row, version: row.version }) - 1
    for (; at > 0; ) {
      const parent = (at - 1) >> 1
      if (entries[parent]!.key <= entries[at]!.key) break
      ;[entries[parent], entries[at]] = [entries[at]!, entries[parent]!]
      at = parent
    }
  }

  /** The smallest whose row has not changed since. */
  peek(): { key: number; row: Row } | undefined {
    while (this.#entries[0] && this.#entries[0].version !== this.#entries[0].row.version) this.pop()
    return this.#entries[0]
  }

  pop(): void {
    const entries = this.#entries
    const last = entries.pop()
    if (!last || entries.length === 0) return
    entries[0] = last
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let least = at
      if (left < entries.length && entries[left]!.key < entries[least]!.key) least = left
      if (right < entries.length && entries[right]!.key < entries[least]!.key) least = right
      if (least === at) return
      ;[entries[least], entries[at]] = [entries[at]!, entries[least]!]
      at = least
    }
  }
}
