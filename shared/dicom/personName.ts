/** The three groups of a person name (PS3.5 §6.2.1), as written; '' when absent. */
export interface PersonNameGroups {
  alphabetic: string
  ideographic: string
  phonetic: string
}

export function splitPersonName(pn: string): PersonNameGroups {
  const [alphabetic = '', ideographic = '', phonetic = ''] = pn.split('=').map(group => group.replace(/[\s^]+$/, ''))
  return { alphabetic, ideographic, phonetic }
}

/** One group as people write it: `Family, Given Middle`; prefix in front of the given name, suffix at the end. */
export function displayName(group: string): string {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group.split('^').map(part => part.trim())
  const rest = [prefix, given, middle, suffix].filter(Boolean).join(' ')
  return family && rest ? `${family}, ${rest}` : family || rest
}

/** Letters that carry no separable accent, as a person without that key types them. */
const LETTERS: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ı: 'i',
  ς: 'σ',
}

/**
 * The form in which names and what is typed to find them are compared: lower case, without accents and Arabic or Hebrew
 * vowel points, full and half width folded, katakana as hiragana, `^` and `=` as spaces.
 */
export function foldForSearch(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]/g, '')
    .normalize('NFC')
    .replace(/[\u30a1-\u30f6]/g, kana => String.fromCharCode(kana.charCodeAt(0) - 0x60))
    .replace(/[ßæœøđðþłıς]/g, letter => LETTERS[letter] ?? letter)
    .replace(/[\s^=,\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, ' ')
    .trim()
}
