import { randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WatchedFolder } from '../../shared/config.ts'
import { dataSetBytes, part10, smallCT } from '../fixtures/oddFiles.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

/** What consoles do to folders, each to one of its own, with the built station. */
const FOLDERS = ['slow', 'halves', 'junk', 'far', 'near', 'vanishing', 'many'] as const
/** 5,000 were tried; the bench goes on to a million names. */
const MANY = 1500

let place: string
/** On another device where there is one in memory: there a move is a copy. */
let far: string
let station: RunningStation

const inPlace = (...names: string[]) => path.join(place, ...names)
const uid = () => `2.25.${BigInt(`0x${randomUUID().replaceAll('-', '')}`)}`

interface Image {
  StudyInstanceUID: string
  bytes: Uint8Array
}

function image(changes: Parameters<typeof smallCT>[0] = {}): Image {
  const StudyInstanceUID = uid()
  const values = { StudyInstanceUID, SeriesInstanceUID: uid(), SOPInstanceUID: uid(), ...changes }
  return { StudyInstanceUID, bytes: part10(dataSetBytes(smallCT(values))) }
}

async function folder(id: (typeof FOLDERS)[number]) {
  const { folders } = await station.call('folders.list', {})
  return folders.find(one => one.id === id)!
}

async function study(StudyInstanceUID: string) {
  const { studies } = await station.call('studies.list', { limit: 500 })
  return studies.find(one => one.StudyInstanceUID === StudyInstanceUID)
}

/** `expect.poll` for tests that run beside each other. */
async function until<T>(look: () => T | Promise<T>, isThere: (found: T) => boolean): Promise<void> {
  const patience = Date.now() + 60_000
  for (let found = await look(); !isThere(found); found = await look()) {
    if (Date.now() > patience) throw new Error(`waited in vain; it is ${JSON.stringify(found)}`)
    await wait(100)
  }
}

const takes = (id: (typeof FOLDERS)[number], number: number) =>
  until(
    () => folder(id),
    found => found.taken === number,
  )

beforeAll(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'isocenter-watched-'))
  far = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'isocenter-far-'))
  for (const id of [...FOLDERS, 'data', 'done']) mkdirSync(inPlace(id))
  const watchedFolders = FOLDERS.map((id): WatchedFolder => {
    const movedTo = { far, near: inPlace('near', 'done') }[id as string]
    return { id, path: inPlace(id), onDone: movedTo ? 'move' : 'leave', ...(movedTo && { movedTo }) }
  })
  mkdirSync(inPlace('near', 'done'))
  station = await startStation({ dataDir: inPlace('data'), config: { settleAfterSeconds: 0, watchedFolders } })
})
afterAll(async () => {
  await station?.stop()
  for (const folder of [place, far]) rmSync(folder, { recursive: true, force: true })
})

test.concurrent('a file that is written slowly comes once, whole, and says where it came from', async () => {
  const { StudyInstanceUID, bytes } = image()
  const file = inPlace('slow', 'room 3', 'IM0001')
  mkdirSync(inPlace('slow', 'room 3'))
  const step = Math.ceil(bytes.length / 5)
  for (let at = 0; at < bytes.length; at += step) {
    await appendFile(file, bytes.subarray(at, at + step))
    await wait(900)
  }
  await takes('slow', 1)
  const { lastFile, refusedCount, refused, trouble } = await folder('slow')
  expect({ lastFile, refusedCount, refused, trouble }).toEqual({
    lastFile: path.join('room 3', 'IM0001'),
    refusedCount: 0,
    refused: [],
    trouble: '',
  })
  expect(await study(StudyInstanceUID)).toMatchObject({
    sendingAET: 'folder',
    NumberOfStudyRelatedInstances: 1,
    flags: [],
  })
  expect(Buffer.from(bytes).equals(readFileSync(file))).toBe(true)
})

