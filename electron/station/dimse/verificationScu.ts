import { TS } from '../../../shared/dicom/uids.ts'
import type { EchoAnswer } from '../../../shared/network.ts'
import { PeerFailed } from '../wire/scu.ts'
import type { Diagnosis, Failure } from './diagnosis.ts'
import { VERIFICATION } from './negotiation.ts'
import type { Outgoing } from './outgoing.ts'
import type { OfferedContext } from './transferPlan.ts'

const VERIFICATION_CONTEXT: OfferedContext = {
  abstractSyntax: VERIFICATION,
  transferSyntaxes: [TS.ImplicitVRLittleEndian],
}

export interface EchoDeps {
  /** Rejects with PeerFailed. */
  open(contexts: OfferedContext[]): Promise<Outgoing>
  diagnose(failure: Failure): Diagnosis
}

/** C-ECHO (PS3.4 annex A): where it came to, and what to change if that is not far enough. Rejects only with 'draining'. */
export async function echo({ open, diagnose }: EchoDeps): Promise<EchoAnswer> {
  const begun = performance.now()
  const answer = (
    more: Pick<EchoAnswer, 'works' | 'step' | 'sentence' | 'remedy'>,
    implementation = '',
  ): EchoAnswer => {
    const milliseconds = Math.round(performance.now() - begun)
    return { ...more, milliseconds, implementation, at: Date.now() }
  }
  const failed = (failure: Failure, implementation?: string) => {
    const { step, sentence, remedy } = diagnose(failure)
    return answer({ works: false, step, sentence, remedy }, implementation)
  }
  try {
    const line = await open([VERIFICATION_CONTEXT])
    const { implementation } = line
    try {
      if (line.contexts.length === 0) {
        return failed({ kind: 'nothingTaken', abstractSyntaxes: [VERIFICATION] }, implementation)
      }
      const status = await line.echo()
      if (status !== 0) {
        const failure: Failure = { kind: 'status', service: 'C-ECHO', status }
        line.failed(failure)
        return failed(failure, implementation)
      }
      const works = answer({ works: true, step: 'works', sentence: '', remedy: '' }, implementation)
      const by = implementation ? `, ${implementation}` : ''
      return { ...works, sentence: `Works: answered in ${works.milliseconds} ms${by}.` }
    } finally {
      void line.release()
    }
  } catch (thrown) {
    if (thrown instanceof PeerFailed) return failed({ kind: 'ended', ending: thrown.ending })
    throw thrown
  }
}
