import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** The words of the mapped file, 64 bits each, in the order of weather.c. */
const WORDS = [
  'syncDelayMs',
  'walFull',
  'clockSeconds',
  'syncsHeld',
  'writesRefused',
  'syncErrno',
  'writeErrno',
  'syncsFailed',
] as const
type Word = (typeof WORDS)[number]

export interface Weather {
  /** For the process it falls on. */
  env: Record<string, string>
  set(word: Word, value: number): void
  get(word: Word): number
}

/**
 * Builds the library and its file; gone with the test. `below`: the folder whose syncs and writes may fail.
 * Throws with a sentence where it cannot be built.
 */
export function makeWeather(below = ''): Weather {
  if (process.platform !== 'linux') throw new Error('Disks and clocks go wrong by a preloaded library: on Linux only.')
  const folder = mkdtempSync(join(tmpdir(), 'isocenter-weather-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const library = join(folder, 'weather.so')
  const source = join(import.meta.dirname, 'weather.c')
  try {
    execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl'], { stdio: 'pipe' })
  } catch (error) {
    throw new Error('gcc could not build weather.c; is it installed?', { cause: error })
  }
  const control = join(folder, 'weather')
  const file = openSync(control, 'w+')
  onTestFinished(() => closeSync(file))
  writeSync(file, Buffer.alloc(WORDS.length * 8), 0, WORDS.length * 8, 0)
  const word = Buffer.alloc(8)
  return {
    // Files through the pool's threads, where they pass the library.
    env: { LD_PRELOAD: library, WEATHER: control, WEATHER_FOLDER: below, UV_USE_IO_URING: '0' },
    set(name, value) {
      word.writeBigInt64LE(BigInt(value))
      writeSync(file, word, 0, 8, WORDS.indexOf(name) * 8)
    },
    get(name) {
      readSync(file, word, 0, 8, WORDS.indexOf(name) * 8)
      return Number(word.readBigInt64LE())
    },
  }
}
