import { expect, test } from 'vitest'
import { chooseTransferSyntax, negotiate, VERIFICATION } from '../../electron/station/dimse/negotiation.ts'
import type { AssociateRequest, UserInformation } from '../../electron/station/wire/pdu.ts'
import { type AeProfile, aeProfiles, profileOf } from '../../shared/config.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { associateRequest } from '../fakes/byteSender.ts'
import { CT_IMAGE } from './harness.ts'

const { ExplicitVRLittleEndian: EXPLICIT, ImplicitVRLittleEndian: IMPLICIT } = TS

const HOUSE = profileOf(aeProfiles.parse({}), 'ANY')

function accepted(request: AssociateRequest, profile: Partial<AeProfile> = {}) {
  const decision = negotiate(request, ['ISOCENTER'], { ...HOUSE, ...profile })
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
  expect(chooseTransferSyntax(proposed, HOUSE)).toBe(chosen)
})

test.each([
  ['CT', CT_IMAGE],
  ['Verification', '1.2.840.10008.1.1'],
  ['a retired storage class', '1.2.840.10008.5.1.4.1.1.6'],
  ['a private storage class', '1.3.12.2.1107.5.9.1'],
  ['a class nobody has heard of', '2.25.1234567890'],
  ['Modality Performed Procedure Step', '1.2.840.10008.3.1.2.3.3'],
  ['Instance Availability Notification', '1.2.840.10008.5.1.4.33'],
])('%s is accepted', (_name, abstractSyntax) => {
  expect(resultOf(abstractSyntax)).toMatchObject({ result: 0, transferSyntax: EXPLICIT })
})

test.each([
  ['Patient/Study Only C-FIND, retired', '1.2.840.10008.5.1.4.1.2.3.1'],
  ['Modality Worklist', '1.2.840.10008.5.1.4.31'],
  ['Modality Performed Procedure Step Retrieve', '1.2.840.10008.3.1.2.3.4'],
  ['Storage Commitment Pull Model', '1.2.840.10008.1.20.2'],
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
  expect(negotiate(associateRequest(CT, more), ['ISOCENTER'], HOUSE)).toMatchObject({ reject })
})

test('a further AE title of the station is answered to, and every title is told to who calls another', () => {
  const aets = ['ISOCENTER', 'ISO_MR']
  expect(negotiate(associateRequest(CT, { calledAET: 'ISO_MR' }), aets, HOUSE)).toHaveProperty('accept')
  expect(negotiate(associateRequest(CT, { calledAET: 'OTHER' }), aets, HOUSE)).toMatchObject({
    words: 'it called "OTHER", the AE title here is "ISOCENTER" or "ISO_MR"',
  })
})

test('a newer peer that also speaks version 1 is taken', () => {
  expect(accepted(associateRequest(CT, { protocolVersion: 3 })).protocolVersion).toBe(1)
})

function userOf(user: Partial<UserInformation>, contexts = CT) {
  const request = associateRequest(contexts)
  return accepted({ ...request, user: { ...request.user, ...user } }).user
}

test('nothing unasked is answered', () => {
  expect(userOf({})).toMatchObject({
    roles: [],
    extended: [],
    asynchronousOperations: undefined,
    userIdentityResponse: undefined,
  })
})

test('async window: one at a time, whatever was asked, unlimited (0) too', () => {
  for (const asynchronousOperations of [
    { invoked: 0, performed: 8 },
    { invoked: 1, performed: 1 },
  ]) {
    expect(userOf({ asynchronousOperations }).asynchronousOperations).toEqual({ invoked: 1, performed: 1 })
  }
})

test('roles: SCU as proposed, never SCP; one answer a class, none for classes that are not proposed or not taken', () => {
  const worklist = '1.2.840.10008.5.1.4.31'
  const { roles } = userOf(
    {
      roles: [
        { SOPClassUID: CT_IMAGE, scu: true, scp: true },
        { SOPClassUID: CT_IMAGE, scu: false, scp: true },
        { SOPClassUID: '1.2.840.10008.5.1.4.1.1.4', scu: true, scp: false },
        { SOPClassUID: worklist, scu: true, scp: true },
      ],
    },
    [...CT, { abstractSyntax: worklist, transferSyntaxes: [EXPLICIT] }],
  )
  expect(roles).toEqual([{ SOPClassUID: CT_IMAGE, scu: true, scp: false }])
})

