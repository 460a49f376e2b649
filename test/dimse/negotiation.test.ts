import { expect, test } from 'vitest'
import { chooseTransferSyntax, negotiate } from '../../electron/station/dimse/negotiation.ts'
import type { AssociateRequest } from '../../electron/station/wire/pdu.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { associateRequest } from '../fakes/byteSender.ts'
import { CT_IMAGE } from './harness.ts'

const { ExplicitVRLittleEndian: EXPLICIT, ImplicitVRLittleEndian: IMPLICIT } = TS

function accepted(request: AssociateRequest) {
  const decision = negotiate(request, 'ISOCENTER')
  if ('reject' in decision) throw new Error(decision.words)
  return decision.accept
}

function resultOf(abstractSyntax: string, transferSyntaxes = [EXPLICIT]) {
  return accepted(associateRequest([{ abstractSyntax, transferSyntaxes }])).contexts[0]
}

test.each([
  ['explicit before implicit', [IMPLICIT, EXPLICIT], EXPLICIT],
  ['implicit before lossless', [TS.JPEGLosslessSV1, IMPLICIT], IMPLICIT],
  ["the proposer's lossless order", [TS.RLELossless, TS.JPEGLosslessSV1], TS.RLELossless],
  ['lossless before lossy', [TS.JPEGBaseline8Bit, TS.JPEG2000Lossless], TS.JPEG2000Lossless],
  ['uncompressed before big endian', [TS.ExplicitVRBigEndian, IMPLICIT], IMPLICIT],
  [
    'deflated before lossy: nothing is lost',
    [TS.JPEGBaseline8Bit, TS.DeflatedExplicitVRLittleEndian],
    TS.DeflatedExplicitVRLittleEndian,
  ],
  ['lossy when alone', [TS.JPEGBaseline8Bit], TS.JPEGBaseline8Bit],
  ['deflated when alone', [TS.DeflatedExplicitVRLittleEndian], TS.DeflatedExplicitVRLittleEndian],
  ['big endian when alone', [TS.ExplicitVRBigEndian], TS.ExplicitVRBigEndian],
  ['a private syntax when alone', ['1.2.3.4.5'], '1.2.3.4.5'],
  ['no pixels: JPIP', [TS.JPIPReferenced, TS.JPIPReferencedDeflate], undefined],
  ['no pixels: SMPTE ST 2110', [TS.SMPTEST211020UncompressedProgressiveActiveVideo], undefined],
  ['JPIP passed over for what has pixels', [TS.JPIPReferenced, IMPLICIT], IMPLICIT],
  ['nothing proposed', [], undefined],
])('transfer syntax: %s', (_name, proposed, chosen) => {
  expect(chooseTransferSyntax(proposed)).toBe(chosen)
})

test.each([
  ['CT', CT_IMAGE],
  ['Verification', '1.2.840.10008.1.1'],
  ['a retired storage class', '1.2.840.10008.5.1.4.1.1.6'],
  ['a private storage class', '1.3.12.2.1107.5.9.1'],
  ['a class nobody has heard of', '2.25.1234567890'],
])('%s is accepted', (_name, abstractSyntax) => {
  expect(resultOf(abstractSyntax)).toMatchObject({ result: 0, transferSyntax: EXPLICIT })
})

test.each([
  ['Study Root C-FIND', '1.2.840.10008.5.1.4.1.2.2.1'],
  ['Study Root C-MOVE', '1.2.840.10008.5.1.4.1.2.2.2'],
  ['Modality Worklist', '1.2.840.10008.5.1.4.31'],
  ['Modality Performed Procedure Step', '1.2.840.10008.3.1.2.3.3'],
  ['Storage Commitment', '1.2.840.10008.1.20.1'],
  ['Basic Grayscale Print', '1.2.840.10008.5.1.1.9'],
  ['no UID', ''],
])('%s stores nothing here: abstract syntax not supported', (_name, abstractSyntax) => {
  expect(resultOf(abstractSyntax)?.result).toBe(3)
})

test('a context without usable pixels: transfer syntaxes not supported', () => {
  expect(resultOf(CT_IMAGE, [TS.JPIPReferenced])?.result).toBe(4)
})

test('contexts are answered one for one, ids in any order', () => {
  const ids = [255, 3, 129, 1]
  const answer = accepted(
    associateRequest(ids.map(id => ({ id, abstractSyntax: CT_IMAGE, transferSyntaxes: [IMPLICIT] }))),
  )
  expect(answer.contexts.map(context => context.id)).toEqual(ids)
})

const CT = [{ abstractSyntax: CT_IMAGE, transferSyntaxes: [EXPLICIT] }]

// PS3.8 table 9-21.
test.each<[string, Partial<AssociateRequest>, object]>([
  ['another called AE title', { calledAET: 'OTHER' }, { result: 1, source: 1, reason: 7 }],
  ['the AE title in other letters', { calledAET: 'Isocenter' }, { result: 1, source: 1, reason: 7 }],
  ['another application context', { applicationContext: '1.2.3' }, { result: 1, source: 1, reason: 2 }],
  ['another protocol version', { protocolVersion: 2 }, { result: 1, source: 2, reason: 2 }],
])('%s is rejected for good', (_name, more, reject) => {
  expect(negotiate(associateRequest(CT, more), 'ISOCENTER')).toMatchObject({ reject })
})

test('a newer peer that also speaks version 1 is taken', () => {
  expect(accepted(associateRequest(CT, { protocolVersion: 3 })).protocolVersion).toBe(1)
})

test('user items: async window 1,1; no SCP role; extended storage negotiation; nothing unasked', () => {
  const plain = associateRequest(CT)
  expect(accepted(plain).user).toMatchObject({ roles: [], extended: [], asynchronousOperations: undefined })
  const { user } = accepted({
    ...plain,
    user: {
      ...plain.user,
      asynchronousOperations: { invoked: 0, performed: 8 },
      roles: [{ SOPClassUID: CT_IMAGE, scu: true, scp: true }],
      extended: [
        { SOPClassUID: CT_IMAGE, information: Uint8Array.of(2, 0, 0, 0, 0, 0) },
        { SOPClassUID: '1.2.840.10008.5.1.4.1.2.2.1', information: Uint8Array.of(1) },
      ],
    },
  })
  expect(user.asynchronousOperations).toEqual({ invoked: 1, performed: 1 })
  expect(user.roles).toEqual([{ SOPClassUID: CT_IMAGE, scu: true, scp: false }])
  expect(user.extended.map(item => item.SOPClassUID)).toEqual([CT_IMAGE])
})

test('who wants to be SCP only gets no role, so no context (C-GET is not served)', () => {
  const request = associateRequest(CT)
  const answer = accepted({
    ...request,
    user: { ...request.user, roles: [{ SOPClassUID: CT_IMAGE, scu: false, scp: true }] },
  })
  expect(answer.contexts[0]?.result).toBe(1)
})
