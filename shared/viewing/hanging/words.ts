import { foldForSearch } from '../../dicom/personName.ts'

/** The words of a description: lower case, without accents; '+c' is one. */
export function wordsOf(...texts: string[]): string[] {
  return texts.flatMap(text =>
    foldForSearch(text)
      .replace(/\+/g, ' +')
      .split(/[^\p{L}\p{N}+]+/u)
      .filter(word => word !== '' && word !== '+'),
  )
}

/** Letters alone, and few of them, begin too many other words. */
const WHOLE = /^\+?\p{L}{1,3}$/u

interface Wanted {
  text: string
  whole: boolean
}

/** A rule's words are asked of every set: folding them each time took 180 ms for 300 sets. */
const asked = new Map<string, Wanted[]>()
const MOST_ASKED = 10_000

function wantedOf(text: string): Wanted[] {
  let parts = asked.get(text)
  if (parts === undefined) {
    parts = wordsOf(text).map(part => ({ text: part, whole: WHOLE.test(part) }))
    if (asked.size >= MOST_ASKED) asked.clear()
    asked.set(text, parts)
  }
  return parts
}

function isSaid(words: readonly string[], { text, whole }: Wanted): boolean {
  return whole ? words.includes(text) : words.some(word => word.startsWith(text))
}

/** Whether a description says a word, or all words of several ('t2 fs'). */
export function says(words: readonly string[], wanted: string): boolean {
  const parts = wantedOf(wanted)
  return parts.length > 0 && parts.every(part => isSaid(words, part))
}

const list = (text: string) => text.split(' ')

export const PLANES = ['axial', 'coronal', 'sagittal'] as const
export type Plane = (typeof PLANES)[number]
const PLANE_WORDS: Record<Plane, string[]> = {
  axial: list('ax axial tra trans transversal transverse axiale'),
  coronal: list('cor coronal kor koronar coronale frontal'),
  sagittal: list('sag sagittal sagittale'),
}

/** The plane a description names; undefined where it names none, or several. */
export function planeSaid(words: readonly string[]): Plane | undefined {
  const said = PLANES.filter(plane => PLANE_WORDS[plane].some(word => words.includes(word)))
  return said.length === 1 ? said[0] : undefined
}

const WITHOUT_CONTRAST = list('native nativ noncontrast unenhanced plain nonenhanced')
const WITH_CONTRAST = list(
  '+c +cm +km +gd +gad contrast kontrast gadolinium arterial arteriell venous portal portovenos ce gd km post',
)

/** Whether a description says that contrast was given, or that it was not; undefined where it says neither. */
export function contrastSaid(words: readonly string[]): boolean | undefined {
  if (WITHOUT_CONTRAST.some(word => says(words, word))) return false
  const without = words.some(
    (word, at) =>
      /^(no|non|without|w|wo|ohne|sans|sin)$/.test(word) && /^(contrast|c|km|iv|o)$/.test(words[at + 1] ?? ''),
  )
  if (without) return false
  return WITH_CONTRAST.some(word => says(words, word)) ? true : undefined
}
