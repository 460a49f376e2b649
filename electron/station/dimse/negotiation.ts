import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../../shared/dicom/part10.ts'
import { isNonStorageService, isStorableUID, TS, transferSyntax } from '../../../shared/dicom/uids.ts'
import type { Decision } from '../wire/association.ts'
import {
  type AnsweredContext,
  type AssociateRequest,
  DICOM_APPLICATION_CONTEXT,
  type ProposedContext,
  type UserInformation,
} from '../wire/pdu.ts'
import { ANNOUNCED_LENGTH } from '../wire/pduReader.ts'

export const VERIFICATION = '1.2.840.10008.1.1'

/** What the station answers to an association request: a pure function of the request and our AE title. */
export function negotiate(request: AssociateRequest, aet: string): Decision {
  // PS3.8 table 9-21: result 1 permanent; source 1 service user, 2 provider.
  if ((request.protocolVersion & 1) === 0) {
    return { reject: { result: 1, source: 2, reason: 2 }, words: 'it speaks another version of the protocol' }
  }
  if (request.applicationContext !== DICOM_APPLICATION_CONTEXT) {
    return { reject: { result: 1, source: 1, reason: 2 }, words: 'it asked for another application than DICOM' }
  }
  if (request.calledAET !== aet) {
    return {
      reject: { result: 1, source: 1, reason: 7 },
      words: `it called "${request.calledAET}", the AE title here is "${aet}"`,
    }
  }
  const roles = request.user.roles.map(role => ({ ...role, scp: false }))
  const noRole = new Set(roles.filter(role => !role.scu).map(role => role.SOPClassUID))
  return {
    accept: {
      protocolVersion: 1,
      // PS3.8 §9.3.3: these fields come back as they were sent.
      calledAET: request.calledAET,
      callingAET: request.callingAET,
      applicationContext: DICOM_APPLICATION_CONTEXT,
      contexts: request.contexts.map(context => answerContext(context, noRole)),
      user: answerUser(request.user, roles),
    },
  }
}

/** PS3.7 §D.3.3: only what was proposed is answered. A user identity is not verified here, so it gets no answer (§D.3.3.7). */
function answerUser(asked: UserInformation, roles: UserInformation['roles']): UserInformation {
  return {
    maximumLength: ANNOUNCED_LENGTH,
    implementationClassUID: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
    asynchronousOperations: asked.asynchronousOperations && { invoked: 1, performed: 1 },
    roles,
    // PS3.4 §B.3.1: level 2 (every element is kept), signatures as they come, no coercion.
    extended: asked.extended
      .filter(({ SOPClassUID }) => isStorage(SOPClassUID))
      .map(({ SOPClassUID }) => ({ SOPClassUID, information: Uint8Array.of(2, 0, 0, 0, 0, 0) })),
  }
}

function isStorage(abstractSyntax: string): boolean {
  return isStorableUID(abstractSyntax) && !isNonStorageService(abstractSyntax)
}

function answerContext(
  { id, abstractSyntax, transferSyntaxes }: ProposedContext,
  noRole: Set<string>,
): AnsweredContext {
  const refused = (result: 1 | 3 | 4): AnsweredContext => ({
    id,
    result,
    transferSyntax: transferSyntaxes[0] ?? TS.ImplicitVRLittleEndian,
  })
  if (abstractSyntax !== VERIFICATION && !isStorage(abstractSyntax)) return refused(3)
  if (noRole.has(abstractSyntax)) return refused(1)
  const chosen = chooseTransferSyntax(transferSyntaxes)
  return chosen === undefined ? refused(4) : { id, result: 0, transferSyntax: chosen }
}

/**
 * Explicit LE, Implicit LE, then the proposer's lossless ones in its order, deflated and big endian after them, lossy only where
 * nothing lossless is offered. Undefined when none carries pixels (JPIP, SMPTE ST 2110).
 */
export function chooseTransferSyntax(proposed: string[]): string | undefined {
  const rank = (uid: string): number => {
    if (uid === TS.ExplicitVRLittleEndian) return 0
    if (uid === TS.ImplicitVRLittleEndian) return 1
    const syntax = transferSyntax(uid)
    if (syntax.lossy) return 4
    return syntax.deflated || syntax.bigEndian ? 3 : 2
  }
  return proposed
    .filter(uid => isStorableUID(uid) && transferSyntax(uid).pixels)
    .map(uid => ({ uid, rank: rank(uid) }))
    .sort((a, b) => a.rank - b.rank)[0]?.uid
}
