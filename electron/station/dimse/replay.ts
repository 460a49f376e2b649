import { type Config, isNode, type Node, nodeMay, profileOf, type Strangers } from '../../../shared/config.ts'
import type { RecordedRequest } from '../../../shared/network.ts'
import type { AssociateRequest } from '../wire/pdu.ts'
import { negotiate, withoutSyntax } from './negotiation.ts'

export interface Replayed {
  works: boolean
  sentence: string
}

/** What the answer to a recorded request depends on today. */
export interface Today {
  aets: readonly string[]
  profiles: Config['profiles']
  nodes: Node[]
  takesImages: boolean
  strangers: Strangers
}

/** How an association request that came from `address` would be answered with today's settings (pure): nothing is sent. */
export function replayRequest(recorded: RecordedRequest, address: string, today: Today): Replayed {
  const { callingAET } = recorded
  const decision = negotiate(requestOf(recorded), today.aets, profileOf(today.profiles, callingAET), {
    takesImages: today.takesImages,
    may: right => nodeMay(right, callingAET, address, today.nodes),
    isNode: isNode(callingAET, address, today.nodes),
    strangers: today.strangers,
  })
  if ('reject' in decision) return { works: false, sentence: `Would be refused again: ${decision.words}.` }
  const { contexts } = decision.accept
  const accepted = contexts.filter(({ result }) => result === 0).length
  const of = `${accepted} of ${contexts.length} ${contexts.length === 1 ? 'presentation context' : 'presentation contexts'}`
  if (accepted === 0) return { works: false, sentence: 'Would be accepted, but nothing that it offers is taken.' }
  if (decision.denied.length > 0) {
    return {
      works: false,
      sentence: `Would be accepted with ${of}, still without the right to ${decision.denied.join(' and ')}.`,
    }
  }
  const without = withoutSyntax(recorded.contexts, contexts).length
  if (without > 0) {
    return { works: false, sentence: `Would be accepted with ${of}, still without ${without} of its classes.` }
  }
  return { works: true, sentence: `Would be accepted now, with ${of}.` }
}

function requestOf({ roles, commonExtended, ...request }: RecordedRequest): AssociateRequest {
  return {
    ...request,
    user: {
      maximumLength: 0,
      implementationClassUID: '',
      implementationVersionName: '',
      roles,
      extended: [],
      commonExtended,
    },
  }
}
