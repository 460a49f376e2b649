import {
  isDue,
  type KeptResult,
  keptResults,
  NOTHING_WRONG,
  resultFor,
  resultOf,
  type TestCell,
  withResult,
} from '../../shared/viewing/selftest/verdict.ts'
import { call } from '../client.ts'
import { whyOf } from '../i18n/index.ts'
import { announceFailure } from '../ui/index.ts'
import { useSelfTest } from './selfTestStore.ts'

const SETTING = 'selfTest'
/** Nobody has touched anything for so long before it begins by itself, and for so long while it goes on. */
const IDLE_MS = 10_000
const STILL_IDLE_MS = 1000
const LOOK_AGAIN_MS = 250
/** Steps of one or two milliseconds are taken together: none begins after so many, so that a frame is not held up by 8. */
const SLICE_MS = 4
/** Somebody has asked for it and looks at its progress. */
const WAITED_FOR_MS = 40

const otherWindows = new BroadcastChannel('isocenter-self-test')

/** The worklist is on the screen and no study. */
let following = false
let lastInput = performance.now()
let busy: Promise<void> | undefined
let slice = 0
/** Its page is open. */
let watched = false

const later = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))
const idle = () => new Promise<void>(resolve => requestIdleCallback(() => resolve(), { timeout: 500 }))

/** Between two steps of a run that began by itself: as long as a study is read or a hand moves, it waits. */
async function whenNobodyWorks(): Promise<void> {
  if (performance.now() - slice < SLICE_MS && following) return
  while (!watched && (!following || document.hidden || performance.now() - lastInput < STILL_IDLE_MS)) {
    await later(LOOK_AGAIN_MS)
  }
  await idle()
  slice = performance.now()
}

/** For who waits for it: small slices while a study is on the screen, else only the page is let breathe. */
async function betweenSlices(): Promise<void> {
  if (performance.now() - slice < (following ? WAITED_FOR_MS : SLICE_MS)) return
  await idle()
  slice = performance.now()
}

/** Between two steps: who looks at the progress does not wait for his own hand to rest. */
const pause = () => (watched ? betweenSlices() : whenNobodyWorks())

async function readKept(): Promise<KeptResult[]> {
  const settings = await call('settings.get', {})
  const kept = keptResults.safeParse(settings[SETTING])
  return kept.success ? kept.data : []
}

/** Takes a result for what holds on this machine. */
async function hold(result: KeptResult | undefined, cells?: TestCell[]): Promise<void> {
  const verdict = result?.verdict ?? NOTHING_WRONG
  useSelfTest.setState({ result, cells, verdict, trouble: undefined })
  const { restCard } = await import('../viewer/index.ts')
  restCard(verdict.card)
}

async function run(): Promise<void> {
  try {
    const [{ runSelfTest }, { machineHere }] = await Promise.all([import('./run.ts'), import('./machine.ts')])
    const machine = await machineHere()
    const cells = await runSelfTest({
      pause,
      onProgress: (done, of) => useSelfTest.setState({ running: { done, of } }),
    })
    const { verdict } = useSelfTest.getState()
    const result = resultOf(machine, new Date().toISOString(), cells, verdict)
    await hold(result, cells)
    otherWindows.postMessage(result)
    await call('settings.set', { key: SETTING, value: withResult(await readKept(), result) })
  } catch (thrown) {
    useSelfTest.setState({ trouble: whyOf(thrown) })
  } finally {
    useSelfTest.setState({ running: undefined })
  }
}

/** Somebody looks at its page: a run goes on while he does. Returns what ends it. */
export function watchRun(): () => void {
  watched = true
  return () => {
    watched = false
  }
}

/** Runs it now, for who asks: in slices all the same (a study may be open). Resolves at its end; what kept it from one is in the store. */
export function runNow(): Promise<void> {
  busy ??= run().finally(() => {
    busy = undefined
  })
  return busy
}

/** Only what failed is told: a pass is nothing new. */
async function runByItself(): Promise<void> {
  busy ??= run().finally(() => {
    busy = undefined
  })
  await busy
  const { result } = useSelfTest.getState()
  if (result !== undefined && result.failed > 0) {
    announceFailure('The measurement self-test failed on this machine.', 'What it found is under F7.')
  }
}

/** What was found on this machine before holds from the start; undefined = nothing is known, or it failed: it is due. */
let known: Promise<boolean> | undefined

async function takeKept(): Promise<boolean> {
  const [kept, { machineHere }] = await Promise.all([readKept(), import('./machine.ts')])
  const machine = await machineHere()
  // Run here meanwhile: that is newer.
  if (useSelfTest.getState().result === undefined) await hold(resultFor(kept, machine))
  return !isDue(kept, machine)
}

/** While the worklist is on the screen: what was found before is taken, and what is due is run in idle time. Returns what stops it. */
export function followSelfTest(): () => void {
  following = true
  const abort = new AbortController()
  const { signal } = abort
  const touched = () => {
    lastInput = performance.now()
  }
  touched()
  for (const name of ['pointermove', 'pointerdown', 'keydown', 'wheel'] as const) {
    window.addEventListener(name, touched, { signal, capture: true, passive: true })
  }
  otherWindows.onmessage = ({ data }) => {
    const told = keptResults.safeParse([data])
    const [result] = told.success ? told.data : []
    if (result !== undefined) void takeFromOther(result)
  }
  void watch(signal)
  return () => {
    following = false
    abort.abort()
  }
}

async function takeFromOther(result: KeptResult): Promise<void> {
  const { machineHere } = await import('./machine.ts')
  const machine = await machineHere()
  if (resultFor([result], machine) !== undefined) await hold(result)
}

async function watch(signal: AbortSignal): Promise<void> {
  try {
    known ??= takeKept()
    if (await known) return
  } catch {
    // The station was away: asked again when the worklist is next on the screen.
    known = undefined
    return
  }
  // Run by hand meanwhile: then there is nothing left to do.
  while (!signal.aborted && useSelfTest.getState().cells === undefined) {
    if (busy === undefined && performance.now() - lastInput > IDLE_MS && !document.hidden) {
      known = Promise.resolve(true)
      await runByItself()
      // It came to no end (a phantom could not be had): tried again when the worklist is next on the screen.
      if (useSelfTest.getState().trouble !== undefined) known = undefined
      return
    }
    await later(LOOK_AGAIN_MS)
  }
}
