import type { AeProfile, NodeRight, Strangers } from '../../../shared/config.ts'
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../../shared/dicom/part10.ts'
import { isNonStorageService, isStorableUID, sopClass, TS, transferSyntax } from '../../../shared/dicom/uids.ts'
import type { Decision } from '../wire/associationOptions.ts'
import {
  type AnsweredContext,
  type AssociateRequest,
  DICOM_APPLICATION_CONTEXT,
  type ProposedContext,
  type RoleSelection,
  type UserInformation,
} from '../wire/pdu.ts'
import type { Timers } from '../wire/timers.ts'
import { AVAILABILITY_NOTICE, PROCEDURE_STEP } from './noticeScp.ts'
import { type QueryModel, queryModel } from './queryModels.ts'
import { STORAGE_COMMITMENT } from './storageCommitmentScp.ts'

export const VERIFICATION = '1.2.840.10008.1.1'

/** PS3.4 §B.1: the service class that a class of its own may say it belongs to. */
const STORAGE_SERVICE = '1.2.840.10008.4.2'

/** PS3.4 §B.3.1.4: level 2 (every element is kept), signature level 3 (so is every bit), no coercion. */
const STORAGE_INFORMATION = Uint8Array.of(2, 0, 3, 0, 0, 0)

/** Of identifiers: what is not compressed, little endian. */
const IDENTIFIER_SYNTAXES = [TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian]

/**
 * PS3.4 §C.5.1.1, tables C.5-1 to C.5-3: relational queries, combined date and time, fuzzy names are done; time zone adjustment and
 * the enhanced image conversion are not. Of retrieval the first byte is the relational one.
 */
const DONE: Record<QueryModel['service'], readonly number[]> = { FIND: [1, 1, 1, 0, 0], MOVE: [1, 0], GET: [1, 0] }

/** What is served beside verification, Query/Retrieve and storage. Whoever may store may also tell what it has made. */
const SERVICES: readonly string[] = [STORAGE_COMMITMENT, PROCEDURE_STEP, AVAILABILITY_NOTICE]
const isService = (uid: string) => SERVICES.includes(uid)

/** What anybody may ask for, unless the configuration says otherwise. */
const isOpen = (uid: string) => !queryModel(uid) && uid !== STORAGE_COMMITMENT

/** What is known of the peer and of the moment beside the request itself. */
export interface Standing {
  /** Images are taken now. */
  takesImages?: boolean
  /** Whether the peer is a configured node with the right; nobody is unless told. */
  may?(right: NodeRight): boolean
  /** It is a configured node: what we asked of it, it may answer. */
  isNode?: boolean
  /** What those may that are none. */
  strangers?: Strangers
}

/** What can be asked and denied. */
export type Asking = NodeRight | 'echo' | 'store'

/** `denied`: what the peer asked for and is not allowed to. */
export type Negotiated =
  | Extract<Decision, { reject: unknown }>
  | (Extract<Decision, { accept: unknown }> & { denied: Asking[] })

/**
 * What the station answers to an association request: a pure function of the request, our AE titles, the peer's profile and its
 * standing. Where no images are taken, who only wants to store is sent away for now (most senders try again later by
 * themselves); who can do anything else here may, without its contexts for storage.
 */