test('extended negotiation of storage: level 2, signature level 3, no coercion (PS3.4 §B.3.1.4)', () => {
  const { extended } = userOf({
    extended: [
      { SOPClassUID: CT_IMAGE, information: Uint8Array.of(2, 0, 0, 0, 0, 0) },
      { SOPClassUID: '1.2.840.10008.5.1.4.1.2.2.1', information: Uint8Array.of(1) },
    ],
  })
  expect(extended).toEqual([{ SOPClassUID: CT_IMAGE, information: Uint8Array.of(2, 0, 3, 0, 0, 0) }])
})

test.each([
  ['a private class that says it is stored', '1.3.12.2.1107.5.9.1', '1.2.840.10008.4.2', 0],
  ['a private class that says it is another service', '1.3.12.2.1107.5.9.1', '1.2.840.10008.5.1.4.34.6', 3],
  ['a class that PS3.6 knows better', CT_IMAGE, '1.2.3', 0],
])('common extended negotiation, which has no answer: %s', (_name, SOPClassUID, ServiceClassUID, result) => {
  const request = associateRequest([{ abstractSyntax: SOPClassUID, transferSyntaxes: [EXPLICIT] }])
  const answer = accepted({
    ...request,
    user: { ...request.user, commonExtended: [{ SOPClassUID, ServiceClassUID }] },
  })
  expect(answer.contexts[0]?.result).toBe(result)
  expect(answer.user.commonExtended).toBeUndefined()
})

test.each([
  ['a name, answer wanted', 1, true, Uint8Array.of()],
  ['a name and a passcode, answer wanted', 2, true, Uint8Array.of()],
  ['a name, no answer wanted', 1, false, undefined],
  ['a Kerberos ticket: it would need one in return', 3, true, undefined],
  ['a JSON Web Token', 5, true, undefined],
])('user identity: %s', (_name, type, answerWanted, response) => {
  expect(userOf({ userIdentity: { type, answerWanted, at: 0, length: 0 } }).userIdentityResponse).toEqual(response)
})

test.each<[string, AeProfile['calledAET'], boolean]>([
  ['Isocenter', 'exact', false],
  ['Isocenter', 'anyCase', true],
  ['PACS', 'anyCase', false],
  ['PACS', 'any', true],
  ['', 'any', true],
])('called "%s" under a profile that wants %s', (calledAET, tolerance, taken) => {
  const decision = negotiate(associateRequest(CT, { calledAET }), ['ISOCENTER'], { ...HOUSE, calledAET: tolerance })
  expect('accept' in decision).toBe(taken)
  if ('accept' in decision) expect(decision.accept.calledAET).toBe(calledAET)
})

test('a profile orders and forbids transfer syntaxes, says the PDU length and the times', () => {
  const request = associateRequest([
    { abstractSyntax: CT_IMAGE, transferSyntaxes: [IMPLICIT, EXPLICIT, TS.JPEGLosslessSV1, TS.RLELossless] },
    { abstractSyntax: CT_IMAGE, transferSyntaxes: [IMPLICIT, EXPLICIT] },
    { abstractSyntax: CT_IMAGE, transferSyntaxes: [TS.JPEGBaseline8Bit] },
  ])
  const profile: AeProfile = {
    ...HOUSE,
    preferTransferSyntaxes: [TS.RLELossless, TS.JPEGLosslessSV1],
    refuseTransferSyntaxes: [EXPLICIT, TS.JPEGBaseline8Bit],
    announcedPdu: 16384,
    toleratedPdu: 65536,
    messageSeconds: 120,
    bytesPerSecond: 100,
  }
  const decision = negotiate(request, ['ISOCENTER'], profile)
  if ('reject' in decision) throw new Error(decision.words)
  expect(decision.accept.contexts.map(({ result, transferSyntax }) => [result, transferSyntax])).toEqual([
    [0, TS.RLELossless],
    [0, IMPLICIT],
    [4, TS.JPEGBaseline8Bit],
  ])
  expect(decision.accept.user.maximumLength).toBe(16384)
  expect(decision.longestPdu).toBe(65536)
  expect(decision.timers).toEqual({ artim: 30_000, pdu: 120_000, rate: 100, idle: 600_000 })
})

