import type { CallName, CallOut, CallParsed } from '../../../shared/contract.ts'
import type { WebDeps } from './index.ts'

type ResultCall = Extract<CallName, `results.${string}`>
type ResultHandlers = { [N in ResultCall]: (input: CallParsed<N>) => Promise<CallOut<N>> }

/** The calls of reports that go to other systems. */
export function resultCalls({ results }: Pick<WebDeps, 'results'>): ResultHandlers {
  return {
    'results.list': async () => ({ targets: results.targets(), results: await results.list() }),
    'results.set': async ({ targets }) => {
      await results.setTargets(targets)
      return {}
    },
    'results.send': async ({ StudyInstanceUID, version, target }) => ({
      targets: await results.send(StudyInstanceUID, version, target),
    }),
    'results.retry': async ({ number }) => {
      await results.retry(number)
      return {}
    },
    'results.try': target => results.tryOut(target),
  }
}