export function negotiate(
  request: AssociateRequest,
  aets: readonly string[],
  profile: AeProfile,
  { takesImages = true, may = () => false, isNode = false, strangers = 'store' }: Standing = {},
): Negotiated {
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
  const modelOf = (uid: string) => (elsewhere.has(uid) ? undefined : queryModel(uid))
  const isTaken = (uid: string) =>
    uid === VERIFICATION || isService(uid) || modelOf(uid) !== undefined || (isStorage(uid) && !elsewhere.has(uid))
  const proposed = new Set(request.contexts.map(context => context.abstractSyntax).filter(isTaken))
  const models = [...proposed].flatMap(uid => modelOf(uid) ?? [])
  const asked = new Set(models.map(({ right }) => right))
  const commitmentRole = user.roles.findLast(({ SOPClassUID }) => SOPClassUID === STORAGE_COMMITMENT)
  if (proposed.has(STORAGE_COMMITMENT) && (commitmentRole?.scu ?? true)) asked.add('commitment')
  const isShut = (uid: string) => !isNode && (strangers === 'nothing' || (strangers === 'echo' && uid !== VERIFICATION))
  const shut = [...proposed].filter(uid => isOpen(uid) && isShut(uid))
  const denied: Asking[] = [
    ...[...asked].filter(right => !may(right)),
    ...new Set(shut.map(uid => (uid === VERIFICATION ? 'echo' : 'store'))),
  ]
  // PS3.4 §C.4.3: what a C-GET brings is stored by the requestor, so it is the SCP of those classes.
  const gets = models.some(({ service, right }) => service === 'GET' && !denied.includes(right))
  const answerRole = (role: RoleSelection): RoleSelection => {
    // PS3.4 §J.3.3: whoever reports calls as the SCP.
    if (role.SOPClassUID === STORAGE_COMMITMENT)
      return { ...role, scu: role.scu && may('commitment'), scp: role.scp && isNode }
    return { ...role, scp: role.scp && gets && isStorage(role.SOPClassUID) }
  }
  // One answer a class, the last word being the first: PS3.7 §D.3.3.4 allows one item each.
  const roles = new Map(
    user.roles
      .filter(({ SOPClassUID }) => proposed.has(SOPClassUID))
      .toReversed()
      .map(role => [role.SOPClassUID, answerRole(role)]),
  )
  const contexts = request.contexts.map(({ id, abstractSyntax, transferSyntaxes }): AnsweredContext => {
    const refused = (result: 1 | 2 | 3 | 4): AnsweredContext => ({
      id,
      result,
      transferSyntax: transferSyntaxes[0] ?? TS.ImplicitVRLittleEndian,
    })
    if (!proposed.has(abstractSyntax)) return refused(3)
    if (shut.includes(abstractSyntax)) return refused(1)
    const model = modelOf(abstractSyntax)
    if (model && denied.includes(model.right)) return refused(1)
    const role = roles.get(abstractSyntax)
    if (role && !role.scu && !role.scp) return refused(1)
    if (abstractSyntax === STORAGE_COMMITMENT && !role && denied.includes('commitment')) return refused(1)
    if (model || isService(abstractSyntax)) {
      const plain = IDENTIFIER_SYNTAXES.find(uid => transferSyntaxes.includes(uid))
      return plain ? { id, result: 0, transferSyntax: plain } : refused(4)
    }
    const chosen = chooseTransferSyntax(transferSyntaxes, profile)
    if (chosen === undefined) return refused(4)
    // PS3.8 table 9-18: 2 = no reason (provider rejection).
    if (!takesImages && abstractSyntax !== VERIFICATION && !role?.scp) return refused(2)
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
        extended: user.extended
          .filter(({ SOPClassUID: uid }) => proposed.has(uid) && (modelOf(uid) || isStorage(uid)))
          .map(({ SOPClassUID, information }) => {
            const model = modelOf(SOPClassUID)
            return { SOPClassUID, information: model ? answerOptions(model, information) : STORAGE_INFORMATION }
          }),
        userIdentityResponse: answerIdentity(user),
      },
    },
    timers: timersOf(profile),
    longestPdu: Math.max(profile.announcedPdu, profile.toleratedPdu),
    denied,
  }
}

/** The classes that were offered in no transfer syntax that is taken (PS3.8 table 9-18, result 4, on all of their contexts). */
export function withoutSyntax(proposed: readonly ProposedContext[], answered: readonly AnsweredContext[]): string[] {
  const results = new Map(answered.map(({ id, result }) => [id, result]))
  const classes = new Set(proposed.map(({ abstractSyntax }) => abstractSyntax))
  return [...classes].filter(uid =>
    proposed.every(({ id, abstractSyntax }) => abstractSyntax !== uid || results.get(id) === 4),
  )
}

/** What of the asked-for options is done: as many bytes as were asked, so that old and new forms of the item are both answered. */
function answerOptions({ service }: QueryModel, asked: Uint8Array): Uint8Array {
  const done = DONE[service]
  return asked.slice(0, 16).map((wanted, at) => (wanted === 1 ? (done[at] ?? 0) : 0))
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