test('what an AE leaves out is as in the default profile, and what that leaves out as in the house', () => {
  const profiles = aeProfiles.parse({
    default: { idleSeconds: 60, calledAET: 'any' },
    byAET: { CT1: { idleSeconds: 3600 } },
  })
  expect(profileOf(profiles, 'CT1')).toEqual({ ...HOUSE, idleSeconds: 3600, calledAET: 'any' })
  expect(profileOf(profiles, 'MR1')).toEqual({ ...HOUSE, idleSeconds: 60, calledAET: 'any' })
  expect(profileOf(profiles, 'constructor').idleSeconds).toBe(60)
  expect(aeProfiles.safeParse({ default: { idleSecond: 60 } }).success).toBe(false)
  expect(aeProfiles.safeParse({ byAET: { 'a\\b': {} } }).success).toBe(false)
})

test('who wants to be SCP only gets no role, so no context where it has no C-GET to be that for', () => {
  const request = associateRequest(CT)
  const answer = accepted({
    ...request,
    user: { ...request.user, roles: [{ SOPClassUID: CT_IMAGE, scu: false, scp: true }] },
  })
  expect(answer.contexts[0]?.result).toBe(1)
})

const STUDY_ROOT = '1.2.840.10008.5.1.4.1.2.2.'
const [FIND, MOVE, GET] = [`${STUDY_ROOT}1`, `${STUDY_ROOT}2`, `${STUDY_ROOT}3`] as const
const QUERY_RETRIEVE = [FIND, MOVE, GET].map(abstractSyntax => ({
  abstractSyntax,
  transferSyntaxes: [IMPLICIT, EXPLICIT],
}))

test('query and retrieve are for nodes with the right; everything else of the association goes on', () => {
  const request = associateRequest([...QUERY_RETRIEVE, ...CT])
  const resultsWith = (...rights: string[]) => {
    const decision = negotiate(request, ['ISOCENTER'], HOUSE, { may: right => rights.includes(right) })
    if ('reject' in decision) throw new Error(decision.words)
    return [decision.accept.contexts.map(({ result }) => result), decision.denied]
  }
  // PS3.8 table 9-18: 1 = user rejection.
  expect(resultsWith()).toEqual([
    [1, 1, 1, 0],
    ['query', 'retrieve'],
  ])
  expect(resultsWith('query')).toEqual([[0, 1, 1, 0], ['retrieve']])
  expect(resultsWith('retrieve')).toEqual([[1, 0, 0, 0], ['query']])
  expect(resultsWith('query', 'retrieve')).toEqual([[0, 0, 0, 0], []])
})

test.each([
  ['explicit before implicit', [IMPLICIT, EXPLICIT], EXPLICIT],
  ['implicit alone', [IMPLICIT], IMPLICIT],
  ['deflated and big endian alone: not taken', [TS.DeflatedExplicitVRLittleEndian, TS.ExplicitVRBigEndian], undefined],
])('identifiers: %s', (_name, transferSyntaxes, chosen) => {
  const decision = negotiate(associateRequest([{ abstractSyntax: FIND, transferSyntaxes }]), ['ISOCENTER'], HOUSE, {
    may: () => true,
  })
  if ('reject' in decision) throw new Error(decision.words)
  const [context] = decision.accept.contexts
  expect(context?.result === 0 ? context.transferSyntax : undefined).toBe(chosen)
  expect(context?.result).toBe(chosen ? 0 : 4)
})

