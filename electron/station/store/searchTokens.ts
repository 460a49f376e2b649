import { foldForSearch } from '../../../shared/dicom/personName.ts'

const MAX_TOKENS = 64
const MAX_TOKEN_LENGTH = 64
export const IDEOGRAPH = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]/

/** What of a study is searched. */
export const SEARCHED = ['PatientName', 'PatientID', 'AccessionNumber', 'StudyDescription'] as const

/**
 * What a study is found by: every word of the name (all groups), the ID, the accession number and the description, folded.
 * Bounded; what identifies comes before what describes.
 */
export function studyTokens(study: Record<(typeof SEARCHED)[number], string>): string[] {
  const tokens = new Set<string>()
  for (const word of SEARCHED.flatMap(keyword => words(study[keyword]))) {
    add(tokens, word)
    add(tokens, withoutZeros(word))
    // "Jean-Pierre" is also found by "Pierre".
    for (const part of word.split(/[^\p{L}\p{N}\p{M}]+/u)) add(tokens, part)
    // Names in Chinese, Japanese and Korean often come without a delimiter: the given name is then a tail.
    if (IDEOGRAPH.test(word)) for (let tail = 1; tail < Math.min(word.length, 8); tail++) add(tokens, word.slice(tail))
  }
  return [...tokens]
}

/** What was typed, as prefixes that must all be found. */
export function queryTokens(typed: string): string[] {
  const tokens = words(typed).map(word => withoutZeros(word).slice(0, MAX_TOKEN_LENGTH))
  return [...new Set(tokens)].slice(0, MAX_TOKENS)
}

/** The least text after every text that begins with `prefix`, for a range scan. */
export function afterPrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`
}

/** A name as it is matched and sorted by: each component folded, the delimiters of components and groups kept, empty tails cut. */
export function foldName(name: string): string {
  const groups = name.split('=').map(group => group.split('^').map(foldForSearch).join('^').replace(/\^+$/, ''))
  return groups.join('=').replace(/=+$/, '')
}

function words(text: string): string[] {
  return foldForSearch(text)
    .split(/[\s^=,;\\]+/)
    .filter(word => word !== '')
}

/** Leading zeros of a number do not matter; 0.5 keeps its own. */
function withoutZeros(word: string): string {
  return word.replace(/^0+(?=[\p{L}\p{N}])/u, '')
}

function add(tokens: Set<string>, word: string): void {
  if (word !== '' && tokens.size < MAX_TOKENS) tokens.add(word.slice(0, MAX_TOKEN_LENGTH))
}
