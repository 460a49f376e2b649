import { expect, test } from 'vitest'
import { decodeText, isTextGuessed, langOf } from '../../shared/dicom/charset.ts'
import { joinBytes } from '../fixtures/oddFiles.ts'

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

test.each([
  [
    'PS3.5 H.3.1',
    '\\ISO 2022 IR 87',
    joinBytes('Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B'),
    'Yamada^Tarou=山田^太郎=やまだ^たろう',
  ],
  [
    'PS3.5 H.3.2',
    'ISO 2022 IR 13\\ISO 2022 IR 87',
    joinBytes(
      hex('D4 CF C0 DE 5E C0 DB B3 3D'),
      '\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J',
    ),
    'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう',
  ],
  [
    'PS3.5 I.2',
    '\\ISO 2022 IR 149',
    joinBytes(
      'Hong^Gildong=\x1b$)C',
      hex('FB F3'),
      '^\x1b$)C',
      hex('D1 CE D4 D7'),
      '=\x1b$)C',
      hex('C8 AB'),
      '^\x1b$)C',
      hex('B1 E6 B5 BF'),
    ),
    'Hong^Gildong=洪^吉洞=홍^길동',
  ],
  [
    'PS3.5 K.2',
    '\\ISO 2022 IR 58',
    joinBytes('Zhang^XiaoDong=\x1b$)A', hex('D5 C5'), '^\x1b$)A', hex('D0 A1 B6 AB')),
    'Zhang^XiaoDong=张^小东',
  ],
  ['PS3.5 J.1', 'ISO_IR 192', new TextEncoder().encode('Wang^XiaoDong=王^小東'), 'Wang^XiaoDong=王^小東'],
  ['PS3.5 J.3', 'GB18030', joinBytes('Wang^XiaoDong=', hex('CD F5'), '^', hex('D0 A1 B6 AB')), 'Wang^XiaoDong=王^小东'],
  ['JIS X 0212', '\\ISO 2022 IR 159', joinBytes('\x1b$(D', hex('30 21'), '\x1b(B'), '丂'],
  ['a single set and escapes all the same', 'ISO_IR 100', joinBytes('Yamada=\x1b$B;3ED\x1b(B'), 'Yamada=山田'],
  ['Greek', 'ISO_IR 126', hex('C4 E9 EF ED F5 F3 E9 EF F2'), 'Διονυσιος'],
  ['Cyrillic', 'ISO_IR 144', hex('BB EE DA'), 'Люк'],
  ['Hebrew', 'ISO_IR 138', hex('F7 E1 E0'), 'קבא'],
  ['Arabic', 'ISO_IR 127', hex('E2 C8 C7 E6 EA'), 'قباني'],
  ['Thai', 'ISO_IR 166', hex('CA C1'), 'สม'],
  ['Latin-1', 'ISO_IR 100', hex('42 75 63 5E 4A E9 72 F4 6D 65'), 'Buc^Jérôme'],
  ['Latin-2', 'ISO_IR 101', hex('A3'), 'Ł'],
  ['Latin-5', 'ISO_IR 148', hex('FD'), 'ı'],
  ['Latin-9', 'ISO_IR 203', hex('A4'), '€'],
  [
    'two single-byte sets',
    'ISO 2022 IR 100\\ISO 2022 IR 144',
    joinBytes(hex('C4'), 'neas^\x1b-L', hex('BB EE DA'), '=', hex('C4')),
    'Äneas^Люк=Ä',
  ],
  ['a misspelled term', 'ISO 2022 IR 100', hex('E9'), 'é'],
])('a person name in %s (%s) reads as written', (_name, set, bytes, expected) => {
  expect(decodeText(bytes, set.split('\\'), 'PN')).toEqual([expected])
  expect(isTextGuessed(bytes, set.split('\\'), 'PN')).toBe(false)
})

test.each([
  ['GBK', 'GBK', '81 5C 5C 41', ['乗', 'A']],
  ['GB18030', 'GB18030', '81 5C 5C 41', ['乗', 'A']],
  ['Shift-JIS under ISO_IR 13', 'ISO_IR 13', '95 5C 5C 41', ['表', 'A']],
  ['JIS X 0208', '\\ISO 2022 IR 87', '1B 24 42 30 5C 1B 28 42 5C 41', ['圧', 'A']],
])('a backslash inside a character of %s does not split the value', (_name, set, bytes, expected) => {
  const values = decodeText(hex(bytes), set.split('\\'), 'LO')
  expect(values).toHaveLength(expected.length)
  expect(values.at(-1)).toBe('A')
  if (!set.startsWith('\\')) expect(values).toEqual(expected)
})

test('a second value of a Korean list is read when the writer left the escape out', () => {
  const bytes = joinBytes('\x1b$)C', hex('FB F3'), '\\', hex('FB F3'))
  expect(decodeText(bytes, ['', 'ISO 2022 IR 149'], 'LO')).toEqual(['洪', '洪'])
})

test.each([
  ['no set, UTF-8 bytes', '', new TextEncoder().encode('Müller'), 'Müller'],
  ['no set, Latin-1 bytes', '', hex('4D FC 6C 6C 65 72'), 'Müller'],
  ['an unknown set', 'ISO_IR 9999', hex('4D FC 6C 6C 65 72'), 'Müller'],
  ['UTF-8 declared, Latin-1 bytes', 'ISO_IR 192', hex('4D FC 6C 6C 65 72'), 'Müller'],
  ['Latin-1 declared, UTF-8 bytes', 'ISO_IR 100', new TextEncoder().encode('Müller=山田'), 'Müller=山田'],
])('%s: the name is readable and known as guessed', (_name, set, bytes, expected) => {
  expect(decodeText(bytes, [set], 'PN')).toEqual([expected])
  expect(isTextGuessed(bytes, [set], 'PN')).toBe(true)
})

test('padding goes, what belongs to the text stays', () => {
  expect(decodeText(joinBytes(' A \\B\0'), [], 'LO')).toEqual(['A ', 'B'].map(value => value.trim()))
  expect(decodeText(joinBytes('  one\\two \r\n '), [], 'LT')).toEqual(['  one\\two \r\n'])
  const marked = '\u200f\u202bقباني\u202c'
  expect(decodeText(new TextEncoder().encode(marked), ['ISO_IR 192'], 'PN')).toEqual([marked])
})

test('any bytes under any set give a string', () => {
  const every = Uint8Array.from({ length: 512 }, (_, i) => (i * 7) & 0xff)
  for (const set of [
    '',
    'ISO_IR 13',
    'ISO_IR 127',
    'ISO_IR 192',
    'GBK',
    'GB18030',
    '\\ISO 2022 IR 87',
    '\\ISO 2022 IR 149',
  ]) {
    for (const vr of ['PN', 'LO', 'UT'])
      expect(decodeText(every, set.split('\\'), vr).join('').length).toBeGreaterThan(0)
  }
  expect(decodeText(joinBytes('a\x1b'), ['', 'ISO 2022 IR 87'], 'LO')).toEqual(['a\x1b'])
})

test('the set tells the language where it can', () => {
  expect(langOf(['', 'ISO 2022 IR 87'])).toBe('ja')
  expect(langOf(['', 'ISO 2022 IR 149'])).toBe('ko')
  expect(langOf(['GB18030'])).toBe('zh')
  expect(langOf(['ISO_IR 192'])).toBe('')
})
