import { sopClass } from '../../../shared/dicom/uids.ts'
import { ERRORS, type ErrorCode } from '../../../shared/errors.ts'
import type { EchoAnswer } from '../../../shared/network.ts'
import type { Ending } from '../wire/ending.ts'
import type { AssociateReject } from '../wire/pdu.ts'
import { TLS_FAILED } from '../wire/secure.ts'
import type { Asking } from './negotiation.ts'

/** The other side of an association that failed. */
export interface Peer {
  /** We called it. */
  outgoing: boolean
  /** '' where it did not come to say it. */
  AET: string
  /** IP address; of what we called host:port. */
  address: string
  /** As a person knows it: a node's name, else AE title and address. */
  name: string
  /** What it called us. */
  calledAET: string
}

/** Ourselves, as the peer must have us in its tables. */
export interface Own {
  /** The first is the one we call others by. */
  aets: readonly string[]
  port: number
}

/** What can go wrong with an association, as far as the causes differ for who has to remove them. */
export type Failure =
  | { kind: 'ended'; ending: Ending }
  /** It came to the TLS port, and no further: `words` are those of `wire/secure.ts`. */
  | { kind: 'tls'; words: string }
  /** Contexts that are for nodes with the right. `known`: there is a node of that AE title; `addresses`: it has the right, and is at these. */
  | { kind: 'denied'; rights: Asking[]; known: boolean; addresses: string[] }
  /** Nothing that was offered is taken (outgoing: none of these classes was). */
  | { kind: 'nothingTaken'; abstractSyntaxes: string[] }
  /** Classes that are taken, but in none of the transfer syntaxes that were offered. */
  | { kind: 'noSyntax'; abstractSyntaxes: string[] }
  /** A request on an open association was answered so (PS3.7 annex C). */
  | { kind: 'status'; service: string; status: number }
  /** Objects that were not stored: here for a reason of ours, there with a status. */
  | { kind: 'notStored'; code: ErrorCode }
  | { kind: 'notTaken'; status: number }

export interface Diagnosis {
  /** The same for what one change removes. */
  reason: string
  step: EchoAnswer['step']
  sentence: string
  remedy: string
}

interface Explanation {
  says: string
  remedy: string
}

/** Words that stand for who it is about. */
const PEER = '{peer}'
const OUR_AET = '{our AET}'
const THEIR_AET = '{their AET}'
const OUR_PORT = '{our port}'
const CALLED = '{called}'
const ADDRESS = '{address}'

/** PS3.8 table 9-21, by source and reason: what a peer that rejects us means by it. */
const REJECTED: Record<string, Explanation> = {
  '1/1': {
    says: `${PEER} refused the association and gives no reason.`,
    remedy: `On ${PEER}: its log says why. Most often it does not know the AE title ${OUR_AET} or this computer's address.`,
  },
  '1/2': {
    says: `${PEER} does not take the application context of DICOM.`,
    remedy: `Here: check host and port of the node; something else than an archive answers there.`,
  },
  '1/3': {
    says: `${PEER} does not know our AE title "${OUR_AET}".`,
    remedy: `On ${PEER}: add a node with AE title ${OUR_AET}, this computer's address and port ${OUR_PORT}. Capitals count.`,
  },
  '1/7': {
    says: `${PEER} does not answer to the AE title "${THEIR_AET}".`,
    remedy: `Here: give the node the AE title that ${PEER} has for itself. Capitals count.`,
  },
  '2/1': {
    says: `${PEER} could not open an association and gives no reason.`,
    remedy: `On ${PEER}: its log says why.`,
  },
  '2/2': {
    says: `${PEER} speaks another version of the DICOM protocol.`,
    remedy: `On ${PEER}: version 1 of PS3.8 is the only one there is; its software has to be replaced.`,
  },
  '3/1': {
    says: `${PEER} is too busy for now.`,
    remedy: `Nothing has to be changed: try again later. If it stays so, look at disk and load on ${PEER}.`,
  },
  '3/2': {
    says: `${PEER} has as many associations open as it allows.`,
    remedy: `On ${PEER}: allow more associations at a time, or try again when it has less to do.`,
  },
}

