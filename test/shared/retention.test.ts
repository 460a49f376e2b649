import { expect, test } from 'vitest'
import { type CachePolicy, excessOf, keptBy, planEviction, type RetainedStudy } from '../../shared/retention.ts'

const NOW = new Date(2026, 10, 22, 12).getTime()
const DAY = 24 * 60 * 60 * 1000

/** One that may leave. */
const free: RetainedStudy = {
  StudyInstanceUID: '1.2.3',
  StudyDate: '20260101',
  bytes: 1000,
  images: 2,
  lastUsed: NOW - 100 * DAY,
  received: NOW - 100 * DAY,
  unproved: 0,
  waiting: 0,
  unread: false,
  pinned: false,
  open: false,
  drafts: false,
  altered: false,
  landing: false,
}

/** Same numbers for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function generate(seed: number) {
  const random = randomOf(seed)
  const below = (n: number) => Math.floor(random() * n)
  const rarely = () => random() < 0.06
  const studies = Array.from(
    { length: below(60) },
    (_, index): RetainedStudy => ({
      StudyInstanceUID: `1.2.${(index * 7919) % 60}`,
      StudyDate: rarely() ? '20261122' : random() < 0.1 ? '' : `2026${String(1 + below(9)).padStart(2, '0')}11`,
      bytes: below(10) === 0 ? 0 : below(5000),
      images: 1 + below(9),
      lastUsed: NOW - below(300) * DAY,
      received: NOW - below(300) * DAY,
      unproved: rarely() ? 1 : 0,
      waiting: rarely() ? 2 : 0,
      unread: rarely(),
      pinned: rarely(),
      open: rarely(),
      drafts: rarely(),
      altered: rarely(),
      landing: rarely(),
    }),
  )
  const use = { bytes: studies.reduce((sum, { bytes }) => sum + bytes, 0), free: below(20_000) }
  const policy: CachePolicy = {
    keepDays: below(40),
    ...(random() < 0.7 ? { mostGigabytes: below(100_000) / 1e9 } : {}),
    ...(random() < 0.7 ? { leastFreeGigabytes: below(60_000) / 1e9 } : {}),
  }
  return { studies, use, policy, random }
}

const SEEDS = Array.from({ length: 600 }, (_, seed) => seed)

test('nothing leaves that a person would miss, nor more than one study beyond what is needed', () => {
  let left = 0
  for (const seed of SEEDS) {
    const { studies, use, policy } = generate(seed)
    const plan = planEviction(studies, use, policy, NOW)
    left += plan.goes.length
    for (const study of plan.goes) {
      expect(study.unproved + study.waiting).toBe(0)
      expect([study.unread, study.pinned, study.open, study.drafts, study.altered, study.landing]).not.toContain(true)
      expect(study.StudyDate).not.toBe('20261122')
      expect(NOW - study.received).toBeGreaterThanOrEqual(policy.keepDays * DAY)
      expect(NOW - study.lastUsed).toBeGreaterThanOrEqual(policy.keepDays * DAY)
    }
    const needed = excessOf(use, policy)
    const last = plan.goes.at(-1)
    if (last) expect(plan.frees - last.bytes).toBeLessThan(needed)
    expect(plan.short).toBe(Math.max(0, needed - plan.frees))
    // What stays is accounted for, to the byte.
    const kept = plan.kept.reduce((sum, { bytes }) => sum + bytes, 0)
    expect(kept + plan.frees).toBe(use.bytes)
    // Short only when nothing else may leave.
    if (plan.short > 0) expect(plan.kept.some(({ reason }) => reason === 'notNeeded')).toBe(false)
  }
  expect(left).toBeGreaterThan(1500)
})

test('the least recently used leave first, in whatever order they are told', () => {
  for (const seed of SEEDS.slice(0, 500)) {
    const { studies, use, policy, random } = generate(seed)
    const plan = planEviction(studies, use, policy, NOW)
    const mixed = studies.map(study => ({ study, key: random() })).sort((a, b) => a.key - b.key)
    expect(
      planEviction(
        mixed.map(({ study }) => study),
        use,
        policy,
        NOW,
      ),
    ).toEqual(plan)
    const latest = Math.max(...plan.goes.map(({ lastUsed }) => lastUsed))
    for (const study of studies) {
      if (study.bytes === 0 || plan.goes.includes(study) || keptBy(study, policy, NOW)) continue
      expect(study.lastUsed).toBeGreaterThanOrEqual(latest)
    }
  }
})

test('where more room is wanted, what left before leaves too', () => {
  for (const seed of SEEDS.slice(0, 500)) {
    const { studies, use, policy } = generate(seed)
    const some = planEviction(studies, use, policy, NOW).goes
    const more = planEviction(studies, { ...use, free: use.free - 3000, bytes: use.bytes + 3000 }, policy, NOW).goes
    expect(more.slice(0, some.length)).toEqual(some)
  }
})

test('without a target everything stays', () => {
  const plan = planEviction([free], { bytes: 1e12, free: 0 }, { keepDays: 0 }, NOW)
  expect(plan).toEqual({ goes: [], frees: 0, kept: [{ reason: 'notNeeded', studies: 1, bytes: 1000 }], short: 0 })
})

test('each reason to stay is named', () => {
  const policy = { keepDays: 7 }
  const why = (study: Partial<RetainedStudy>) => keptBy({ ...free, ...study }, policy, NOW)
  expect(why({})).toBeUndefined()
  expect(why({ unproved: 1 })).toBe('unproved')
  expect(why({ waiting: 1 })).toBe('waiting')
  expect(why({ StudyDate: '20261122' })).toBe('today')
  // A modality whose clock is ahead.
  expect(why({ StudyDate: '20261123' })).toBe('today')
  expect(why({ StudyDate: '' })).toBeUndefined()
  expect(why({ received: NOW - 6 * DAY })).toBe('young')
  expect(why({ lastUsed: NOW - 6 * DAY })).toBe('young')
  expect(why({ received: NOW + DAY })).toBe('young')
  for (const flag of ['open', 'pinned', 'drafts', 'altered', 'landing', 'unread'] as const) {
    expect(why({ [flag]: true })).toBe(flag)
  }
})
