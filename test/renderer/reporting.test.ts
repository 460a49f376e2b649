import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type ReportCounter, ReportKeeper } from '../../renderer/reporting/reportKeeper.ts'
import { figuresOfMark } from '../../renderer/viewer/report/figuresOfMark.ts'
import { IsocenterError } from '../../shared/errors.ts'
import { withWords } from '../../shared/reporting/edit.ts'
import type { ReportContent, ReportVersion } from '../../shared/reporting/report.ts'
import { nextReport, type ReportWish } from '../../shared/reporting/states.ts'

/** A station that keeps reports as the real one decides it, and windows at it. */
const content = (text: string): ReportContent => ({
  version: 1,
  template: 't',
  title: 'CT',
  sections: [{ id: 'findings', title: 'Findings', text, links: [] }],
})
const textOf = (keeper: ReportKeeper) => keeper.state.getState().content?.sections[0]?.text

function station() {
  let versions: ReportVersion[] = []
  const state = { away: false, puts: 0 }
  const decide = (wish: ReportWish) => {
    const next = nextReport(versions, wish, { by: 'local', at: 0, sha256: () => '' })
    versions = [...versions.filter(({ version }) => version !== next.version), next]
    return next
  }
  const counter: ReportCounter = {
    get: async () => structuredClone(versions),
    put: async (_, version, rev, content) => {
      state.puts++
      if (state.away) throw new Error('away')
      try {
        return decide({ kind: 'put', version, rev, content }).rev
      } catch (thrown) {
        if (thrown instanceof IsocenterError && thrown.code === 'draft-conflict') return null
        throw thrown
      }
    },
    tell: () => {},
  }
  return { counter, decide, state, kept: () => versions.map(({ content }) => content.sections[0]?.text) }
}

