import { normaliseUID } from '../../../shared/dicom/uids.ts'
import {
  ABORT_REASON,
  type Abort,
  type AssociateAccept,
  type AssociateCommon,
  type AssociateReject,
  type AssociateRequest,
  type ContextResult,
  ITEM,
  PduError,
  type UserInformation,
} from './pdu.ts'

/** Reads forward through a PDU body; every step past its end is an invalid parameter value. */
class Cursor {
  readonly #bytes: Buffer
  readonly #begin: number
  #at = 0

  constructor(bytes: Buffer, begin = 0) {
    this.#bytes = bytes
    this.#begin = begin
  }

  /** Counted from the beginning of the PDU's body. */
  get position(): number {
    return this.#begin + this.#at
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  take(length: number): Buffer {
    if (length > this.left) {
      throw new PduError(ABORT_REASON.invalidParameterValue, `an item of ${length} bytes where ${this.left} are left`)
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  u8(): number {
    return this.take(1).readUInt8()
  }

  u16(): number {
    return this.take(2).readUInt16BE()
  }

  u32(): number {
    return this.take(4).readUInt32BE()
  }

  text(length: number): string {
    return this.take(length).toString('latin1')
  }

  uid(length: number): string {
    return normaliseUID(this.text(length))
  }

  /** Type, reserved byte, 16-bit length, value: the shape of every item and sub-item (PS3.8 §9.3.2). */
  *items(): Generator<{ type: number; value: Cursor }> {
    while (this.left > 0) {
      const type = this.u8()
      this.take(1)
      const length = this.u16()
      yield { type, value: new Cursor(this.take(length), this.position - length) }
    }
  }
}

/** Three for each of 128 contexts. An item of six bytes becomes an object of two hundred, so they are counted. */
const MOST_NEGOTIATIONS = 3 * 128

function readUserInformation(item: Cursor): UserInformation {
  const user: UserInformation = {
    maximumLength: 0,
    implementationClassUID: '',
    implementationVersionName: '',
    roles: [],
    extended: [],
  }
  for (const { type, value } of item.items()) {
    if (type === ITEM.maximumLength) user.maximumLength = value.u32()
    else if (type === ITEM.implementationClassUID) user.implementationClassUID = value.uid(value.left)
    else if (type === ITEM.implementationVersionName) user.implementationVersionName = value.text(value.left).trim()
    else if (type === ITEM.asynchronousOperations) {
      user.asynchronousOperations = { invoked: value.u16(), performed: value.u16() }
    } else if (type === ITEM.role) {
      const SOPClassUID = value.uid(value.u16())
      user.roles.push({ SOPClassUID, scu: value.u8() === 1, scp: value.u8() === 1 })
    } else if (type === ITEM.extended) {
      const SOPClassUID = value.uid(value.u16())
      user.extended.push({ SOPClassUID, information: Uint8Array.from(value.take(value.left)) })
    } else if (type === ITEM.commonExtended) {
      user.commonExtended ??= []
      user.commonExtended.push({ SOPClassUID: value.uid(value.u16()), ServiceClassUID: value.uid(value.u16()) })
      value.take(value.u16())
    } else if (type === ITEM.userIdentity) {
      const [identityType, answerWanted] = [value.u8(), value.u8() === 1]
      const name = value.take(value.u16())
      const passcodeLength = value.u16()
      value.take(passcodeLength)
      // A name alone, or before its passcode, is no secret; tickets and tokens are, and come where the name would be.
      const length = identityType <= 2 ? passcodeLength : name.length + 2 + passcodeLength
      user.userIdentity = { type: identityType, answerWanted, at: value.position - length, length }
    } else if (type === ITEM.userIdentityResponse) {
      user.userIdentityResponse = Uint8Array.from(value.take(value.u16()))
    }
    if (user.roles.length + user.extended.length + (user.commonExtended?.length ?? 0) > MOST_NEGOTIATIONS) {
      throw new PduError(ABORT_REASON.invalidParameterValue, `more than ${MOST_NEGOTIATIONS} roles and negotiations`)
    }
  }
  return user
}

function readContext(value: Cursor, type: number) {
  const id = value.u8()
  value.take(1)
  const result = value.u8()
  value.take(1)
  if (id % 2 === 0) throw new PduError(ABORT_REASON.invalidParameterValue, `presentation context id ${id} is even`)
  const abstractSyntaxes: string[] = []
  const transferSyntaxes: string[] = []
  for (const sub of value.items()) {
    if (sub.type === ITEM.abstractSyntax) abstractSyntaxes.push(sub.value.uid(sub.value.left))
    else if (sub.type === ITEM.transferSyntax) transferSyntaxes.push(sub.value.uid(sub.value.left))
  }
  if (type === ITEM.contextRQ && abstractSyntaxes.length !== 1) {
    throw new PduError(
      ABORT_REASON.invalidParameterValue,
      `context ${id} has ${abstractSyntaxes.length} abstract syntaxes`,
    )
  }
  return { id, result, abstractSyntax: abstractSyntaxes[0] ?? '', transferSyntaxes }
}

type ReadContext = ReturnType<typeof readContext>

function readAssociate(body: Buffer, contextType: number): AssociateCommon & { contexts: ReadContext[] } {
  const cursor = new Cursor(body)
  const protocolVersion = cursor.u16()
  cursor.take(2)
  const calledAET = trimAET(cursor.text(16))
  const callingAET = trimAET(cursor.text(16))
  cursor.take(32)
  const contexts = new Map<number, ReadContext>()
  let applicationContext = ''
  let user: UserInformation | undefined
  for (const { type, value } of cursor.items()) {
    if (type === ITEM.applicationContext) applicationContext = value.uid(value.left)
    else if (type === contextType) {
      const context = readContext(value, type)
      if (contexts.has(context.id)) {
        throw new PduError(ABORT_REASON.invalidParameterValue, `presentation context id ${context.id} twice`)
      }
      contexts.set(context.id, context)
    } else if (type === ITEM.userInformation) user = readUserInformation(value)
  }
  if (!user) throw new PduError(ABORT_REASON.invalidParameterValue, 'no user information item')
  return { protocolVersion, calledAET, callingAET, applicationContext, user, contexts: [...contexts.values()] }
}

function trimAET(raw: string): string {
  return raw.replaceAll('\0', ' ').trim()
}

/** Body of an A-ASSOCIATE-RQ (PS3.8 §9.3.2). Throws PduError when an item overruns, a context id is even or stands twice. */
export function decodeAssociateRequest(body: Buffer): AssociateRequest {
  const { contexts, ...common } = readAssociate(body, ITEM.contextRQ)
  if (contexts.length === 0) throw new PduError(ABORT_REASON.invalidParameterValue, 'no presentation context')
  return {
    ...common,
    contexts: contexts.map(({ id, abstractSyntax, transferSyntaxes }) => ({ id, abstractSyntax, transferSyntaxes })),
  }
}

/** Body of an A-ASSOCIATE-AC (PS3.8 §9.3.3). */
export function decodeAssociateAccept(body: Buffer): AssociateAccept {
  const { contexts, ...common } = readAssociate(body, ITEM.contextAC)
  return {
    ...common,
    contexts: contexts.map(({ id, result, transferSyntaxes }) => ({
      id,
      result: isContextResult(result) ? result : 2,
      transferSyntax: transferSyntaxes[0] ?? '',
    })),
  }
}

function isContextResult(value: number): value is ContextResult {
  return value <= 4
}

/** Body of an A-ASSOCIATE-RJ (PS3.8 §9.3.4). */
export function decodeAssociateReject(body: Buffer): AssociateReject {
  const cursor = new Cursor(body)
  cursor.take(1)
  return { result: cursor.u8(), source: cursor.u8(), reason: cursor.u8() }
}

/** Body of an A-ABORT (PS3.8 §9.3.8). */
export function decodeAbort(body: Buffer): Abort {
  const cursor = new Cursor(body)
  cursor.take(2)
  return { source: cursor.u8(), reason: cursor.u8() }
}
