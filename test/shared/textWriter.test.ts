import { expect, test } from 'vitest'
import { decodeText } from '../../shared/dicom/charset.ts'
import { textWriter } from '../../shared/dicom/textWriter.ts'

/** PS3.5 annexes H to K and table C.12-2: names as the standard writes them, byte by byte. */
test.each([
  ['ISO_IR 100', 'Buc^Jérôme', '4275635e4ae972f46d65'],
  ['ISO_IR 126', 'Διονυσιος', 'c4e9efedf5f3e9eff2'],
  ['ISO_IR 144', 'Люкceмбypг', 'bbeeda6365dcd17970d3'],
  ['ISO_IR 13', 'ﾔﾏﾀﾞ^ﾀﾛｳ', 'd4cfc0de5ec0dbb3'],
  [
    '\\ISO 2022 IR 87',
    'Yamada^Tarou=山田^太郎=やまだ^たろう',
    '59616d6164615e5461726f753d1b24423b3345441b28425e1b244242404f3a1b28423d1b24422464245e24401b28425e1b2442243f246d24261b2842',
  ],
  [
    '\\ISO 2022 IR 149',
    'Hong^Gildong=洪^吉洞=홍^길동',
    '486f6e675e47696c646f6e673d1b242943fbf35e1b242943d1ced4d73d1b242943c8ab5e1b242943b1e6b5bf',
  ],
  ['ISO_IR 192', 'Wang^XiaoDong=王^小东', '57616e675e5869616f446f6e673de78e8b5ee5b08fe4b89c'],
  ['GB18030', 'Wang^XiaoDong=王^小东', '57616e675e5869616f446f6e673dcdf55ed0a1b6ab'],
  ['', 'Doe^Jane', '446f655e4a616e65'],
])('%s: %s', (sets, name, bytes) => {
  const all = sets.split('\\')
  const written = textWriter(all)(name)
  expect(Buffer.from(written ?? []).toString('hex')).toBe(bytes)
  expect(decodeText(written ?? new Uint8Array(), all, 'PN')).toEqual([name])
})

test.each([
  ['', 'Müller'],
  ['ISO_IR 100', '山田'],
  // Windows has a letter at 80; Latin-1 has a control character there.
  ['ISO_IR 100', '€'],
  ['\\ISO 2022 IR 87', '홍'],
  ['GB18030', '\u{20000}'],
])('%s does not have %s', (sets, name) => {
  expect(textWriter(sets.split('\\'))(name)).toBeUndefined()
})

test('with code extensions the first set is back before a delimiter', () => {
  const sets = ['ISO 2022 IR 100', 'ISO 2022 IR 144']
  const written = textWriter(sets)('Müller^Лю^Jérôme')
  expect(Buffer.from(written ?? []).toString('latin1')).toBe('M\xfcller^\x1b-L\xbb\xee\x1b-A^J\xe9r\xf4me')
  expect(decodeText(written ?? new Uint8Array(), sets, 'PN')).toEqual(['Müller^Лю^Jérôme'])
})
