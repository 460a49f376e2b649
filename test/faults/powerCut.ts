import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Checkers, startCheckers } from './checkers.ts'
import { type Broken, type Checked, isWhole } from './checkVault.ts'
import { type CrashState, chooseState, lastState, writeState } from './crashState.ts'
import type { Load } from './load.ts'
import { below, createRandom, type Random } from './random.ts'
import { readTrace, recorded } from './recorder.ts'
import { createRecording, type Recording } from './recording.ts'

/** A recorded life of a data folder, and the folder it began with. */
interface Life {
  trace: string
  /** What was said before it, the lines of promises.ts. */
  said: string[]
  base?: string
}

/** What a campaign works with. */
interface Workshop {
  library: string
  /** A folder for traces and states. */
  work: string
  /** Where states are made, each thrown away when it was looked at. */
  states: string
  checkers: Checkers
  random: Random
}

export type LoadOf = Omit<Load, 'dataDir' | 'marks'>

/** A second start after the first costs as much again. */
const SECOND_START_EVERY = 3

interface Findings {
  states: number
  /** Answered data sets and decisions looked for, over all states. */
  acknowledged: number
  decided: number
  /** States in which anything was broken, and how many things of each kind. */
  brokenStates: number
  broken: Record<keyof Broken, number>
  /** The first of them, for a person. */
  examples: string[]
}

function noFindings(): Findings {
  const broken = { missing: 0, different: 0, doubled: 0, undone: 0, unsound: 0 }
  return { states: 0, acknowledged: 0, decided: 0, brokenStates: 0, broken, examples: [] }
}

/** Records a load on a folder below `work`, on a copy of `base`'s state when there is one. */
async function recordLife(
  { library, work }: Workshop,
  load: LoadOf,
  before?: { base: string; said: string[] },
): Promise<Life> {
  const name = `life-${load.seed}-${load.from}-${readdirSync(work).length}`
  const dataDir = join(work, name)
  if (before) cpSync(before.base, dataDir, { recursive: true })
  else mkdirSync(dataDir)
  const files = { root: dataDir, trace: `${dataDir}.trace`, marks: `${dataDir}.marks` }
  const args: Load = { ...load, dataDir, marks: files.marks }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load.ts'), JSON.stringify(args)], {
    env: recorded(library, files),
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  if (signal !== 'SIGKILL') throw new Error(`the load on ${dataDir} ended with ${code ?? signal}`)
  const life = { trace: files.trace, said: before?.said ?? [], base: before?.base }
  const difference = compareWithReplay(recordingOf(life), dataDir, join(work, `${name}.replay`))
  if (difference) throw new Error(`the recorder missed something: a replay differs in ${difference}`)
  rmSync(dataDir, { recursive: true })
  return life
}

function recordingOf(life: Life, counts?: (path: string, folder: boolean) => boolean): Recording {
  return createRecording(readTrace(life.trace), life.base, counts)
}

/** The first path that is not the same in the folder and in a replay of the whole trace. */
function compareWithReplay(recording: Recording, dataDir: string, replay: string): string | undefined {
  mkdirSync(replay)
  writeState(lastState(recording), replay)
  const listed = (folder: string) =>
    (readdirSync(folder, { recursive: true }) as string[]).filter(name => !name.endsWith('-shm')).toSorted()
  const [there, replayed] = [listed(dataDir), listed(replay)]
  const odd = there.find(name => !replayed.includes(name)) ?? replayed.find(name => !there.includes(name))
  const differs = there.find(
    name =>
      !odd &&
      statSync(join(dataDir, name)).isFile() &&
      !readFileSync(join(dataDir, name)).equals(readFileSync(join(replay, name))),
  )
  rmSync(replay, { recursive: true })
  return odd ?? differs
}

/** What had been said when the power went. */
function saidBefore(life: Life, recording: Recording, cut: number): string[] {
  const heard = recording.marks.filter(({ at }) => at < cut).flatMap(({ text }) => text.split('\n').filter(Boolean))
  return [...life.said, ...heard]
}

/** Makes `states` states of a life, lets a store open each and adds what was found. */
async function enumerate(
  { checkers, states: folder, random }: Workshop,
  life: Life,
  recording: Recording,
  states: number,
  findings: Findings,
): Promise<void> {
  let left = states
  const worker = async (number: number) => {
    const dataDir = join(folder, `${number}`)
    while (left-- > 0) {
      const state = chooseState(recording, random)
      mkdirSync(dataDir)
      writeState(state, dataDir)
      const checked = await checkers.check({
        dataDir,
        said: saidBefore(life, recording, state.cut),
        starts: left % SECOND_START_EVERY === 0 ? 2 : 1,
      })
      add(findings, checked, life, state)
      rmSync(dataDir, { recursive: true })
    }
  }
  await Promise.all(Array.from({ length: checkers.count }, (_, number) => worker(number)))
}

