import { folded } from '../i18n/index.ts'

/** What a word of the query is worth where it meets an entry; a whole name's beginning counts most. */
const WORTH = { whole: 6, beginning: 5, initials: 4, key: 4, group: 2, inside: 1 } as const
/** One letter inside a word says nothing. */
const LEAST_INSIDE = 2

function wordsOf(text: string): string[] {
  return folded(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
}

/** What is searched in: made once when the palette opens. */
export interface Searchable {
  /** The words of each name it has, in every language. */
  names: string[][]
  groups: string[]
  keys: string[]
}

export function searchable(names: readonly string[], groups: readonly string[], keys: readonly string[]): Searchable {
  return { names: names.map(wordsOf), groups: groups.flatMap(wordsOf), keys: keys.map(folded) }
}

function worthOfName(word: string, name: readonly string[]): number {
  const initials = name.map(one => one[0]).join('')
  return Math.max(
    0,
    ...name.map((one, place) => {
      if (one === word) return WORTH.whole + (place === 0 ? 1 : 0)
      if (one.startsWith(word)) return WORTH.beginning + (place === 0 ? 1 : 0)
      return word.length >= LEAST_INSIDE && one.includes(word) ? WORTH.inside : 0
    }),
    word.length >= 2 && initials.startsWith(word) ? WORTH.initials : 0,
  )
}

/**
 * How well an entry is meant by a query: 0 not at all. Every word of it has to begin a word of one of its names, in any order (or be
 * its initials, its key, its group's, a part of a word).
 */
export function worthOf(entry: Searchable, query: string): number {
  const pressed = folded(query).trim()
  if (pressed !== '' && entry.keys.includes(pressed)) return 2 * WORTH.key
  let sum = 0
  for (const word of wordsOf(query)) {
    const worth = Math.max(
      ...entry.names.map(name => worthOfName(word, name)),
      entry.groups.some(one => one.startsWith(word)) ? WORTH.group : 0,
      entry.keys.includes(word) ? WORTH.key : 0,
    )
    if (worth === 0) return 0
    sum += worth
  }
  return sum
}

/**
 * The entries that a query means, best first; where two are meant as much, what was done lately, then as they stand. Without a query
 * all that can be done, what was done lately first.
 */
export function found<Entry extends { id: string; search: Searchable; disabled?: string | undefined }>(
  entries: readonly Entry[],
  query: string,
  recent: readonly string[],
): Entry[] {
  const place = (id: string) => (recent.includes(id) ? recent.indexOf(id) : recent.length)
  const asked = query.trim() !== ''
  return entries
    .map((entry, at) => ({ entry, at, worth: asked ? worthOf(entry.search, query) : 1 }))
    .filter(({ entry, worth }) => worth > 0 && (asked || entry.disabled === undefined))
    .toSorted(
      (one, other) =>
        Number(one.entry.disabled !== undefined) - Number(other.entry.disabled !== undefined) ||
        other.worth - one.worth ||
        place(one.entry.id) - place(other.entry.id) ||
        one.at - other.at,
    )
    .map(({ entry }) => entry)
}