/** The same table for what we answer. */
const REFUSED: Record<string, Explanation> = {
  '1/2': {
    says: `${PEER} asked for another application than DICOM.`,
    remedy: `On ${PEER}: port ${OUR_PORT} of this computer is for DICOM; give it another destination.`,
  },
  '1/3': {
    says: `${PEER} came under the AE title of a node that is bound to a certificate, and without that certificate.`,
    remedy: `On ${PEER}: call port ${OUR_PORT} over TLS with its own certificate. Or here: correct the certificates of the node.`,
  },
  '1/7': {
    says: `${PEER} called us "${CALLED}"; we are ${OUR_AET}.`,
    remedy: `On ${PEER}: set the called AE title to ${OUR_AET}. Or here: add "${CALLED}" to the AE titles of this station.`,
  },
  '2/2': {
    says: `${PEER} speaks another version of the DICOM protocol.`,
    remedy: `On ${PEER}: version 1 of PS3.8 is the only one there is; its software has to be replaced.`,
  },
  '3/1': {
    says: `${PEER} was sent away because the disk here is nearly full.`,
    remedy: `Here: make room (Settings › Storage). ${PEER} can send again then; most do so by themselves.`,
  },
  '3/2': {
    says: `${PEER} was sent away because too many associations are open here.`,
    remedy: `On ${PEER}: open fewer associations at a time. It can send again; most do so by themselves.`,
  },
}

const RESERVED: Explanation = {
  says: `${PEER} refused the association for a reason that DICOM does not know.`,
  remedy: `On ${PEER}: its log says why.`,
}

const rejectKey = ({ source, reason }: AssociateReject) => `${source}/${reason}`

/** By what the system says of the socket, when the host was to be reached. */
const UNREACHED: Record<string, Explanation & { step: EchoAnswer['step'] }> = {
  ENOTFOUND: {
    step: 'name',
    says: `No computer of the name in ${ADDRESS} is known to the network.`,
    remedy: `Here: correct the host of the node, or write its IP address.`,
  },
  ECONNREFUSED: {
    step: 'port',
    says: `The computer of ${PEER} was reached, but nobody listens at ${ADDRESS}.`,
    remedy: `On ${PEER}: start its DICOM service. Or here: correct the port of the node.`,
  },
}
const NOT_REACHED = {
  step: 'host',
  says: `${ADDRESS} was not reached.`,
  remedy: `Here: check host and port of the node. In the network: check that ${PEER} is switched on, cabled, and let through by every firewall on the way.`,
} as const

const RIGHTS: Record<Asking, string> = {
  echo: 'verification',
  store: 'storage',
  query: 'query',
  retrieve: 'retrieve',
  commitment: 'storage commitment',
  delete: 'delete',
}

/** What happened, what to change and who has to (pure). */
export function diagnose(peer: Peer, own: Own, failure: Failure): Diagnosis {
  const { reason, step, says, remedy } = explain(peer, failure)
  const values: Record<string, string> = {
    [PEER]: peer.name,
    [OUR_AET]: peer.outgoing ? (own.aets[0] ?? '') : own.aets.join(' or '),
    [THEIR_AET]: peer.AET,
    [OUR_PORT]: String(own.port),
    [CALLED]: peer.calledAET,
    [ADDRESS]: peer.address,
  }
  // In one pass: an AE title may itself look like one of the words.
  const fill = (text: string) => text.replace(/\{[\w ]+\}/g, word => values[word] ?? word)
  return { reason, step, sentence: fill(says), remedy: fill(remedy) }
}

type Explained = Explanation & { reason: string; step: EchoAnswer['step'] }

