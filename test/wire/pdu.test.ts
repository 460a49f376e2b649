import { expect, test } from 'vitest'
import { type AssociateAccept, type AssociateRequest, PduError } from '../../electron/station/wire/pdu.ts'
import { decodeAssociateAccept, decodeAssociateRequest } from '../../electron/station/wire/pduDecode.ts'
import { encodeAssociateAccept, encodeAssociateRequest } from '../../electron/station/wire/pduEncode.ts'
import { associateRequest } from '../fakes/byteSender.ts'

const FULL: AssociateRequest = associateRequest(
  [
    { id: 5, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] },
    { id: 1, abstractSyntax: '1.2.3.4', transferSyntaxes: ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2.4.70'] },
  ],
  {
    user: {
      maximumLength: 16384,
      implementationClassUID: '1.2.276.0.7230010.3.0.3.6.7',
      implementationVersionName: 'OFFIS_DCMTK_367',
      asynchronousOperations: { invoked: 8, performed: 1 },
      roles: [{ SOPClassUID: '1.2.3.4', scu: true, scp: true }],
      extended: [{ SOPClassUID: '1.2.3.4', information: Uint8Array.of(2, 0, 1, 0, 0, 0) }],
      commonExtended: [{ SOPClassUID: '1.2.3.4', ServiceClassUID: '1.2.840.10008.4.2' }],
    },
  },
)

function bodyOf(request: AssociateRequest): Buffer {
  return encodeAssociateRequest(request).subarray(6)
}

test('an association request says the same after the wire, contexts in the order they came', () => {
  const pdu = encodeAssociateRequest(FULL)
  expect(pdu.readUInt32BE(2)).toBe(pdu.length - 6)
  expect(decodeAssociateRequest(pdu.subarray(6))).toEqual(FULL)
})

test('an acceptance says the same after the wire', () => {
  const { contexts: _, ...common } = FULL
  const accept: AssociateAccept = {
    ...common,
    contexts: [
      { id: 5, result: 0, transferSyntax: '1.2.840.10008.1.2' },
      { id: 1, result: 4, transferSyntax: '1.2.840.10008.1.2.1' },
    ],
  }
  expect(decodeAssociateAccept(encodeAssociateAccept(accept).subarray(6))).toEqual(accept)
})

test('AE titles and UIDs are freed of their padding', () => {
  const decoded = decodeAssociateRequest(
    bodyOf({ ...FULL, contexts: [{ id: 1, abstractSyntax: '1.2.3\0', transferSyntaxes: ['1.2.840.10008.1.2 '] }] }),
  )
  expect(decoded.calledAET).toBe('ISOCENTER')
  expect(decoded.contexts).toEqual([{ id: 1, abstractSyntax: '1.2.3', transferSyntaxes: ['1.2.840.10008.1.2'] }])
})

test('the related classes of a common extended negotiation are passed over', () => {
  const body = bodyOf(FULL)
  // PS3.7 table D.3-12: the list's length, then each UID with its own.
  const related = Buffer.concat([Buffer.from([0, 7, 0, 5]), Buffer.from('1.2.3')])
  const at = body.lastIndexOf(Buffer.from([0x57, 0]))
  const longer = Buffer.concat([body.subarray(0, -2), Buffer.from([0, 9]), related])
  longer.writeUInt16BE(longer.length - at - 4, at + 2)
  const userItem = body.lastIndexOf(Buffer.from([0x50, 0]), body.indexOf(Buffer.from([0x51, 0, 0, 4])))
  longer.writeUInt16BE(longer.length - userItem - 4, userItem + 2)
  expect(decodeAssociateRequest(longer).user.commonExtended).toEqual(FULL.user.commonExtended)
})

test('an acceptance of a user identity has an empty response of type 59H', () => {
  const { contexts: _, ...common } = FULL
  const answer = { ...common, contexts: [], user: { ...FULL.user, userIdentityResponse: Uint8Array.of() } }
  const body = encodeAssociateAccept(answer).subarray(6)
  expect(body.subarray(-6).toString('hex')).toBe('590000020000')
  expect(decodeAssociateAccept(body).user.userIdentityResponse).toEqual(Uint8Array.of())
})

test('thousands of negotiation items are refused', () => {
  const extended = Array.from({ length: 385 }, () => ({ SOPClassUID: '1.2', information: Uint8Array.of() }))
  expect(() => decodeAssociateRequest(bodyOf({ ...FULL, user: { ...FULL.user, extended } }))).toThrow(PduError)
})

test('a user identity is read over and not kept', () => {
  const body = bodyOf(FULL)
  const identity = Buffer.from([0x58, 0, 0, 16, 2, 1, 0, 4, ...Buffer.from('anna'), 0, 6, ...Buffer.from('secret')])
  const userItem = body.lastIndexOf(Buffer.from([0x50, 0]), body.indexOf(Buffer.from([0x51, 0, 0, 4])))
  const longer = Buffer.concat([body, identity])
  longer.writeUInt16BE(longer.readUInt16BE(userItem + 2) + identity.length, userItem + 2)
  const decoded = decodeAssociateRequest(longer)
  expect(decoded.user.userIdentity).toMatchObject({ type: 2, answerWanted: true })
  const { at, length } = decoded.user.userIdentity!
  expect(longer.subarray(at, at + length).toString()).toBe('secret')
  expect(JSON.stringify(decoded)).not.toContain('secret')
})

test.each<[string, AssociateRequest]>([
  ['an even context id', { ...FULL, contexts: [{ id: 2, abstractSyntax: '1.2', transferSyntaxes: ['1.2'] }] }],
  ['a context id twice', { ...FULL, contexts: [FULL.contexts, FULL.contexts].flat() }],
  ['no context at all', { ...FULL, contexts: [] }],
])('%s is refused', (_name, request) => {
  expect(() => decodeAssociateRequest(bodyOf(request))).toThrow(PduError)
})

test('a body cut short anywhere is refused, never half believed', () => {
  const body = bodyOf(FULL)
  for (let length = 0; length < body.length; length += 1) {
    expect(() => decodeAssociateRequest(body.subarray(0, length)), `${length} bytes`).toThrow(PduError)
  }
})

test('any byte turned to 0xff is either still a request or refused as such', () => {
  const body = bodyOf(FULL)
  for (let at = 0; at < body.length; at += 1) {
    const damaged = Buffer.from(body)
    damaged[at] = 0xff
    try {
      decodeAssociateRequest(damaged)
    } catch (error) {
      expect(error).toBeInstanceOf(PduError)
    }
  }
})
