import { expect, test } from 'vitest'
import { formatAge, formatBytes, formatDate, formatTime, showControls } from '../../renderer/ui/format.ts'
import { describeGroups, shownName } from '../../renderer/ui/personName.ts'
import { filterHeader } from '../../renderer/viewer/headerFilter.ts'

test('names in the script they came in', () => {
  expect(shownName('Yamada^Tarou=山田^太郎=やまだ^たろう', 'ja')).toBe('山田 太郎 · Yamada, Tarou')
  expect(shownName('Hong^Gildong=洪^吉洞=홍^길동', 'ko')).toBe('洪 吉洞 · Hong, Gildong')
  expect(shownName('Διονυσιος', 'el')).toBe('Διονυσιος')
  expect(shownName('Buc^Jérôme', '')).toBe('Buc, Jérôme')
  expect(shownName('', '')).toBe('')
  expect(describeGroups('Yamada^Tarou=山田^太郎')).toBe('Alphabetic: Yamada, Tarou\nIdeographic: 山田, 太郎')
})

test('bidi controls in a name are shown, not obeyed', () => {
  expect(showControls('Doe\u202eeoD')).toBe('Doe⟨202E⟩eoD')
})

test('odd dates and times are shown as they came', () => {
  expect(formatDate('20260230')).toBe('20260230')
  expect(formatDate('unknown')).toBe('unknown')
  expect(formatDate('20260228')).toMatch(/2026/)
  expect(formatTime('093015.123')).toBe('09:30')
  expect(formatTime('')).toBe('')
})

test('an age is that at the study, from the dates where they are dates, else as sent', () => {
  expect(formatAge('19800615', '20260614', '')).toMatch(/^45/)
  expect(formatAge('19800615', '20260615', '099Y')).toMatch(/^46/)
  expect(formatAge('20250101', '20260301', '')).toMatch(/^14/)
  expect(formatAge('20260220', '20260301', '')).toMatch(/^9/)
  expect(formatAge('', '20260301', '007M')).toMatch(/^7/)
  expect(formatAge('unknown', '20260301', 'about 40')).toBe('about 40')
  expect(formatAge('20270101', '20260301', '')).toBe('')
})

test('sizes in three figures', () => {
  expect([0, 999, 1000, 52_400_000, 999_600_000].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '52.4 MB',
    '1.0 GB',
  ])
})

test('the header is searched by tag, keyword and value', () => {
  const element = (tag: string, keyword: string, value: string) => ({
    tag,
    keyword,
    value,
    vr: 'LO',
    depth: 0,
    length: 2,
  })
  const elements = [element('00100020', 'PatientID', 'A1'), element('00080060', 'Modality', 'CT')]
  const found = (search: string) => filterHeader(elements, search).map(one => one.keyword)
  expect(found('0010,0020')).toEqual(['PatientID'])
  expect(found('modality ct')).toEqual(['Modality'])
  expect(found('')).toHaveLength(2)
})
