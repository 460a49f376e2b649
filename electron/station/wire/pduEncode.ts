import {
  type Abort,
  type AssociateAccept,
  type AssociateCommon,
  type AssociateReject,
  type AssociateRequest,
  ITEM,
  PDU,
  type UserInformation,
} from './pdu.ts'

function bytes(...values: number[]): Buffer {
  return Buffer.from(values)
}

function u16(value: number): Buffer {
  return bytes(value >> 8, value & 0xff)
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32BE(value)
  return buffer
}

function item(type: number, ...parts: Uint8Array[]): Buffer {
  const value = Buffer.concat(parts)
  return Buffer.concat([bytes(type, 0), u16(value.length), value])
}

function textItem(type: number, text: string): Buffer {
  return item(type, Buffer.from(text, 'latin1'))
}

function prefixedUID(uid: string): Buffer {
  return Buffer.concat([u16(uid.length), Buffer.from(uid, 'latin1')])
}

function pdu(type: number, body: Buffer): Buffer {
  return Buffer.concat([bytes(type, 0), u32(body.length), body])
}

/** Sub-items in ascending type order: PS3.7 §D.3.3 asks no order, some peers expect one. */
function userInformationItem(user: UserInformation): Buffer {
  const async = user.asynchronousOperations
  return item(
    ITEM.userInformation,
    item(ITEM.maximumLength, u32(user.maximumLength)),
    textItem(ITEM.implementationClassUID, user.implementationClassUID),
    ...(async ? [item(ITEM.asynchronousOperations, u16(async.invoked), u16(async.performed))] : []),
    ...user.roles.map(role =>
      item(ITEM.role, prefixedUID(role.SOPClassUID), bytes(role.scu ? 1 : 0, role.scp ? 1 : 0)),
    ),
    textItem(ITEM.implementationVersionName, user.implementationVersionName),
    ...user.extended.map(({ SOPClassUID, information }) => item(ITEM.extended, prefixedUID(SOPClassUID), information)),
    ...(user.commonExtended ?? []).map(({ SOPClassUID, ServiceClassUID }) =>
      item(ITEM.commonExtended, prefixedUID(SOPClassUID), prefixedUID(ServiceClassUID), u16(0)),
    ),
    ...(user.userIdentityResponse
      ? [item(ITEM.userIdentityResponse, u16(user.userIdentityResponse.length), user.userIdentityResponse)]
      : []),
  )
}

function associate(type: number, common: AssociateCommon, contexts: Buffer[]): Buffer {
  return pdu(
    type,
    Buffer.concat([
      u16(common.protocolVersion),
      bytes(0, 0),
      Buffer.from(common.calledAET.padEnd(16).slice(0, 16), 'latin1'),
      Buffer.from(common.callingAET.padEnd(16).slice(0, 16), 'latin1'),
      Buffer.alloc(32),
      textItem(ITEM.applicationContext, common.applicationContext),
      ...contexts,
      userInformationItem(common.user),
    ]),
  )
}

/** A whole A-ASSOCIATE-RQ PDU. */
export function encodeAssociateRequest(request: AssociateRequest): Buffer {
  return associate(
    PDU.associateRQ,
    request,
    request.contexts.map(context =>
      item(
        ITEM.contextRQ,
        bytes(context.id, 0, 0, 0),
        textItem(ITEM.abstractSyntax, context.abstractSyntax),
        ...context.transferSyntaxes.map(uid => textItem(ITEM.transferSyntax, uid)),
      ),
    ),
  )
}

/** A whole A-ASSOCIATE-AC PDU. A refused context carries a transfer syntax too: it is there and not tested (PS3.8 §9.3.3.2). */
export function encodeAssociateAccept(accept: AssociateAccept): Buffer {
  return associate(
    PDU.associateAC,
    accept,
    accept.contexts.map(context =>
      item(
        ITEM.contextAC,
        bytes(context.id, 0, context.result, 0),
        textItem(ITEM.transferSyntax, context.transferSyntax),
      ),
    ),
  )
}

export function encodeAssociateReject(reject: AssociateReject): Buffer {
  return pdu(PDU.associateRJ, bytes(0, reject.result, reject.source, reject.reason))
}

export function encodeReleaseRequest(): Buffer {
  return pdu(PDU.releaseRQ, Buffer.alloc(4))
}

export function encodeReleaseResponse(): Buffer {
  return pdu(PDU.releaseRP, Buffer.alloc(4))
}

export function encodeAbort(abort: Abort): Buffer {
  return pdu(PDU.abort, bytes(0, 0, abort.source, abort.reason))
}

/** Bytes before the data of a P-DATA-TF that carries one PDV: the PDU's header and the PDV's. */
export const PDV_OVERHEAD = 12

/** PDU and PDV header of a P-DATA-TF that carries one PDV of `length` bytes (PS3.8 §9.3.5, annex E.2), written at `offset`. */
export function writeDataHeader(
  target: Buffer,
  offset: number,
  contextId: number,
  length: number,
  fragment: { command: boolean; last: boolean },
): void {
  target.writeUInt16BE(PDU.dataTF << 8, offset)
  target.writeUInt32BE(length + 6, offset + 2)
  target.writeUInt32BE(length + 2, offset + 6)
  target.writeUInt8(contextId, offset + 10)
  target.writeUInt8((fragment.command ? 1 : 0) | (fragment.last ? 2 : 0), offset + 11)
}

/** The same as bytes of its own. */
export function dataHeader(contextId: number, length: number, fragment: { command: boolean; last: boolean }): Buffer {
  const header = Buffer.allocUnsafe(PDV_OVERHEAD)
  writeDataHeader(header, 0, contextId, length, fragment)
  return header
}
