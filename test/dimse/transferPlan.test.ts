import { expect, test } from 'vitest'
import { chooseCarriage, planAssociations } from '../../electron/station/dimse/transferPlan.ts'
import { TS } from '../../shared/dicom/uids.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const UNCOMPRESSED = [TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian]

test('one context for each class and stored syntax, one more for each class with the uncompressed ones', () => {
  const stored = [TS.JPEGLosslessSV1, TS.ExplicitVRLittleEndian, TS.JPEGLosslessSV1]
  expect(planAssociations(stored.map(TransferSyntaxUID => ({ SOPClassUID: CT, TransferSyntaxUID })))).toEqual([
    [
      { abstractSyntax: CT, transferSyntaxes: [TS.JPEGLosslessSV1] },
      { abstractSyntax: CT, transferSyntaxes: [TS.ExplicitVRLittleEndian] },
      { abstractSyntax: CT, transferSyntaxes: UNCOMPRESSED },
    ],
  ])
})

test.each([
  [15, 10, 2],
  [1, 150, 2],
  [150, 1, 3],
  [42, 2, 1],
  [43, 2, 2],
  [0, 0, 0],
])('%i classes in %i syntaxes each go over %i associations', (classes, syntaxes, associations) => {
  const forms = Array.from({ length: classes * syntaxes }, (_, i) => ({
    SOPClassUID: `1.2.${i % classes}`,
    TransferSyntaxUID: `1.3.${Math.floor(i / classes)}`,
  }))
  const plan = planAssociations(forms)
  expect(plan).toHaveLength(associations)
  for (const contexts of plan) expect(contexts.length).toBeLessThanOrEqual(128)
  const offered = plan
    .flat()
    .filter(({ transferSyntaxes }) => transferSyntaxes.length === 1)
    .map(({ abstractSyntax, transferSyntaxes: [only] }) => `${abstractSyntax} ${only}`)
  expect(offered.toSorted()).toEqual(forms.map(form => `${form.SOPClassUID} ${form.TransferSyntaxUID}`).toSorted())
})

test.each([
  ['as stored before all else', [TS.ImplicitVRLittleEndian, TS.JPEG2000], TS.JPEG2000, 3, true],
  ['explicit before implicit', [...UNCOMPRESSED].reverse(), TS.ExplicitVRLittleEndian, 3, false],
  [
    'implicit where there is nothing else',
    [TS.JPEGLSLossless, TS.ImplicitVRLittleEndian],
    TS.ImplicitVRLittleEndian,
    3,
    false,
  ],
])('%s', (_, accepted, TransferSyntaxUID, contextId, asStored) => {
  const contexts = accepted.map((transferSyntax, i) => ({ id: 1 + 2 * i, abstractSyntax: CT, transferSyntax }))
  const form = { SOPClassUID: CT, TransferSyntaxUID: TS.JPEG2000 }
  expect(chooseCarriage(form, contexts)).toEqual({ contextId, TransferSyntaxUID, asStored })
})

test('nothing is compressed, and no context of another class is used', () => {
  const form = { SOPClassUID: CT, TransferSyntaxUID: TS.ExplicitVRLittleEndian }
  const other = { id: 1, abstractSyntax: '1.2.3', transferSyntax: TS.ExplicitVRLittleEndian }
  const lossless = { id: 3, abstractSyntax: CT, transferSyntax: TS.JPEGLosslessSV1 }
  expect(chooseCarriage(form, [other, lossless])).toBeUndefined()
})
