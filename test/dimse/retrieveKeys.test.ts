import { expect, test } from 'vitest'
import { readRetrieveKeys } from '../../electron/station/dimse/retrieveKeys.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'

function keys(values: NewDataSet, root: 'PATIENT' | 'STUDY' = 'STUDY') {
  const bytes = writeDataSet(values, encodingOf(TS.ImplicitVRLittleEndian))
  return readRetrieveKeys(bytes, TS.ImplicitVRLittleEndian, root)
}

test.each<[string, NewDataSet, 'PATIENT' | 'STUDY', unknown]>([
  [
    'a list of studies',
    { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2\\1.3' },
    'STUDY',
    { StudyInstanceUID: ['1.2', '1.3'] },
  ],
  [
    'a Patient ID says nothing in the study root',
    { QueryRetrieveLevel: 'STUDY', PatientID: 'A', StudyInstanceUID: '1.2' },
    'STUDY',
    { StudyInstanceUID: ['1.2'] },
  ],
  ['a patient', { QueryRetrieveLevel: 'PATIENT', PatientID: 'A*' }, 'PATIENT', { PatientID: 'A*' }],
  [
    'the keys above hold as well',
    { QueryRetrieveLevel: 'SERIES', PatientID: 'A', StudyInstanceUID: '1.2', SeriesInstanceUID: '1.3' },
    'PATIENT',
    { PatientID: 'A', StudyInstanceUID: ['1.2'], SeriesInstanceUID: ['1.3'] },
  ],
  [
    'keys below the level are not looked at',
    { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2', SeriesInstanceUID: '1.3' },
    'STUDY',
    { StudyInstanceUID: ['1.2'] },
  ],
  [
    'an image without the keys above it',
    { QueryRetrieveLevel: 'IMAGE', SOPInstanceUID: '1.4' },
    'STUDY',
    { SOPInstanceUID: ['1.4'] },
  ],
])('%s', (_, values, root, expected) => {
  expect(keys(values, root)).toEqual(expected)
})

test.each<[string, NewDataSet, 'PATIENT' | 'STUDY']>([
  ['no Query/Retrieve Level', { StudyInstanceUID: '1.2' }, 'STUDY'],
  ['no level PATIENT in this model', { QueryRetrieveLevel: 'PATIENT', PatientID: 'A' }, 'STUDY'],
  ['no level FRAME in this model', { QueryRetrieveLevel: 'FRAME' }, 'STUDY'],
  ['no StudyInstanceUID at level STUDY', { QueryRetrieveLevel: 'STUDY' }, 'STUDY'],
  ['no PatientID at level PATIENT', { QueryRetrieveLevel: 'PATIENT', PatientID: '' }, 'PATIENT'],
  ['StudyInstanceUID is not a list of UIDs', { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2\\*' }, 'STUDY'],
])('%s: the peer is told', (sentence, values, root) => {
  expect(keys(values, root)).toBe(sentence)
})

test('damage is told', () => {
  expect(readRetrieveKeys(Uint8Array.of(8, 0, 0x52, 0, 9, 0, 0, 0, 1), TS.ImplicitVRLittleEndian, 'STUDY')).toBe(
    'the identifier cannot be read',
  )
})
