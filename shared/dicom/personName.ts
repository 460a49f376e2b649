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

/** Hiragana by the vowel it ends in; what a long vowel after it is written as: `ー`, `う` and `お` after o are all heard as ō. */
const VOWELS: Array<[kana: string, long: string]> = [
  ['あぁかがさざただなはばぱまやゃらわゎ', 'あ'],
  ['いぃきぎしじちぢにひびぴみりゐ', 'い'],
  ['うぅくぐすずつづっぬふぶぷむゆゅるゔ', 'う'],
  ['えぇけげせぜてでねへべぺめれゑ', 'い'],
  ['おぉこごそぞとどのほぼぽもよょろを', 'う'],
]
const LONG = new Map(VOWELS.flatMap(([kana, long]) => [...kana].map(letter => [letter, long] as const)))

/** Long vowels as hiragana spells them most: タロー = たろう, オオノ = オーノ = おうの, ええ = えい. */
function foldLongVowels(text: string): string {
  return text
    .replace(/([\u3041-\u3096])\u30fc/g, (long, kana: string) => (LONG.has(kana) ? kana + LONG.get(kana) : long))
    .replace(/([おこごそぞとどのほぼぽもよょろを])お/g, '$1う')
    .replace(/([えけげせぜてでねへべぺめれ])え/g, '$1い')
}

/**
 * The form in which names and what is typed to find them are compared: lower case, without accents and Arabic or Hebrew
 * vowel points, full and half width folded, katakana as hiragana, voiced marks composed, long vowels spelt one way, `^` and `=` as
 * spaces. What is in the index is folded by this: whoever changes it moves `FOLDING` of the store's refold.ts on by one.
 */
export function foldForSearch(text: string): string {
  const folded = text
    // The spacing voiced marks would become a space and a mark that joins nothing.
    .replace(/\u309b/g, '\u3099')
    .replace(/\u309c/g, '\u309a')
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]/g, '')
    .normalize('NFC')
    .replace(/[\u30a1-\u30f6]/g, kana => String.fromCharCode(kana.charCodeAt(0) - 0x60))
    .replace(/[ßæœøđðþłıς]/g, letter => LETTERS[letter] ?? letter)
    .replace(/[\s^=,\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, ' ')
    .trim()
  return /[\u3041-\u3096]/.test(folded) ? foldLongVowels(folded) : folded
}
