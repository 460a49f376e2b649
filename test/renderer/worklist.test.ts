import { expect, test } from 'vitest'
import { formatBytes, formatDate, formatTime, showControls } from '../../renderer/ui/format.ts'
import { describeGroups, shownName } from '../../renderer/ui/personName.ts'
import { filterHeader } from '../../renderer/viewer/headerFilter.ts'
import { mergeStudies } from '../../renderer/worklist/mergeStudies.ts'
import type { StudySummary } from '../../shared/contract.ts'

function study(StudyInstanceUID: string, images = 1): StudySummary {
  return {
    StudyInstanceUID,
    PatientName: '',
    lang: '',
    PatientID: '',
    IssuerOfPatientID: '',
    PatientBirthDate: '',
    PatientSex: '',
    StudyDate: '',
    StudyTime: '',
    StudyDescription: '',
    AccessionNumber: '',
    ReferringPhysicianName: '',
    InstitutionName: '',
    ModalitiesInStudy: [],
    NumberOfStudyRelatedSeries: 1,
    NumberOfStudyRelatedInstances: images,
    size: 0,
    firstReceived: 0,
    lastReceived: 0,
    sendingAET: '',
    flags: [],
    synthetic: false,
  }
}
const uids = (studies: StudySummary[]) => studies.map(one => one.StudyInstanceUID).join('')

test('held: rows stay where they are with their new counts, what is new is only counted', () => {
  const { studies, pending } = mergeStudies([study('a'), study('b')], [study('c'), study('b', 9), study('a')], {
    hold: true,
    complete: true,
  })
  expect(uids(studies)).toBe('ab')
  expect(studies[1]!.NumberOfStudyRelatedInstances).toBe(9)
  expect(pending).toBe(1)
})

test('not held: the new order is taken, pages below are kept, nothing stands twice', () => {
  const { studies, pending } = mergeStudies([study('a'), study('b'), study('c')], [study('n'), study('b')], {
    hold: false,
    complete: false,
  })
  expect(uids(studies)).toBe('nbac')
  expect(pending).toBe(0)
})

test('a study that is gone leaves a list that is wholly read', () => {
  const { studies } = mergeStudies([study('a'), study('b')], [study('a')], { hold: false, complete: true })
  expect(uids(studies)).toBe('a')
})

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