function explain(peer: Peer, failure: Failure): Explained {
  switch (failure.kind) {
    case 'tls':
      return { reason: `tls ${failure.words}`, step: 'dicom', ...explainTls(peer, failure.words) }
    case 'ended':
      return explainEnding(peer, failure.ending)
    case 'denied':
      return { reason: `denied ${failure.rights.join(' ')}`, step: 'association', ...explainDenied(peer, failure) }
    case 'nothingTaken': {
      const names = namesOf(failure.abstractSyntaxes)
      return {
        reason: `nothing taken ${names}`,
        step: 'echo',
        ...(peer.outgoing
          ? {
              says: `${PEER} opened the association, but does not take: ${names}.`,
              remedy: `On ${PEER}: switch these services on, for the AE title ${OUR_AET} where it asks.`,
            }
          : {
              says: `${PEER} asked for services that this station does not have: ${names}.`,
              remedy: `On ${PEER}: use this station for what it does (storage, verification, query and retrieve), and another for the rest.`,
            }),
      }
    }
    case 'noSyntax': {
      const names = namesOf(failure.abstractSyntaxes)
      return {
        reason: `no syntax ${names}`,
        step: 'association',
        ...(peer.outgoing
          ? {
              says: `${PEER} takes ${names}, but in no form that can be sent from here.`,
              remedy: `On ${PEER}: accept Explicit or Implicit VR Little Endian.`,
            }
          : {
              says: `${PEER} offered ${names} in no transfer syntax that is taken here.`,
              remedy: `On ${PEER}: offer Explicit or Implicit VR Little Endian as well. If its profile here refuses transfer syntaxes, look there too.`,
            }),
      }
    }
    case 'status':
      return {
        reason: `${failure.service} ${failure.status}`,
        step: 'echo',
        says: `${PEER} opened the association and answered ${failure.service} with status ${hex(failure.status)}.`,
        remedy: `On ${PEER}: its log says why.`,
      }
    case 'notStored':
      return {
        reason: `not stored ${failure.code}`,
        step: 'works',
        says: `Objects sent by ${PEER} could not be taken. ${ERRORS[failure.code].sentence}`,
        remedy: ERRORS[failure.code].retryable
          ? `Here: remove the cause. On ${PEER}: send them again.`
          : `On ${PEER}: the objects themselves have to be corrected before they are sent again.`,
      }
    case 'notTaken':
      return {
        reason: `not taken ${failure.status}`,
        step: 'works',
        says: `${PEER} did not take all objects it was sent: it answered status ${hex(failure.status)}${statusWords(failure.status)}.`,
        remedy: `On ${PEER}: its log says why. What it did not take can be sent again.`,
      }
  }
}

function explainDenied({ AET }: Peer, { rights, known, addresses }: Extract<Failure, { kind: 'denied' }>): Explanation {
  const asked = rights.map(right => RIGHTS[right]).join(' and ')
  const says = `${PEER} asked for ${asked}, which is for nodes with the right.`
  if (!known) return { says, remedy: `Here: add a node with the AE title ${AET}, if it may.` }
  if (addresses.length > 0) {
    return {
      says,
      remedy: `Here: the node ${AET} may, but calls from ${addresses.join(' or ')}; add ${ADDRESS} if that is it.`,
    }
  }
  return { says, remedy: `Here: give the node ${AET} the right, if it may.` }
}

function explainTls({ outgoing }: Peer, words: string): Explanation {
  if (outgoing) {
    return {
      says: `${PEER} was reached, but not over TLS: ${words}.`,
      remedy: `Here: check that ${ADDRESS} is its TLS port, and the certificates of the node; on ${PEER}: that it trusts the certificate of this station.`,
    }
  }
  return {
    says: `${PEER} was refused on the TLS port: ${words}.`,
    remedy: `On ${PEER}: give it a certificate that this station trusts (\`tls.trustedFile\`) and TLS 1.2 or newer. Without TLS it belongs on port ${OUR_PORT}.`,
  }
}