test('of what a query asks for beforehand, that is promised which is done, in as many bytes as were asked', () => {
  const request = associateRequest(QUERY_RETRIEVE)
  const extended = [
    { SOPClassUID: FIND, information: Uint8Array.of(1, 1, 1, 1, 1) },
    { SOPClassUID: MOVE, information: Uint8Array.of(1) },
    { SOPClassUID: GET, information: Uint8Array.of(0, 1) },
  ]
  const asking = { ...request, user: { ...request.user, extended } }
  const decision = negotiate(asking, ['ISOCENTER'], HOUSE, { may: () => true })
  if ('reject' in decision) throw new Error(decision.words)
  expect(decision.accept.user.extended).toEqual([
    { SOPClassUID: FIND, information: Uint8Array.of(1, 1, 1, 0, 0) },
    { SOPClassUID: MOVE, information: Uint8Array.of(1) },
    { SOPClassUID: GET, information: Uint8Array.of(0, 0) },
  ])
})

test('beside a C-GET the requestor may be SCP of what it gets, also while no images are taken', () => {
  const request = associateRequest([...QUERY_RETRIEVE, ...CT])
  const roles = [{ SOPClassUID: CT_IMAGE, scu: false, scp: true }]
  const asking = { ...request, user: { ...request.user, roles } }
  const full = { takesImages: false, may: () => true }
  const decision = negotiate(asking, ['ISOCENTER'], HOUSE, full)
  if ('reject' in decision) throw new Error(decision.words)
  expect(decision.accept.user.roles).toEqual(roles)
  expect(decision.accept.contexts.map(({ result }) => result)).toEqual([0, 0, 0, 0])
  // Who may not get has nothing to be SCP of.
  expect(negotiate(asking, ['ISOCENTER'], HOUSE, { takesImages: false })).toMatchObject({
    accept: { contexts: [{ result: 1 }, { result: 1 }, { result: 1 }, { result: 1 }] },
  })
})

const COMMITMENT = '1.2.840.10008.1.20.1'

test.each([
  ['who may ask', true, undefined, 0, []],
  ['who may not', false, undefined, 1, ['commitment']],
  ['a node that answers what we asked', false, { scu: false, scp: true }, 0, []],
  ['a node that answers, and would ask', false, { scu: true, scp: true }, 0, ['commitment']],
])('storage commitment: %s', (_name, may, role, result, denied) => {
  const request = associateRequest([{ abstractSyntax: COMMITMENT, transferSyntaxes: [EXPLICIT] }])
  const roles = role ? [{ SOPClassUID: COMMITMENT, ...role }] : []
  const asking = { ...request, user: { ...request.user, roles } }
  const decision = negotiate(asking, ['ISOCENTER'], HOUSE, { may: () => may, isNode: true })
  if ('reject' in decision) throw new Error('refused')
  expect(decision.accept.contexts[0]?.result).toBe(result)
  expect(decision.denied).toEqual(denied)
  expect(decision.accept.user.roles).toEqual(role ? [{ SOPClassUID: COMMITMENT, scu: false, scp: true }] : [])
})

test('storage commitment: a stranger has nothing to answer', () => {
  const request = associateRequest([{ abstractSyntax: COMMITMENT, transferSyntaxes: [EXPLICIT] }])
  const roles = [{ SOPClassUID: COMMITMENT, scu: false, scp: true }]
  const decision = negotiate({ ...request, user: { ...request.user, roles } }, ['ISOCENTER'], HOUSE)
  if ('reject' in decision) throw new Error('refused')
  expect(decision.accept.contexts[0]?.result).toBe(1)
})

test.each([
  ['store', [0, 0]],
  ['echo', [0, 1]],
  ['nothing', [1, 1]],
] as const)('where strangers may "%s", echo and storage are answered so; a node may both', (strangers, results) => {
  const request = associateRequest([
    { abstractSyntax: VERIFICATION, transferSyntaxes: [TS.ImplicitVRLittleEndian] },
    { abstractSyntax: CT_IMAGE, transferSyntaxes: [TS.ExplicitVRLittleEndian] },
  ])
  const answered = (isNode: boolean) => {
    const decision = negotiate(request, ['ISOCENTER'], HOUSE, { strangers, isNode })
    if ('reject' in decision) throw new Error(decision.words)
    return { results: decision.accept.contexts.map(({ result }) => result), denied: decision.denied }
  }
  const denied = (['echo', 'store'] as const).filter((_, at) => results[at] === 1)
  expect(answered(false)).toEqual({ results: [...results], denied })
  expect(answered(true)).toEqual({ results: [0, 0], denied: [] })
})
