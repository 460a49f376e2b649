/**
 * `npm run faults -- power-cut [--full] [--seed N] [--states DIR]`: records a store under load, makes the states a power cut could have left,
 * and lets a store open each. States are made in DIR, best a file system in memory; lives are recorded on a disk. Ends with 1 when anything acknowledged is lost or altered, or when the control finds nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machine } from '../bench/figures.ts'
import { type LoadOf, powerCuts, sentence } from './powerCut.ts'
import { buildRecorder } from './recorder.ts'

const { values } = parseArgs({
  options: {
    full: { type: 'boolean' },
    seed: { type: 'string' },
    keep: { type: 'boolean' },
    states: { type: 'string' },
  },
})
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const started = Date.now()
const work = mkdtempSync(join(tmpdir(), 'isocenter-power-'))

/** Many small objects cross the store's own checkpoints, a mix crosses everything else. */
function lives(count: number, objects: number): LoadOf[] {
  return Array.from({ length: count }, (_, n): LoadOf => {
    const mixed = {
      seed: seed + n,
      from: 1,
      objects,
      sessions: 1 + (n % 3),
      ends: n % 2 ? 'closed' : 'killed',
    } as const
    return n % 4 === 3 ? { ...mixed, objects: 900, side: 8 } : mixed
  })
}

console.log(`seed ${seed}, ${machine()}`)
const { kept, second, without, syncs, records } = await powerCuts(buildRecorder(work), work, {
  seed,
  statesIn: values.states ?? work,
  ...(values.full
    ? { states: 2100, secondStates: 500, lives: lives(12, 50), secondLives: 5, controlStates: 60, checkers: 2 }
    : { states: 200, secondStates: 50, lives: lives(2, 40), secondLives: 2, controlStates: 20, checkers: 2 }),
  log: console.log,
})
console.log(`${records} recorded calls, ${syncs} syncs`)
console.log(`power cut:        ${sentence(kept)}`)
console.log(`cut once more:    ${sentence(second)}`)
for (const [which, findings] of Object.entries(without)) {
  console.log(`without syncs of ${which}: ${sentence(findings)}`)
}
for (const example of [...kept.examples, ...second.examples]) console.log(example)
console.log(`${((Date.now() - started) / 1000).toFixed(0)} s, seed ${seed}`)
const red = kept.brokenStates + second.brokenStates > 0
if (without.all.brokenStates === 0) console.log('The control found nothing: this run proves nothing.')
if (red || values.keep) console.log(`The traces are kept in ${work}`)
else rmSync(work, { recursive: true })
process.exit(red || without.all.brokenStates === 0 ? 1 : 0)