function explainEnding(peer: Peer, ending: Ending): Explained {
  const { kind, phase, reject, fault, socketCode = '', words } = ending
  const detail = words.replace(/^\w+: /, '')
  if (reject) {
    const refused = kind === 'refused'
    const explanation = (refused ? REFUSED : REJECTED)[rejectKey(reject)] ?? RESERVED
    const called = refused && rejectKey(reject) === '1/7' ? ` ${peer.calledAET}` : ''
    return { reason: `reject ${rejectKey(reject)}${called}`, step: 'association', ...explanation }
  }
  if (socketCode === TLS_FAILED) {
    return { reason: `tls ${detail}`, step: 'dicom', ...explainTls(peer, detail) }
  }
  if (phase === 'reaching') {
    const code = socketCode === 'EAI_AGAIN' ? 'ENOTFOUND' : socketCode
    return { reason: `unreached ${code}`, ...(UNREACHED[code] ?? NOT_REACHED) }
  }
  if (phase === 'asking')
    return { reason: `asking ${kind} ${fault ?? ''}`, step: 'dicom', ...explainAsking(peer, ending, detail) }
  return { reason: `open ${kind} ${fault ?? ''}`, step: 'echo', ...explainOpen(ending, detail) }
}

function explainAsking({ outgoing }: Peer, { abort, fault }: Ending, detail: string): Explanation {
  if (abort) {
    return {
      says: outgoing
        ? `${PEER} aborted instead of answering the association request.`
        : `${PEER} aborted before its association was answered.`,
      remedy: `On ${PEER}: its log says why.`,
    }
  }
  if (!outgoing) {
    return {
      says: `${PEER} connected, but did not ask for an association: ${detail}.`,
      remedy: `On ${PEER}: if it is a DICOM device, let it use port ${OUR_PORT} without TLS; else give it another destination.`,
    }
  }
  if (fault === 'connection') {
    return {
      says: `The port of ${PEER} was reached, but it closed the connection without an answer.`,
      remedy: `On ${PEER}: allow this computer's address. Here: check that ${ADDRESS} is its DICOM port, and not one for TLS or for another service.`,
    }
  }
  return {
    says: `The port of ${PEER} was reached, but what is there does not speak DICOM: ${detail}.`,
    remedy: `Here: check that ${ADDRESS} is its DICOM port, and not one for TLS or for another service.`,
  }
}

function explainOpen({ abort, fault }: Ending, detail: string): Explanation {
  if (abort) {
    return {
      says: `${PEER} aborted an open association.`,
      remedy: `On ${PEER}: its log says why. What was not answered with success has to be sent again.`,
    }
  }
  if (fault === 'connection') {
    return {
      says: `The connection to ${PEER} was gone in the middle of an association (${detail}).`,
      remedy: `In the network: look for a bad cable, radio link or a firewall that cuts connections; on ${PEER}: for a restart.`,
    }
  }
  if (fault === 'time') {
    return {
      says: `${PEER} kept an association open and was silent for too long: ${detail}.`,
      remedy: `On ${PEER}: let it release when it has nothing more. If it needs longer, raise the times in its profile here.`,
    }
  }
  return {
    says: `The association with ${PEER} was aborted: ${detail}.`,
    remedy: `On ${PEER}: its software breaks the protocol here; its maker needs this sentence and a recording.`,
  }
}

/** PS3.4 table B.2-1 by its first digits. */
function statusWords(status: number): string {
  if (status >> 8 === 0xa7) return ', out of resources'
  if (status >> 8 === 0xa9) return ', data set and class disagree'
  if (status >> 12 === 0xc) return ', it does not understand them'
  if (status === 0x0122) return ', class not supported'
  if (status === 0x0124) return ', not authorized'
  return ''
}

const hex = (status: number) => `0x${status.toString(16).padStart(4, '0')}`

/** A sentence holds three names. */
function namesOf(uids: string[]): string {
  const names = uids.map(uid => sopClass(uid)?.name ?? uid)
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
}
