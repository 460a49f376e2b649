/** PDU types (PS3.8 §9.3.1). */
export const PDU = {
  associateRQ: 0x01,
  associateAC: 0x02,
  associateRJ: 0x03,
  dataTF: 0x04,
  releaseRQ: 0x05,
  releaseRP: 0x06,
  abort: 0x07,
} as const

/** PS3.8 §9.3.8, table 9-26: the reasons of an abort by the service provider. */
export const ABORT_REASON = {
  notSpecified: 0,
  unrecognizedPdu: 1,
  unexpectedPdu: 2,
  unrecognizedParameter: 4,
  unexpectedParameter: 5,
  invalidParameterValue: 6,
} as const
export type AbortReason = (typeof ABORT_REASON)[keyof typeof ABORT_REASON]

/** A PDU that cannot be taken (Evt19): answered by A-ABORT with this reason. */
export class PduError extends Error {
  readonly reason: AbortReason

  constructor(reason: AbortReason, message: string) {
    super(message)
    this.name = 'PduError'
    this.reason = reason
  }
}

/** PS3.7 §A.2.1: the one application context there is. */
export const DICOM_APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1'

export interface ProposedContext {
  /** Odd, 1–255, in any order. */
  id: number
  abstractSyntax: string
  transferSyntaxes: string[]
}

/** PS3.8 table 9-18: 0 accepted, 1 user rejection, 2 no reason, 3 abstract syntax, 4 transfer syntaxes not supported. */
export type ContextResult = 0 | 1 | 2 | 3 | 4

export interface AnsweredContext {
  id: number
  result: ContextResult
  /** Only significant when accepted. */
  transferSyntax: string
}

/** PS3.7 §D.3.3.4. */
export interface RoleSelection {
  SOPClassUID: string
  scu: boolean
  scp: boolean
}

/** PS3.7 §D.3.3.5. */
export interface ExtendedNegotiation {
  SOPClassUID: string
  information: Uint8Array
}

/** PS3.7 §D.3.3.6: which service a class belongs to. A statement, in requests only: it has no answer. */
export interface CommonExtendedNegotiation {
  SOPClassUID: string
  ServiceClassUID: string
}

/** PS3.7 §D.3.3.7: 1 user name, 2 user name and passcode, 3 Kerberos, 4 SAML, 5 JSON Web Token. */
export interface UserIdentity {
  type: number
  /** The peer wants to hear that it is accepted. */
  answerWanted: boolean
  /** Where its secrets lie in the PDU's body: for blanking them. */
  at: number
  length: number
}

/** The user information item (PS3.7 annex D.3.3), as far as either side acts on it. */
export interface UserInformation {
  /** Longest P-DATA-TF variable field its sender takes; 0 = no limit (PS3.8 §D.1). */
  maximumLength: number
  implementationClassUID: string
  implementationVersionName: string
  asynchronousOperations?: { invoked: number; performed: number }
  roles: RoleSelection[]
  extended: ExtendedNegotiation[]
  commonExtended?: CommonExtendedNegotiation[]
  /** The identity itself is checked for length and dropped: nothing here verifies it, so nothing should hold a passcode. */
  userIdentity?: UserIdentity
  /** Of an acceptance: the server's response, which is empty for types 1 and 2. */
  userIdentityResponse?: Uint8Array
}

export interface AssociateCommon {
  /** Bit field: bit 0 is version 1. */
  protocolVersion: number
  calledAET: string
  callingAET: string
  applicationContext: string
  user: UserInformation
}

export interface AssociateRequest extends AssociateCommon {
  contexts: ProposedContext[]
}

export interface AssociateAccept extends AssociateCommon {
  contexts: AnsweredContext[]
}

/** PS3.8 table 9-21. */
export interface AssociateReject {
  /** 1 permanent, 2 transient. */
  result: number
  /** 1 service user, 2 service provider (ACSE), 3 service provider (presentation). */
  source: number
  reason: number
}

/** PS3.8 §9.3.8. */
export interface Abort {
  /** 0 service user, 2 service provider. */
  source: number
  reason: number
}

/** Item types (PS3.8 §9.3.2, §9.3.3; PS3.7 annex D.3.3). */
export const ITEM = {
  applicationContext: 0x10,
  contextRQ: 0x20,
  contextAC: 0x21,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maximumLength: 0x51,
  implementationClassUID: 0x52,
  asynchronousOperations: 0x53,
  role: 0x54,
  implementationVersionName: 0x55,
  extended: 0x56,
  commonExtended: 0x57,
  userIdentity: 0x58,
  userIdentityResponse: 0x59,
} as const
