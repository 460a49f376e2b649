import { afterEach, expect, test, vi } from 'vitest'
import { userSetting } from '../../renderer/userSetting.ts'

/** A station whose answers wait for the test, and what a window makes of one setting. */
const { settings, waiting } = vi.hoisted(() => ({
  settings: {} as Record<string, unknown>,
  waiting: { hold: undefined as Promise<void> | undefined, fails: false, gets: 0, sets: 0 },
}))
vi.mock('../../renderer/client.ts', () => ({
  call: async (name: string, input: { key: string; value: unknown }) => {
    await waiting.hold
    if (waiting.fails) throw new Error('away')
    if (name === 'settings.get') {
      waiting.gets++
      return structuredClone(settings)
    }
    waiting.sets++
    settings[input.key] = structuredClone(input.value)
    return {}
  },
  onStationEvent: () => () => {},
}))
vi.mock('../../renderer/ui/index.ts', () => ({ announceFailure: () => {} }))

type Names = { name: string; list: string[] }
const parse = (stored: unknown): Names => ({ name: '', list: [], ...(stored as Partial<Names> | undefined) })

/** A key of its own: windows of one test do not hear those of another. */
function window(key: string) {
  const held: Names[] = []
  const setting = userSetting(
    key,
    parse,
    now => void held.push(now),
    now => now,
  )
  return { ...setting, now: () => held.at(-1) }
}

afterEach(() => {
  waiting.hold = undefined
  waiting.fails = false
})

test('what is chosen before anything was read costs nothing of what the station has', async () => {
  settings.one = { name: 'old', list: ['kept'] }
  const { choose, now } = window('one')
  await choose(names => ({ ...names, name: 'new' }))
  expect(settings.one).toEqual({ name: 'new', list: ['kept'] })
  expect(now()).toEqual({ name: 'new', list: ['kept'] })
})

test('who types on while it is kept never sees his letters go, and the last word is what is kept', async () => {
  const { choose, now } = window('two')
  let release = () => {}
  waiting.hold = new Promise(resolve => {
    release = resolve
  })
  const typed: string[] = []
  const type = (name: string) => {
    const done = choose(names => ({ ...names, name }))
    typed.push(now()?.name ?? '')
    return done
  }
  const first = type('A')
  const rest = [type('An'), type('Ann')]
  release()
  await first
  expect(now()?.name).toBe('Ann')
  await Promise.all(rest)
  expect(typed).toEqual(['A', 'An', 'Ann'])
  expect(settings.two).toMatchObject({ name: 'Ann' })
})

test('what was chosen while the station was away is not taken for all there is, here or in another window', async () => {
  settings.four = { name: 'old', list: ['kept'] }
  const [mine, other] = [window('four'), window('four')]
  await other.here()
  waiting.fails = true
  await mine.choose(names => ({ ...names, name: 'new' }))
  expect(mine.now()?.name).toBe('new')
  waiting.fails = false
  await mine.here()
  expect(mine.now()?.list).toEqual(['kept'])
  expect(other.now()).toEqual({ name: 'old', list: ['kept'] })
})

test('another window has it at once; what the station could not keep holds in both', async () => {
  const [mine, other] = [window('three'), window('three')]
  await mine.choose(names => ({ ...names, list: ['a'] }))
  await expect.poll(() => other.now()?.list).toEqual(['a'])
  waiting.fails = true
  await mine.choose(names => ({ ...names, list: ['a', 'b'] }))
  expect(mine.now()?.list).toEqual(['a', 'b'])
  await expect.poll(() => other.now()?.list).toEqual(['a', 'b'])
  expect(settings.three).toMatchObject({ list: ['a'] })
})

test('what a window that opens reads is asked for once, and again when somebody asks later', async () => {
  settings.first = { name: 'a', list: [] }
  settings.second = { name: 'b', list: [] }
  waiting.gets = 0
  const [first, second] = [window('first'), window('second')]
  await Promise.all([first.here(), second.here()])
  expect([first.now()?.name, second.now()?.name]).toEqual(['a', 'b'])
  expect(waiting.gets).toBe(1)
  settings.third = { name: 'c', list: [] }
  const third = window('third')
  await third.here()
  expect(third.now()?.name).toBe('c')
})
