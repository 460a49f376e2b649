import type { DataSet } from '../dicom/reader.ts'
import type { DeidentifyOptions } from './options.ts'
import { profileRow } from './profileTable.ts'

/** Shorter ones ("1", "CT") stand in every second text: of a name they count where they stand alone, of an identifier not at all. */
const SHORTEST = 4
/** Scripts without spaces: a name of two characters stands among others. */
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]{2,}$/u
/** A letter alone is an initial, or a unit. */
const ALONE = /^[\p{L}\p{M}]{2,3}$|^[\p{Script=Han}\p{Script=Hangul}]$/u
const MOST_WORDS = 4000
/** A word of these names nobody, whoever was called so. */
const NOBODY = new Set(
  'dr md mr mrs ms phd prof van von de der al el la none unknown anonymous anonymized test phantom patient name'.split(
    ' ',
  ),
)
/** Numbers that may be a date, a UID, or an ID of seven digits and more. */
const TELLING =
  /(^|\D)(19|20)\d{2}[-./]?(0[1-9]|1[0-2])[-./]?(0[1-9]|[12]\d|3[01])(\D|$)|\d+(\.\d+){5,}|\d{7,}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}/

/** The words that name this patient, these physicians, this visit: of all elements that the profile takes away for that reason. */
export class Identity {
  readonly #words = new Set<string>()
  /** Of names: met as words of their own. */
  readonly #short = new Set<string>()
  /** Letters of the options by which what identifies may stay. */
  readonly #described: RegExp

  constructor({ retainInstitution }: Pick<DeidentifyOptions, 'retainInstitution'>) {
    this.#described = retainInstitution ? /^$/ : /^i?$/
  }

  /** Reads names and identifiers at every level; `again` for each item. */
  gather(dataSet: DataSet): void {
    for (const span of dataSet.elements) {
      if (this.#words.size + this.#short.size >= MOST_WORDS) return
      const vr = dataSet.vrOf(span)
      if (vr === 'SQ') {
        for (const item of dataSet.eachItem(span)) this.gather(item)
      } else if (vr === 'PN') {
        for (const name of dataSet.stringsOf(span)) for (const word of name.split(/[\s^=,.()'’-]+/)) this.#addName(word)
      } else if ((vr === 'LO' || vr === 'SH') && (span.tag >>> 16) % 2 === 0) {
        const row = profileRow(span.tag)
        // What an option may keep or clean describes; what none may keep identifies.
        if (row && row.basic !== 'U' && this.#described.test(row.options)) {
          for (const text of dataSet.stringsOf(span)) this.#add(text)
        }
      }
    }
  }

  #add(word: string): void {
    const clean = word.trim().toLowerCase()
    if (clean.length >= SHORTEST && !NOBODY.has(clean)) this.#words.add(clean)
  }

  #addName(word: string): void {
    const clean = word.trim().toLowerCase()
    if (UNSPACED.test(clean)) this.#words.add(clean)
    else if (!ALONE.test(clean)) this.#add(word)
    else if (!NOBODY.has(clean)) this.#short.add(clean)
  }

  /** One of the words stands in it. */
  isIn(text: string): boolean {
    const lower = text.toLowerCase()
    for (const word of this.#words) if (lower.includes(word)) return true
    return this.#short.size > 0 && lower.split(/[^\p{L}\p{M}]+/u).some(word => this.#short.has(word))
  }
}

/** It may hold a date or an identifier. */
export function tells(text: string): boolean {
  return TELLING.test(text)
}
