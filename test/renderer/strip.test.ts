import { expect, test } from 'vitest'
import { filterHeader, headerText } from '../../renderer/viewer/headerFilter.ts'
import { samePatient, timeApart } from '../../renderer/viewer/otherStudies.ts'

test('how far a prior lies back is said as a reader says it', () => {
  const from = '20260601'
  expect(timeApart('20250401', from)).toBe('14 months before')
  expect(timeApart('20260601', from)).toBe('same day')
  expect(timeApart('20260531', from)).toBe('1 day before')
  expect(timeApart('20260501', from)).toBe('4 weeks before')
  expect(timeApart('20190601', from)).toBe('7 years before')
  expect(timeApart('20260703', from)).toBe('5 weeks after')
  expect(timeApart('', from)).toBe('')
})

test('only an ID of the same issuer says that two studies are of one patient', () => {
  const one = { StudyInstanceUID: '1', PatientID: '7', IssuerOfPatientID: 'A' }
  expect(samePatient(one, { ...one, StudyInstanceUID: '2' })).toBe(true)
  expect(samePatient(one, { ...one, StudyInstanceUID: '2', IssuerOfPatientID: 'B' })).toBe(false)
  const nobody = { ...one, PatientID: '' }
  expect(samePatient(nobody, { ...nobody, StudyInstanceUID: '2' })).toBe(false)
  expect(samePatient(nobody, nobody)).toBe(true)
})

test('the tag browser finds private elements by that word, and copies what is listed', () => {
  const element = (tag: string, keyword: string, value: string) => ({
    tag,
    vr: 'LO',
    keyword,
    depth: 0,
    length: 2,
    value,
  })
  const elements = [
    element('00100010', 'PatientID', '7'),
    element('0019100C', '', '800'),
    element('FFFEE000', 'Item', '1'),
  ]
  expect(filterHeader(elements, 'private').map(({ tag }) => tag)).toEqual(['0019100C'])
  expect(filterHeader(elements, '0019,100c')).toHaveLength(1)
  expect(headerText(elements.slice(0, 1))).toBe('(0010,0010) LO PatientID 7')
})