test.concurrent('a copy that stops in the middle is waited for; what grows after it was taken is taken anew', async () => {
  const { StudyInstanceUID, bytes } = image()
  const file = inPlace('halves', 'half.dcm')
  writeFileSync(file, bytes.subarray(0, bytes.length - 20))
  await until(
    () => folder('halves'),
    ({ refused }) => refused.length > 0,
  )
  expect((await folder('halves')).refused).toEqual([
    { file: 'half.dcm', reason: 'It ends in the middle: the rest is waited for.' },
  ])
  expect(await study(StudyInstanceUID)).toBeUndefined()
  await appendFile(file, bytes.subarray(bytes.length - 20))
  await takes('halves', 1)
  expect((await folder('halves')).refused).toEqual([])
  expect(await study(StudyInstanceUID)).toMatchObject({ NumberOfStudyRelatedInstances: 1, flags: [] })
  const more = image({ StudyInstanceUID })
  writeFileSync(file, more.bytes)
  await takes('halves', 2)
  expect(await study(StudyInstanceUID)).toMatchObject({ NumberOfStudyRelatedInstances: 2 })
})

test.concurrent('junk is counted once and named; unfinished names and links are left alone; junk that becomes an image comes', async () => {
  const { StudyInstanceUID, bytes } = image()
  writeFileSync(inPlace('junk', 'notes.txt'), 'not an image, '.repeat(50))
  writeFileSync(inPlace('junk', 'nobody.dcm'), part10(dataSetBytes(smallCT({ StudyInstanceUID: '' }))))
  writeFileSync(inPlace('junk', 'DICOMDIR'), 'what lies on the medium')
  writeFileSync(inPlace('junk', 'coming.dcm.part'), bytes)
  writeFileSync(inPlace('junk', '.hidden.dcm'), bytes)
  writeFileSync(inPlace('elsewhere.dcm'), bytes)
  symlinkSync(inPlace('elsewhere.dcm'), inPlace('junk', 'link.dcm'))
  await until(
    () => folder('junk'),
    ({ known }) => known === 3,
  )
  // Several walks later it is still the same.
  await wait(5000)
  const { taken, refusedCount, refused } = await folder('junk')
  expect({ taken, refusedCount }).toEqual({ taken: 0, refusedCount: 2 })
  expect(Object.fromEntries(refused.map(({ file, reason }) => [file, reason]))).toEqual({
    'notes.txt': 'This is not a DICOM file.',
    'nobody.dcm': expect.stringContaining('missing or impossible'),
  })
  expect(await study(StudyInstanceUID)).toBeUndefined()
  renameSync(inPlace('junk', 'coming.dcm.part'), inPlace('junk', 'notes.txt'))
  await takes('junk', 1)
  expect((await folder('junk')).refused.map(({ file }) => file)).toEqual(['nobody.dcm'])
  expect(await study(StudyInstanceUID)).toBeDefined()
})

test.concurrent.each(['far', 'near'] as const)(
  'what is in the vault moves to its place (%s), never over another file; junk stays',
  async id => {
    const target = id === 'far' ? far : inPlace('near', 'done')
    mkdirSync(path.join(target, 'a', 'b'), { recursive: true })
    writeFileSync(path.join(target, 'a', 'b', 'IM1.dcm'), 'somebody else’s')
    const [one, two] = [image(), image()]
    mkdirSync(inPlace(id, 'a', 'b'), { recursive: true })
    writeFileSync(inPlace(id, 'a', 'b', 'IM1.dcm'), one.bytes)
    writeFileSync(inPlace(id, 'two.dcm'), two.bytes)
    writeFileSync(inPlace(id, 'readme.txt'), 'hello')
    await until(
      () => existsSync(inPlace(id, 'a', 'b', 'IM1.dcm')) || existsSync(inPlace(id, 'two.dcm')),
      stillThere => !stillThere,
    )
    expect(readFileSync(path.join(target, 'a', 'b', 'IM1.dcm'), 'utf8')).toBe('somebody else’s')
    expect(Buffer.from(one.bytes).equals(readFileSync(path.join(target, 'a', 'b', 'IM1 (2).dcm')))).toBe(true)
    expect(Buffer.from(two.bytes).equals(readFileSync(path.join(target, 'two.dcm')))).toBe(true)
    await until(
      () => folder(id),
      ({ refusedCount }) => refusedCount === 1,
    )
    expect(existsSync(inPlace(id, 'readme.txt'))).toBe(true)
    expect(await folder(id)).toMatchObject({ taken: 2, duplicates: 0, trouble: '' })
    expect(await study(one.StudyInstanceUID)).toBeDefined()
  },
)

