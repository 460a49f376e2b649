import { hash } from 'node:crypto'
import { closeSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { errorCode } from '../../base/durable.ts'
import { createFileSync, syncFileSync, writeAllSync } from '../../base/durableSync.ts'

const RECORD_BYTES = 8
const BLOCK_BYTES = 1 << 16
const FIRST_SLOTS = 1 << 12
/** 11.7 million files in 128 MB: past that a folder is to be emptied. */
const MOST_SLOTS = 1 << 24
/** The table is filled to this. */
const FILLED = 0.7
/** So many of files that are gone are forgotten only when there are more of them than of others. */
const FORGET_FROM = 1 << 16

/** Of a file's place, size and time: 63 bits, and in the lowest one whether it was taken. */
export interface Fingerprint {
  high: number
  /** Even. */
  low: number
}

/**
 * Among ten million files, two with one fingerprint, of which one would be passed over, are one chance in 200,000; a file that is
 * written anew has another.
 */
export function fingerprintOf(file: string, size: number, mtimeMs: number): Fingerprint {
  const bytes = hash('sha256', `${size}/${mtimeMs}/${file}`, 'buffer')
  // Nothing at all is an empty slot.
  return { high: bytes.readUInt32LE(0) || 1, low: (bytes.readUInt32LE(4) & ~1) >>> 0 }
}

/**
 * Which files are done with: eight bytes each, in memory and in a file that only grows until it is written anew without those that
 * are gone. It is not synced: what a power cut costs is read once more and is a duplicate then.
 */
export class Seen {
  #file: string
  #descriptor: number
  #table = new Uint32Array(2 * FIRST_SLOTS)
  /** In which round each was last met. */
  #met = new Uint8Array(FIRST_SLOTS)
  #count = 0
  #round = 1

  /** Throws the system's error. */
  constructor(file: string) {
    this.#file = file
    // What was being written when the station was killed.
    rmSync(`${file}.new`, { force: true })
    this.#descriptor = openSync(file, 'a+', 0o600)
    const block = new Uint32Array(BLOCK_BYTES / 4)
    for (let at = 0; !this.full; ) {
      const bytes = readSync(this.#descriptor, block, 0, BLOCK_BYTES, at)
      // A half record at the end was being written.
      const records = Math.floor(bytes / RECORD_BYTES)
      for (let i = 0; i < records; i++) this.#put(block[2 * i]!, block[2 * i + 1]!)
      if (records === 0) break
      at += records * RECORD_BYTES
    }
  }

  get count(): number {
    return this.#count
  }

  /** No more can be remembered. */
  get full(): boolean {
    return this.#count >= MOST_SLOTS * FILLED
  }

  /** What became of a file, or undefined where it is new. */
  find({ high, low }: Fingerprint): 'taken' | 'refused' | undefined {
    const slot = this.#slotOf(high, low)
    if (this.#table[2 * slot] === 0) return undefined
    this.#met[slot] = this.#round
    return this.#table[2 * slot + 1]! & 1 ? 'taken' : 'refused'
  }

  add({ high, low }: Fingerprint, outcome: 'taken' | 'refused'): void {
    const last = (low | Number(outcome === 'taken')) >>> 0
    this.#put(high, last)
    try {
      writeSync(this.#descriptor, Uint32Array.of(high, last))
    } catch {
      // A full disk stops the receiving itself, in words; this file is only read once more after a restart.
    }
  }

  /** Files met from here on are there. */
  beginRound(): void {
    this.#round = (this.#round % 255) + 1
  }

  /** The whole folder was walked: what was not met is gone, and forgotten once that is worth it. */
  endRound(): void {
    let gone = 0
    for (let slot = 0; slot < this.#met.length; slot++) {
      if (this.#table[2 * slot] !== 0 && this.#met[slot] !== this.#round) gone++
    }
    if (gone >= FORGET_FROM && gone > this.#count / 2) this.#forget()
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #forget(): void {
    const [table, met] = [this.#table, this.#met]
    this.#table = new Uint32Array(2 * FIRST_SLOTS)
    this.#met = new Uint8Array(FIRST_SLOTS)
    this.#count = 0
    const kept = new Uint32Array(2 * met.reduce((sum, round) => sum + Number(round === this.#round), 0))
    let at = 0
    for (let slot = 0; slot < met.length; slot++) {
      if (table[2 * slot] === 0 || met[slot] !== this.#round) continue
      kept[at++] = table[2 * slot]!
      kept[at++] = table[2 * slot + 1]!
      this.#put(table[2 * slot]!, table[2 * slot + 1]!)
    }
    try {
      const descriptor = createFileSync(`${this.#file}.new`)
      try {
        writeAllSync(descriptor, new Uint8Array(kept.buffer))
        syncFileSync(descriptor)
      } finally {
        closeSync(descriptor)
      }
      closeSync(this.#descriptor)
      renameSync(`${this.#file}.new`, this.#file)
      this.#descriptor = openSync(this.#file, 'a+', 0o600)
    } catch (error) {
      rmSync(`${this.#file}.new`, { force: true })
      // The longer file says the same, and more.
      if (errorCode(error) !== 'ENOSPC') throw error
    }
  }

  #put(high: number, last: number): void {
    if (high === 0) return
    if (this.#count + 1 > this.#met.length * FILLED && this.#met.length < MOST_SLOTS) this.#grow()
    const slot = this.#slotOf(high, last)
    if (this.#table[2 * slot] === 0) {
      if (this.full) return
      this.#count++
    }
    this.#table[2 * slot] = high
    this.#table[2 * slot + 1] = last
    this.#met[slot] = this.#round
  }

  /** Its slot, or the empty one where it belongs. The lowest bit is not compared. */
  #slotOf(high: number, low: number): number {
    const mask = this.#met.length - 1
    for (let slot = (low >>> 1) & mask; ; slot = (slot + 1) & mask) {
      const found = this.#table[2 * slot]!
      if (found === 0 || (found === high && (this.#table[2 * slot + 1]! ^ low) >>> 1 === 0)) return slot
    }
  }

  #grow(): void {
    const [table, met] = [this.#table, this.#met]
    this.#table = new Uint32Array(2 * table.length)
    this.#met = new Uint8Array(2 * met.length)
    for (let from = 0; from < met.length; from++) {
      const high = table[2 * from]!
      if (high === 0) continue
      const slot = this.#slotOf(high, table[2 * from + 1]!)
      this.#table[2 * slot] = high
      this.#table[2 * slot + 1] = table[2 * from + 1]!
      this.#met[slot] = met[from]!
    }
  }
}
