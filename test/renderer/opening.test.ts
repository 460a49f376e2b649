import { afterEach, beforeEach, expect, test, vi } from 'vitest'

/** What is asked, and when: the counter itself is the fake. */
const asked: string[] = []
let answer: (name: string) => unknown

beforeEach(() => {
  vi.useFakeTimers()
  vi.resetModules()
  asked.length = 0
  answer = () => ({ studies: [], seq: 1 })
  vi.stubGlobal('fetch', async (input: string) => {
    const name = input.replace('/api/', '')
    asked.push(name)
    return Response.json(answer(name))
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const settle = () => vi.advanceTimersByTimeAsync(0)

test('what stands beside the picture is asked when that is here, and soon where none comes', async () => {
  const { awaitPicture } = await import('../../renderer/pictureFirst.ts')
  const { call } = await import('../../renderer/client.ts')
  const here = awaitPicture()
  void call('window.shows', { window: '1', StudyInstanceUID: '' }).catch(() => {})
  void call('patient.studies', { StudyInstanceUID: '1.2' }).catch(() => {})
  await settle()
  expect(asked).toEqual(['patient.studies'])
  here()
  await settle()
  expect(asked).toEqual(['patient.studies', 'window.shows'])

  awaitPicture()
  void call('seen.get', { StudyInstanceUID: '1.2' }).catch(() => {})
  await vi.advanceTimersByTimeAsync(1000)
  expect(asked).not.toContain('seen.get')
  await vi.advanceTimersByTimeAsync(1000)
  expect(asked).toContain('seen.get')
})

test('of studies shown one after the other behind one picture the station hears of the last', async () => {
  const said: string[] = []
  vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
    said.push(JSON.parse(body).StudyInstanceUID)
    return Response.json({})
  })
  const { awaitPicture } = await import('../../renderer/pictureFirst.ts')
  const { showsStudy } = await import('../../renderer/presence.ts')
  const here = awaitPicture()
  for (const uid of ['1.2', '1.3', '1.4']) showsStudy(uid)
  await settle()
  expect(said).toEqual([])
  here()
  await settle()
  expect(said).toEqual(['1.4'])
  showsStudy('')
  await settle()
  expect(said).toEqual(['1.4', ''])
})

test('it waits for the last of several pictures that are wanted', async () => {
  const { afterPicture, awaitPicture } = await import('../../renderer/pictureFirst.ts')
  let isTold = false
  const [first, second] = [awaitPicture(), awaitPicture()]
  void afterPicture().then(() => {
    isTold = true
  })
  first()
  await settle()
  expect(isTold).toBe(false)
  second()
  await settle()
  expect(isTold).toBe(true)
})

test("a patient's studies are asked for once, and again when one of them, or one not known to be another's, has changed", async () => {
  const { allFamiliesChanged, familyChanged, patientStudies } = await import('../../renderer/series/patientStudies.ts')
  const ask = async () => {
    await patientStudies('1.2').catch(() => {})
    await settle()
    return asked.length
  }
  expect(await ask()).toBe(1)
  expect(await ask()).toBe(1)
  familyChanged('1.2')
  expect(await ask()).toBe(2)
  // A study that was never heard of may be of the patient.
  familyChanged('9.9')
  expect(await ask()).toBe(3)
  // It is not: while it goes on arriving nobody asks, but it may be moved to the patient at last.
  familyChanged('9.9')
  familyChanged('9.9')
  expect(await ask()).toBe(3)
  await vi.advanceTimersByTimeAsync(6000)
  expect(await ask()).toBe(4)
  allFamiliesChanged()
  expect(await ask()).toBe(5)
  // What was refused is asked for again.
  answer = () => ({ nothing: true })
  familyChanged('1.2')
  expect(await ask()).toBe(6)
  expect(await ask()).toBe(7)
})
