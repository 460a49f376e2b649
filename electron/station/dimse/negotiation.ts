import type { AeProfile } from '../../../shared/config.ts'
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../../shared/dicom/part10.ts'
import { isNonStorageService, isStorableUID, sopClass, TS, transferSyntax } from '../../../shared/dicom/uids.ts'
import type { Decision } from '../wire/association.ts'
import {
  type AnsweredContext,
  type AssociateRequest,
  DICOM_APPLICATION_CONTEXT,
  type UserInformation,
} from '../wire/pdu.ts'
import type { Timers } from '../wire/timers.ts'

export const VERIFICATION = '1.2.840.10008.1.1'

/** PS3.4 §B.1: the service class that a class of its own may say it belongs to. */
const STORAGE_SERVICE = '1.2.840.10008.4.2'

/**
 * What the station answers to an association request: a pure function of the request, our AE titles, the peer's profile and whether
 * images are taken at all now. Where they are not, who only wants to store is sent away for now (most senders try again later by
 * themselves); who can do anything else here may, without its contexts for storage.
 */
export function negotiate(
  request: AssociateRequest,
  aets: readonly string[],
  profile: AeProfile,
  takesImages = true,
): Decision {
  // PS3.8 table 9-21: result 1 permanent; source 1 service user, 2 provider.
  if ((request.protocolVersion & 1) === 0) {
    return { reject: { result: 1, source: 2, reason: 2 }, words: 'it speaks another version of the protocol' }
  }
  if (request.applicationContext !== DICOM_APPLICATION_CONTEXT) {
    return { reject: { result: 1, source: 1, reason: 2 }, words: 'it asked for another application than DICOM' }
  }
  if (!isCalled(request.calledAET, aets, profile.calledAET)) {
    return {
      reject: { result: 1, source: 1, reason: 7 },
      words: `it called "${request.calledAET}", the AE title here is ${aets.map(aet => `"${aet}"`).join(' or ')}`,
    }
  }
  const { user } = request
  const elsewhere = new Set(
    user.commonExtended
      ?.filter(({ SOPClassUID, ServiceClassUID }) => !sopClass(SOPClassUID) && ServiceClassUID !== STORAGE_SERVICE)
      .map(({ SOPClassUID }) => SOPClassUID),
  )
  const isTaken = (uid: string) => uid === VERIFICATION || (isStorage(uid) && !elsewhere.has(uid))
  const proposed = new Set(request.contexts.map(context => context.abstractSyntax).filter(isTaken))
  // One answer a class, the last word being the first: PS3.7 §D.3.3.4 allows one item each.
  const roles = new Map(
    user.roles
      .filter(({ SOPClassUID }) => proposed.has(SOPClassUID))
      .toReversed()
      .map(role => [role.SOPClassUID, { ...role, scp: false }]),
  )
  const contexts = request.contexts.map(({ id, abstractSyntax, transferSyntaxes }): AnsweredContext => {
    const refused = (result: 1 | 2 | 3 | 4): AnsweredContext => ({
      id,
      result,
      transferSyntax: transferSyntaxes[0] ?? TS.ImplicitVRLittleEndian,
    })
    if (!proposed.has(abstractSyntax)) return refused(3)
    if (roles.get(abstractSyntax)?.scu === false) return refused(1)
    const chosen = chooseTransferSyntax(transferSyntaxes, profile)
    if (chosen === undefined) return refused(4)
    // PS3.8 table 9-18: 2 = no reason (provider rejection).
    if (!takesImages && abstractSyntax !== VERIFICATION) return refused(2)
    return { id, result: 0, transferSyntax: chosen }
  })
  if (contexts.some(({ result }) => result === 2) && contexts.every(({ result }) => result !== 0)) {
    // PS3.8 table 9-21: transient, by the provider (presentation), temporary congestion.
    return { reject: { result: 2, source: 3, reason: 1 }, words: 'the disk is nearly full, no images are taken now' }
  }
  return {
    accept: {
      protocolVersion: 1,
      // PS3.8 §9.3.3: these fields come back as they were sent.
      calledAET: request.calledAET,
      callingAET: request.callingAET,
      applicationContext: DICOM_APPLICATION_CONTEXT,
      contexts,
      // PS3.7 §D.3.3: only what was proposed is answered.
      user: {
        maximumLength: profile.announcedPdu,
        implementationClassUID: IMPLEMENTATION_CLASS_UID,
        implementationVersionName: IMPLEMENTATION_VERSION_NAME,
        asynchronousOperations: user.asynchronousOperations && { invoked: 1, performed: 1 },
        roles: [...roles.values()],
        // PS3.4 §B.3.1.4: level 2 (every element is kept), signature level 3 (so is every bit), no coercion.
        extended: user.extended
          .filter(({ SOPClassUID }) => proposed.has(SOPClassUID) && SOPClassUID !== VERIFICATION)
          .map(({ SOPClassUID }) => ({ SOPClassUID, information: Uint8Array.of(2, 0, 3, 0, 0, 0) })),
        userIdentityResponse: answerIdentity(user),
      },
    },
    timers: timersOf(profile),
    longestPdu: Math.max(profile.announcedPdu, profile.toleratedPdu),
  }
}

/** What a profile says of time, in the upper layer's terms. */
export function timersOf(profile: AeProfile): Omit<Timers, 'linger'> {
  return {
    artim: profile.answerSeconds * 1000,
    pdu: profile.messageSeconds * 1000,
    rate: profile.bytesPerSecond,
    idle: profile.idleSeconds * 1000,
  }
}

function isCalled(called: string, aets: readonly string[], tolerance: AeProfile['calledAET']): boolean {
  if (tolerance === 'any' || aets.includes(called)) return true
  return tolerance === 'anyCase' && aets.some(aet => called.toUpperCase() === aet.toUpperCase())
}

/**
 * The station has no users of its own and takes whoever may reach it, so who asks to be told that a name is accepted is told
 * so (PS3.7 §D.3.3.7): the response to a name is empty. A ticket or token would need one of ours in return: no answer.
 */
function answerIdentity({ userIdentity }: UserInformation): Uint8Array | undefined {
  const answered = userIdentity?.answerWanted && (userIdentity.type === 1 || userIdentity.type === 2)
  return answered ? Uint8Array.of() : undefined
}

function isStorage(abstractSyntax: string): boolean {
  return isStorableUID(abstractSyntax) && !isNonStorageService(abstractSyntax)
}

/**
 * What the profile prefers, then Explicit LE, Implicit LE, then the proposer's lossless ones in its order, deflated and big endian after them, lossy only where
 * nothing lossless is offered. Undefined when none carries pixels (JPIP, SMPTE ST 2110).
 */
export function chooseTransferSyntax(
  proposed: string[],
  profile: Pick<AeProfile, 'preferTransferSyntaxes' | 'refuseTransferSyntaxes'>,
): string | undefined {
  const { preferTransferSyntaxes: preferred, refuseTransferSyntaxes: refused } = profile
  const rank = (uid: string): number => {
    if (preferred.includes(uid)) return preferred.indexOf(uid) - preferred.length
    if (uid === TS.ExplicitVRLittleEndian) return 0
    if (uid === TS.ImplicitVRLittleEndian) return 1
    const syntax = transferSyntax(uid)
    if (syntax.lossy) return 4
    return syntax.deflated || syntax.bigEndian ? 3 : 2
  }
  return proposed
    .filter(uid => isStorableUID(uid) && transferSyntax(uid).pixels && !refused.includes(uid))
    .map(uid => ({ uid, rank: rank(uid) }))
    .sort((a, b) => a.rank - b.rank)[0]?.uid
}
