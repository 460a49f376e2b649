import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { REPOSITORY } from '../fixtures/station.ts'
import { chooseState, writeState } from './crashState.ts'
import { powerCuts } from './powerCut.ts'
import { createRandom } from './random.ts'
import { buildRecorder, readTrace, recorded } from './recorder.ts'
import { createRecording, type Inode, type NameChange } from './recording.ts'

function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'isocenter-power-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Whole with its folder synced, whole without that, and never synced at all: 3,000 bytes each. A mark says when all is done. */
const WRITER = `
  import { closeSync, fdatasyncSync, fsyncSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs'
  const [root, marks] = process.argv.slice(1)
  const put = (name, sync) => {
    const fd = openSync(root + '/' + name, 'w')
    writeSync(fd, Buffer.alloc(3000, 'x'))
    if (sync) fdatasyncSync(fd)
    closeSync(fd)
  }
  put('synced.new', true)
  renameSync(root + '/synced.new', root + '/synced')
  const folder = openSync(root, 'r')
  fsyncSync(folder)
  put('nameless', true)
  put('unsynced', false)
  writeFileSync(marks, 'done')
`

test('a cut leaves what was synced, and of the rest anything', () => {
  const work = workFolder()
  const root = join(work, 'root')
  mkdirSync(root)
  const files = { root, trace: join(work, 'trace'), marks: join(work, 'marks') }
  execFileSync(process.execPath, ['--input-type=module', '-e', WRITER, root, files.marks], {
    env: recorded(buildRecorder(work), files),
  })
  const recording = createRecording(readTrace(files.trace))
  const random = createRandom(1)
  const seen: Record<string, Set<string>> = { synced: new Set(), nameless: new Set(), unsynced: new Set() }
  for (let n = 0; n < 400; n++) {
    const state = chooseState(recording, random)
    if (state.cut <= (recording.marks[0]?.at ?? 0)) continue
    const folder = join(work, `${n}`)
    mkdirSync(folder)
    writeState(state, folder)
    for (const [name, found] of Object.entries(seen)) {
      const bytes = existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : undefined
      const kept = bytes?.filter(byte => byte !== 0).length
      found.add(kept === undefined ? 'absent' : kept === 3000 ? 'whole' : kept === 0 ? 'empty' : 'torn')
    }
    expect(existsSync(join(folder, 'synced.new'))).toBe(false)
  }
  expect(seen.synced).toEqual(new Set(['whole']))
  expect(seen.nameless).toEqual(new Set(['whole', 'absent']))
  expect(seen.unsynced).toEqual(new Set(['absent', 'whole', 'empty', 'torn']))
})

/** Stores three images, lets them settle, decides nothing. */
const SETTLER = `
  import { writeFileSync } from 'node:fs'
  const [root, marks, repository] = process.argv.slice(1)
  const { createLog } = await import(repository + '/electron/station/base/log.ts')
  const { openStore } = await import(repository + '/electron/station/store/index.ts')
  const { EXPLICIT_LE, faultObject, SC_IMAGE } = await import(repository + '/test/faults/objects.ts')
  const store = await openStore({ dataDir: root, log: createLog('silent') })
  const origin = { door: 'dimse', sourceAET: 'A', sendingAET: 'A', receivingAET: 'B', address: '127.0.0.1' }
  for (const n of [1, 2, 3]) {
    const { SOPInstanceUID, bytes } = faultObject(1, n, 'first', 64)
    const receive = store.beginReceive({ origin, SOPClassUID: SC_IMAGE, SOPInstanceUID, TransferSyntaxUID: EXPLICIT_LE })
    await receive.write(bytes)
    await receive.commit()
  }
  writeFileSync(marks, 'answered')
  await store.settleAll()
  await store.close()
`

test('a file has its name when the row it belongs to is on the disk: after no cut the index looks older than the files', () => {
  const work = workFolder()
  const root = join(work, 'root')
  mkdirSync(root)
  const files = { root, trace: join(work, 'trace'), marks: join(work, 'marks') }
  execFileSync(process.execPath, ['--input-type=module', '-e', SETTLER, root, files.marks, REPOSITORY], {
    env: recorded(buildRecorder(work), files),
  })
  const { root: folder, marks } = createRecording(readTrace(files.trace))
  const answered = marks[0]?.at ?? 0
  const named = (inode: Inode): NameChange[] =>
    inode.names.flatMap(change => (change.inode?.folder ? named(change.inode) : [change]))
  const inFolder = (name: string) => folder.names.find(change => change.name === name)?.inode
  const images = named(inFolder('files') ?? folder).filter(({ inode }) => inode)
  expect(images).toHaveLength(3)
  const rows = inFolder('index.sqlite-wal')?.data.filter(({ at }) => at < answered) ?? []
  expect(rows.length).toBeGreaterThan(0)
  const onDisk = Math.max(...rows.map(({ durable }) => durable))
  expect(onDisk).toBeLessThan(Math.min(...images.map(({ at }) => at)))
})

test('whenever the power goes, all that was answered is there unchanged; without syncs it is not', async () => {
  const work = workFolder()
  // What a rerun needs to see the same: printed with every failure.
  const seed = Date.now() % 1_000_000
  const life = { seed, from: 1, objects: 40, sessions: 2, ends: 'killed' } as const
  const { kept, second, without } = await powerCuts(buildRecorder(work), work, {
    seed,
    states: 40,
    secondStates: 12,
    lives: [life, { ...life, seed: seed + 1, sessions: 1 }],
    secondLives: 2,
    controlStates: 6,
    controls: ['all'],
    checkers: 2,
    log: () => {},
  })
  for (const [when, { brokenStates, examples }] of Object.entries({ kept, second })) {
    // Lines of their own: of an object that differs the reporter shows the beginning.
    const found = [`seed ${seed}, ${when}: ${brokenStates} broken states`, ...examples]
    expect(brokenStates, found.join('\n')).toBe(0)
  }
  expect(kept.states + second.states).toBeGreaterThanOrEqual(40)
  expect(kept.acknowledged).toBeGreaterThan(250)
  expect(kept.decided).toBeGreaterThan(25)
  expect(without.all.broken.missing).toBeGreaterThan(0)
}, 900_000)
