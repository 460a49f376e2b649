import { expect, test } from 'vitest'
import { idsOf } from '../../electron/station/sync/pull/findPriors.ts'
import { earliestWanted, isWanted, type ListedStudy, priorsOf, pull } from '../../shared/pull.ts'

const NOW = new Date(2026, 10, 22, 12).getTime()

function study(more: Partial<ListedStudy>): ListedStudy {
  return {
    StudyInstanceUID: '1.2.3',
    PatientID: 'P-1',
    IssuerOfPatientID: '',
    StudyDate: '20261122',
    StudyDescription: 'CT Thorax',
    ReferringPhysicianName: 'Müller^Anna',
    ModalitiesInStudy: ['CT', 'SR'],
    BodyPartExamined: ['CHEST'],
    NumberOfStudyRelatedSeries: 1,
    NumberOfStudyRelatedInstances: 100,
    ...more,
  }
}

test('a study comes where all of one rule holds', () => {
  const wanted = (rule: object) => isWanted(pull.parse({ rules: [rule] }).rules, study({}), NOW)
  expect(wanted({})).toBe(true)
  expect(wanted({ modalities: ['ct'] })).toBe(true)
  expect(wanted({ modalities: ['MR'] })).toBe(false)
  expect(wanted({ referrers: ['müller'], descriptions: ['thorax'], sinceDays: 0 })).toBe(true)
  expect(wanted({ referrers: ['müller'], descriptions: ['knee'] })).toBe(false)
  const { rules } = pull.parse({ rules: [{ sinceDays: 1 }, { modalities: ['MR'] }] })
  expect(isWanted(rules, study({ StudyDate: '20261121' }), NOW)).toBe(true)
  expect(isWanted(rules, study({ StudyDate: '20261120' }), NOW)).toBe(false)
  expect(isWanted(rules, study({ StudyDate: '' }), NOW)).toBe(false)
  // Of the second rule any date.
  expect(earliestWanted(rules, NOW)).toBe('')
  expect(earliestWanted(rules.slice(0, 1), NOW)).toBe('20261121')
})

test('priors: body part before modality before date, within number, years and size', () => {
  const prior = (StudyInstanceUID: string, StudyDate: string, more: Partial<ListedStudy> = {}) =>
    study({ StudyInstanceUID, StudyDate, ...more })
  const others = [
    prior('mr-knee', '20261001', { ModalitiesInStudy: ['MR'], BodyPartExamined: ['KNEE'] }),
    prior('ct-head', '20251001', { BodyPartExamined: ['HEAD'] }),
    prior('mr-chest', '20240101', { ModalitiesInStudy: ['MR'] }),
    prior('ct-chest', '20230101'),
    prior('too-old', '20211121'),
    prior('later', '20261123'),
    prior('undated', ''),
    study({}),
  ]
  const uids = (rule: object) =>
    priorsOf(study({}), others, pull.parse({ rules: [{}], priors: rule }).priors).map(one => one.StudyInstanceUID)
  expect(uids({ most: 10 })).toEqual(['ct-chest', 'mr-chest', 'ct-head', 'mr-knee'])
  expect(uids({})).toEqual(['ct-chest', 'mr-chest', 'ct-head'])
  expect(uids({ years: 1 })).toEqual(['mr-knee'])
  // 100 images each: two of them.
  expect(uids({ megabytes: 120 })).toEqual(['ct-chest', 'mr-chest'])
  others[3] = prior('huge', '20230101', { NumberOfStudyRelatedInstances: 5000 })
  expect(uids({ megabytes: 120 })).toEqual(['mr-chest', 'ct-head'])
  expect(uids({ most: 0 })).toEqual([])
})

test('a patient also goes by the IDs of studies that were moved, one step far, and never by an ID of nobody', () => {
  const move = (from: string, to: string) => ({ PatientID: to, before: { PatientID: from, PatientName: '' } })
  const moves = [move('A', 'B'), move('C', 'A'), move('C', 'D'), move('A', 'UNKNOWN')]
  expect(idsOf('A', moves).toSorted()).toEqual(['A', 'B', 'C'])
  expect(idsOf('UNKNOWN', [])).toEqual([])
  expect(idsOf('', [])).toEqual([])
  expect(idsOf('1*', [])).toEqual([])
})
