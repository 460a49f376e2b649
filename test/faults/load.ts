/**
 * Run as a process of its own under the recorder: a store that takes objects of every kind from several senders while a person
 * decides things, is closed and opened again, and at last is closed or killed. Each line both sides say goes to the marks.
 * Argument: a Load as JSON.
 */
import { openSync, writeSync } from 'node:fs'
import { createLog } from '../../electron/station/base/log.ts'
import { openStore, type Store } from '../../electron/station/store/index.ts'
import { EXPLICIT_LE, type FaultObject, faultObject, SC_IMAGE, studyOf, type Version } from './objects.ts'
import { type Deciding, type Said, USER } from './promises.ts'
import { below, createRandom, oneOf } from './random.ts'
import { FULL_OPTIONS, QUIET_MS, STORE_OPTIONS } from './storeOptions.ts'

export interface Load {
  dataDir: string
  marks: string
  seed: number
  /** Objects have the numbers from `from` on; those before were sent in an earlier life of the folder. */
  from: number
  objects: number
  /** All of this size; see faultObject. */
  side?: number
  /** How often the store is opened; the objects are spread over them. */
  sessions: number
  ends: 'closed' | 'killed'
}

const SENDERS = 6
/** In each session, also when all is sent before a reader has come up. */
const LEAST_DECISIONS = 8
const origin = { door: 'dimse', sourceAET: 'A', sendingAET: 'A', receivingAET: 'B', address: '127.0.0.1' } as const

const load = JSON.parse(process.argv[2] ?? '') as Load
const random = createRandom(load.seed + load.from)
const marks = openSync(load.marks, 'a')
let next = load.from
let decided = load.from

function say(said: Said): void {
  writeSync(marks, `${JSON.stringify(said)}\n`)
}

async function send(store: Store, object: FaultObject, ends: 'commit' | 'abort' = 'commit'): Promise<number> {
  const { SOPInstanceUID, StudyInstanceUID, sha256, bytes } = object
  if (ends === 'commit') say({ kind: 'sending', SOPInstanceUID, StudyInstanceUID, sha256 })
  const receive = store.beginReceive({
    origin,
    SOPClassUID: SC_IMAGE,
    SOPInstanceUID,
    TransferSyntaxUID: EXPLICIT_LE,
  })
  for (let at = 0; at < bytes.length; at += 65_536) await receive.write(bytes.subarray(at, at + 65_536))
  if (ends === 'abort') {
    await receive.abort()
    return 0
  }
  const { contentId } = await receive.commit()
  say({ kind: 'stored', SOPInstanceUID, sha256 })
  return contentId
}

/** Object number `n`: new, or one more under the UID of an earlier one. */
async function sendNumber(store: Store, n: number): Promise<void> {
  const made = (of: number, version?: Version) => faultObject(load.seed, of, version, load.side)
  const dice = random()
  const earlier = below(random, n)
  if (dice < 0.1) await send(store, made(earlier))
  else if (dice < 0.16) await send(store, made(earlier, 'header'))
  else if (dice < 0.2) await send(store, made(earlier, 'pixels'))
  // Its UID is never sent by another: nothing of it may be there.
  else if (dice < 0.25) await send(store, made(n + 500_000), 'abort')
  else if (dice < 0.29) await Promise.all([send(store, made(n)), send(store, made(n))])
  else if (dice < 0.32) await Promise.all([send(store, made(n)), send(store, made(n, 'pixels'))])
  else {
    const contentId = await send(store, made(n))
    if (random() < 0.3) await store.finishWork(contentId, { thumbnail: new Uint8Array(300).fill(n) })
  }
}

/** False when the study it is about is not there. */
async function decide(store: Store): Promise<boolean> {
  const StudyInstanceUID = studyOf(load.seed, below(random, 5))
  if (!(await store.read.locate({ StudyInstanceUID }, 1)).length) return false
  const what = oneOf(random, ['reading', 'priority', 'draft', 'setting'])
  const n = ++decided
  const asked = (value: string): Deciding => ({ kind: 'deciding', what, StudyInstanceUID, value })
  if (what === 'reading') {
    const status = oneOf(random, ['read', 'opened', 'new'])
    say(asked(status))
    await store.setReading([{ StudyInstanceUID, status }], USER)
  } else if (what === 'priority') {
    const priority = oneOf(random, ['routine', 'urgent', 'stat'])
    say(asked(priority))
    await store.setPriority(StudyInstanceUID, priority)
  } else if (what === 'draft') {
    const { rev } = await store.read.getDraft(StudyInstanceUID, USER)
    say(asked(`${n}`))
    await store.putDraft(StudyInstanceUID, USER, { n: `${n}` }, rev)
  } else {
    say(asked(`${n}`))
    await store.setSetting(USER, StudyInstanceUID, `${n}`)
  }
  say({ kind: 'decided' })
  return true
}

for (let session = 1; session <= load.sessions; session++) {
  const last = load.from + Math.ceil((load.objects * session) / load.sessions)
  const options = session % 2 === 0 ? FULL_OPTIONS : STORE_OPTIONS
  const store = await openStore({ dataDir: load.dataDir, log: createLog('silent'), ...options })
  let sending = true
  const deciding = (async () => {
    for (let made = 0, tried = 0; sending || (made < LEAST_DECISIONS && tried < 10 * LEAST_DECISIONS); tried++) {
      made += Number(await decide(store))
      await new Promise(resolve => setTimeout(resolve, 4 + below(random, 12)))
    }
  })()
  const sender = async () => {
    while (next < last) await sendNumber(store, next++)
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
  sending = false
  await deciding
  await new Promise(resolve => setTimeout(resolve, QUIET_MS))
  if (session < load.sessions || load.ends === 'closed') await store.close()
}
process.kill(process.pid, 'SIGKILL')
