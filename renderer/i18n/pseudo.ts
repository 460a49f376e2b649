const LETTERS: Record<string, string> = {
  a: 'ä',
  c: 'ç',
  e: 'é',
  i: 'ï',
  n: 'ñ',
  o: 'ö',
  s: 'š',
  u: 'ü',
  y: 'ý',
  A: 'Å',
  E: 'É',
  O: 'Ö',
  S: 'Š',
  U: 'Ü',
}
/** By how much other languages are longer than English, about. */
const LONGER = 0.4
const MORE = '·'

/** The text with accents on it and two fifths longer, placeholders untouched: what is cut off, and what was never translated, shows. */
export function pseudo(text: string): string {
  // A name passes through more than one hand.
  if (text === '' || text.endsWith(MORE)) return text
  const accented = text
    .split(/(\{\{\w+\}\})/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[a-zA-Z]/g, letter => LETTERS[letter] ?? letter)))
    .join('')
  const more = MORE.repeat(Math.ceil(text.replaceAll(/\{\{\w+\}\}/g, '').length * LONGER))
  return `${accented}${more}`
}