async function window(counter: ReportCounter): Promise<ReportKeeper> {
  const keeper = new ReportKeeper('1.2', counter)
  await keeper.read()
  keeper.begin(content(''))
  return keeper
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('nothing is kept of a report in which nothing was written; then it is, until the station has it', async () => {
  const { counter, state, kept } = station()
  const keeper = await window(counter)
  expect(kept()).toEqual([])
  state.away = true
  keeper.edit(content('Clear.'))
  await vi.advanceTimersByTimeAsync(1000)
  expect(keeper.state.getState()).toMatchObject({ saved: false, trouble: 'away' })
  state.away = false
  await vi.advanceTimersByTimeAsync(20_000)
  expect(kept()).toEqual(['Clear.'])
  expect(keeper.state.getState()).toMatchObject({ saved: true, trouble: undefined })
})

test('read twice at once it is asked for one after the other, and the older answer never comes last', async () => {
  const { counter } = station()
  const writer = await window(counter)
  const answers: Array<() => void> = []
  let [underway, most] = [0, 0]
  const slow: ReportCounter = {
    ...counter,
    get: async study => {
      most = Math.max(most, ++underway)
      const found = await counter.get(study)
      await new Promise<void>(resolve => answers.push(resolve))
      underway--
      return found
    },
  }
  const reader = new ReportKeeper('1.2', slow)
  const first = reader.read()
  await vi.advanceTimersByTimeAsync(0)
  writer.edit(content('Newer.'))
  expect(await writer.kept()).toBe(true)
  const second = reader.read()
  await vi.advanceTimersByTimeAsync(0)
  // The answers come in the other order, as far as two are on their way.
  while (answers.length > 0) {
    answers.pop()?.()
    await vi.advanceTimersByTimeAsync(0)
  }
  await Promise.all([first, second])
  expect(most).toBe(1)
  expect(textOf(reader)).toBe('Newer.')
})

test('of two windows the one that changed nothing follows; where both did the reader chooses, and nothing is lost before', async () => {
  const { counter, kept } = station()
  const mine = await window(counter)
  const other = await window(counter)
  mine.edit(content('Mine.'))
  expect(await mine.kept()).toBe(true)
  await other.read()
  expect(textOf(other)).toBe('Mine.')
  other.edit(content('Theirs.'))
  expect(await other.kept()).toBe(true)
  mine.edit(content('Mine, longer.'))
  expect(await mine.kept()).toBe(false)
  expect(kept()).toEqual(['Theirs.'])
  expect(textOf(mine)).toBe('Mine, longer.')
  expect(mine.state.getState().conflict?.content.sections[0]?.text).toBe('Theirs.')
  mine.choose(true)
  expect(await mine.kept()).toBe(true)
  expect(kept()).toEqual(['Mine, longer.'])
  other.edit(content('Again.'))
  expect(await other.kept()).toBe(false)
  other.choose(false)
  expect(textOf(other)).toBe('Mine, longer.')
  expect(await other.kept()).toBe(true)
})

test('signed in another window it is locked here, and the addendum is what is written next', async () => {
  const { counter, decide } = station()
  const keeper = await window(counter)
  keeper.edit(content('Clear.'))
  await keeper.kept()
  keeper.replace(decide({ kind: 'sign', version: 1, rev: keeper.rev, state: 'final', name: 'Curie' }))
  expect(textOf(keeper)).toBeUndefined()
  keeper.edit(content('Other.'))
  expect(textOf(keeper)).toBeUndefined()
  keeper.replace(decide({ kind: 'addend' }))
  expect(keeper.version).toBe(2)
  keeper.edit(content('More.'))
  expect(await keeper.kept()).toBe(true)
  expect(keeper.state.getState().versions.map(({ state }) => state)).toEqual(['final', 'draft'])
})

test('what was typed while another window signed stays until the reader has done something with it', async () => {
  const { counter, decide, state } = station()
  const keeper = await window(counter)
  keeper.edit(content('Clear.'))
  await keeper.kept()
  decide({ kind: 'sign', version: 1, rev: keeper.rev, state: 'final', name: 'Curie' })
  keeper.edit(content('Clear, but for the left lung.'))
  expect(await keeper.kept()).toBe(true)
  const stranded = () => keeper.state.getState().stranded?.sections[0]?.text
  expect(textOf(keeper)).toBeUndefined()
  expect(stranded()).toBe('Clear, but for the left lung.')
  expect(keeper.isIdle).toBe(false)
  // Nothing is tried again for ever, and reading again takes nothing away.
  const { puts } = state
  await vi.advanceTimersByTimeAsync(60_000)
  await keeper.read()
  expect(state.puts).toBe(puts)
  expect(keeper.state.getState().trouble).toBeUndefined()
  expect(stranded()).toBe('Clear, but for the left lung.')
  keeper.replace(decide({ kind: 'addend' }))
  expect(stranded()).toBe('Clear, but for the left lung.')
  keeper.edit(withWords(keeper.state.getState().content!, keeper.state.getState().stranded!))
  keeper.letGo()
  expect(await keeper.kept()).toBe(true)
  expect(textOf(keeper)).toContain('Clear, but for the left lung.')
  expect(keeper.isIdle).toBe(true)
})

test('what was typed and is too long for one section stands in further ones, word for word', () => {
  const begun = content('Begun.')
  const word = 'kidney '
  const long = word.repeat(4200).trimEnd()
  const written = { ...begun, sections: [1, 2].map(id => ({ id: `s${id}`, title: 'Findings', text: long, links: [] })) }
  const made = withWords(begun, written)
  const texts = made.sections.map(({ text }) => text)
  expect(texts[0]).toBe('Begun.')
  expect(texts.every(text => text.length <= 30_000)).toBe(true)
  expect(new Set(made.sections.map(({ id }) => id)).size).toBe(made.sections.length)
  expect(texts.join(' ').match(/kidney/g)?.length).toBe(8400)
})

test('what is read while something is kept never takes the place of what is written', async () => {
  const { counter, kept } = station()
  const answers: Array<() => void> = []
  let slow = false
  const keeper = await window({
    ...counter,
    get: async study => {
      const versions = await counter.get(study)
      if (slow) await new Promise<void>(resolve => answers.push(resolve))
      return versions
    },
  })
  keeper.edit(content('One.'))
  await keeper.kept()
  slow = true
  const reading = keeper.read()
  await vi.advanceTimersByTimeAsync(0)
  keeper.edit(content('One. Two.'))
  await keeper.kept()
  slow = false
  for (const answer of answers) answer()
  await reading
  expect(textOf(keeper)).toBe('One. Two.')
  expect(keeper.state.getState()).toMatchObject({ saved: true, conflict: undefined })
  expect(kept()).toEqual(['One. Two.'])
})

test('an unkept text never becomes the addendum that another machine has begun meanwhile', async () => {
  const { counter, decide, state, kept } = station()
  const keeper = await window(counter)
  keeper.edit(content('Clear.'))
  await keeper.kept()
  state.away = true
  keeper.edit(content('Clear indeed.'))
  decide({ kind: 'sign', version: 1, rev: 1, state: 'final', name: 'Curie' })
  decide({ kind: 'addend' })
  await keeper.read()
  await keeper.read()
  expect(keeper.state.getState().conflict?.version).toBe(2)
  state.away = false
  await vi.advanceTimersByTimeAsync(20_000)
  expect(kept()).toEqual(['Clear.', ''])
})

test('what was typed while nothing could be read is kept when it can be again', async () => {
  const { counter, kept } = station()
  let away = false
  const keeper = await window({
    ...counter,
    get: async study => {
      if (away) throw new Error('away')
      return counter.get(study)
    },
  })
  away = true
  await keeper.read()
  keeper.edit(content('Clear.'))
  away = false
  await vi.advanceTimersByTimeAsync(20_000)
  expect(kept()).toEqual(['Clear.'])
})

test('a mark is said in figures with the units of UCUM', () => {
  const scale = { unit: 'mm', x: 1, y: 1, note: '' } as const
  const HU = { unit: 'HU', factor: 1 }
  expect(figuresOfMark({ kind: 'length' }, { scale, valueUnit: HU, length: 12.345 })).toEqual([
    { name: 'Length', value: '12.3', unit: 'mm' },
  ])
  expect(figuresOfMark({ kind: 'bidirectional' }, { scale, valueUnit: HU, length: 20, width: 10 })).toEqual([
    { name: 'Long axis', value: '20.0', unit: 'mm' },
    { name: 'Short axis', value: '10.0', unit: 'mm' },
  ])
  expect(figuresOfMark({ kind: 'probe' }, { scale, valueUnit: HU, values: [-3.21] })).toEqual([
    { name: 'Value', value: '-3.21', unit: "[hnsf'U]" },
  ])
  expect(figuresOfMark({ kind: 'text' }, { scale, valueUnit: HU })).toEqual([])
})