test.concurrent('a folder that vanishes is said, and comes back by itself', async () => {
  renameSync(inPlace('vanishing'), inPlace('away'))
  await until(
    () => folder('vanishing'),
    ({ trouble }) => trouble === 'It is not there.',
  )
  const { problems } = await station.call('problems.list', {})
  expect(problems.map(({ sentence, detail }) => `${sentence} ${detail}`)).toContain(
    `A watched folder needs a look. It is not there. ${inPlace('vanishing')}`,
  )
  const { bytes } = image()
  writeFileSync(inPlace('away', 'late.dcm'), bytes)
  renameSync(inPlace('away'), inPlace('vanishing'))
  await takes('vanishing', 1)
  expect((await folder('vanishing')).trouble).toBe('')
})

test('the station’s own folders, a folder twice, and places where files would come round again are refused in words', async () => {
  const set = (...folders: Array<Partial<WatchedFolder>>) =>
    station.call('folders.set', { folders: folders.map((one, i) => ({ id: `f${i}`, path: inPlace('many'), ...one })) })
  await expect(set({ path: inPlace('data', 'files') })).rejects.toThrow('lies in a folder of the station itself')
  await expect(set({ path: 'relative' })).rejects.toThrow('needs a full path')
  await expect(set({}, { path: inPlace('many', 'below') })).rejects.toThrow('is watched already')
  await expect(set({ onDone: 'move' })).rejects.toThrow('400')
  await expect(set({ onDone: 'move', movedTo: place })).rejects.toThrow('holds the watched folder')
  await expect(set({ path: inPlace('slow') }, { onDone: 'move', movedTo: inPlace('slow', 'x') })).rejects.toThrow(
    'is watched itself',
  )
  expect((await station.call('folders.list', {})).folders.map(({ id }) => id)).toEqual([...FOLDERS])
})

test(`${MANY} files: a kill in the middle loses none and doubles none, and a start reads none of them again`, async () => {
  const StudyInstanceUID = uid()
  const SeriesInstanceUID = uid()
  for (let i = 0; i < MANY; i++) {
    const inside = inPlace('many', `day ${i % 10}`)
    if (i < 10) mkdirSync(inside)
    writeFileSync(path.join(inside, `${i}.dcm`), image({ StudyInstanceUID, SeriesInstanceUID }).bytes)
  }
  await expect.poll(async () => (await folder('many')).taken, { timeout: 60_000 }).toBeGreaterThan(300)
  station.process.kill('SIGKILL')
  await expect.poll(() => station.process.signalCode).toBe('SIGKILL')
  station = await startStation({ dataDir: inPlace('data') })
  await expect.poll(async () => (await folder('many')).known, { timeout: 100_000 }).toBe(MANY)
  const { duplicates, refusedCount } = await folder('many')
  // What was stored and not yet noted: no more than was on the way.
  expect(duplicates).toBeLessThanOrEqual(8)
  expect(refusedCount).toBe(0)
  expect(await study(StudyInstanceUID)).toMatchObject({ NumberOfStudyRelatedInstances: MANY })

  await station.stop()
  station = await startStation({ dataDir: inPlace('data') })
  writeFileSync(inPlace('many', 'new.dcm'), image().bytes)
  await takes('many', 1)
  await until(
    () => folder('many'),
    ({ known }) => known === MANY + 1,
  )
  expect(await folder('many')).toMatchObject({ taken: 1, duplicates: 0, refusedCount: 0 })

  await station.call('folders.set', { folders: [] })
  expect((await station.call('folders.list', {})).folders).toEqual([])
})