function add(findings: Findings, { broken, acknowledged, decided }: Checked, life: Life, state: CrashState): void {
  findings.states += 1
  findings.acknowledged += acknowledged
  findings.decided += decided
  if (isWhole(broken)) return
  findings.brokenStates += 1
  for (const kind of Object.keys(findings.broken) as Array<keyof Broken>) {
    findings.broken[kind] += broken[kind].length
    const [first] = broken[kind]
    if (first && findings.examples.length < 10) {
      findings.examples.push(`${life.trace} cut at ${state.cut} (${state.how}): ${kind}: ${first}`)
    }
  }
}

/** One more life on a state of another: a start after a power cut that is recorded itself, so that it can be cut, too. */
async function recordSecondLife(workshop: Workshop, first: Life, recording: Recording, load: LoadOf): Promise<Life> {
  const state = chooseState(recording, workshop.random)
  const base = join(workshop.work, `base-${load.from}-${readdirSync(workshop.work).length}`)
  mkdirSync(base)
  writeState(state, base)
  return recordLife(workshop, load, { base, said: saidBefore(first, recording, state.cut) })
}

interface Campaign {
  seed: number
  states: number
  /** Of them in starts after a power cut. */
  secondStates: number
  /** Recorded lives, and of each how many starts after a cut are recorded. */
  lives: LoadOf[]
  secondLives: number
  /** Of each control; all of them where none is named. */
  controlStates: number
  controls?: Array<keyof typeof CONTROLS>
  checkers: number
  /** A folder for states; `work` where none is given. */
  statesIn?: string
  log(line: string): void
}

/** Which syncs a control leaves out of the recording, by the path and kind of what they are on: what stays counts. */
const CONTROLS = {
  all: () => false,
  images: (path: string, folder: boolean) => folder || !/^(files|landing)\//.test(path),
  folders: (_path: string, folder: boolean) => !folder,
  index: (path: string) => !path.startsWith('index.sqlite'),
  decisions: (path: string) => path !== 'decisions.log',
}
type Controls = Record<keyof typeof CONTROLS, Findings>

/**
 * Records and enumerates, then does some of it again with syncs left out of the recording: the controls. Without any sync there
 * must be losses, or the whole proves nothing; of the others each says what one kind of sync is good for. `work` keeps the traces.
 */
export async function powerCuts(
  library: string,
  work: string,
  {
    seed,
    states,
    secondStates,
    lives,
    secondLives,
    controlStates,
    controls,
    checkers: count,
    statesIn = work,
    log,
  }: Campaign,
): Promise<{ kept: Findings; second: Findings; without: Controls; syncs: number; records: number }> {
  const random = createRandom(seed)
  const checkers = await startCheckers(library, count)
  const folder = mkdtempSync(join(statesIn, 'states-'))
  const workshop = { library, work, states: folder, checkers, random }
  const without: Controls = {
    all: noFindings(),
    images: noFindings(),
    folders: noFindings(),
    index: noFindings(),
    decisions: noFindings(),
  }
  const found = { kept: noFindings(), second: noFindings(), without, syncs: 0, records: 0 }
  const share = (total: number) => Math.ceil(total / lives.length)
  try {
    for (const load of lives) {
      const life = await recordLife(workshop, load)
      const recording = recordingOf(life)
      found.syncs += recording.syncs
      found.records += recording.length
      log(`${life.trace}: ${recording.length} records, ${recording.syncs} syncs, ${recording.marks.length} marks`)
      await enumerate(workshop, life, recording, share(states - secondStates), found.kept)
      for (let n = 0; n < secondLives; n++) {
        const from = 1000 * (n + 1)
        const again = { ...load, from, objects: 3 + below(random, 8), sessions: 1, ends: 'killed' } as const
        const second = await recordSecondLife(workshop, life, recording, again)
        const perLife = Math.ceil(share(secondStates) / secondLives)
        await enumerate(workshop, second, recordingOf(second), perLife, found.second)
      }
      for (const name of controls ?? (Object.keys(CONTROLS) as Array<keyof typeof CONTROLS>)) {
        const unsafe = recordingOf(life, CONTROLS[name])
        await enumerate(workshop, life, unsafe, share(controlStates), without[name])
      }
      log(`  so far ${sentence(found.kept)}; after a second cut ${sentence(found.second)}`)
    }
  } finally {
    checkers.stop()
    rmSync(folder, { recursive: true })
  }
  return found
}

export function sentence({ states, acknowledged, decided, brokenStates, broken }: Findings): string {
  const kinds = Object.entries(broken).map(([kind, n]) => `${n} ${kind}`)
  return `${states} states, ${acknowledged} acknowledged and ${decided} decided looked for: ${kinds.join(', ')} (in ${brokenStates} states)`
}
