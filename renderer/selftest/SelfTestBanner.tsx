import { TriangleAlert } from 'lucide-react'
import { isClean, sentencesOf } from '../../shared/viewing/selftest/verdict.ts'
import { heard } from '../i18n/index.ts'
import { useTitle } from '../keys/index.ts'
import { useSelfTest } from './selfTestStore.ts'

/** What the self-test found wrong on this machine, over the pictures for as long as it is so. */
export function SelfTestBanner() {
  const verdict = useSelfTest(state => state.verdict)
  const title = useTitle('More under Measurement self-test', 'self-test')
  if (isClean(verdict)) return null
  const measured = !verdict.everything && verdict.tools.length === 0 && verdict.syntaxes.length === 0
  return (
    <div className="self-test-banner" data-measured={measured ? '' : undefined} role="alert" title={title}>
      <TriangleAlert aria-hidden />
      <div>
        {sentencesOf(verdict).map(sentence => (
          <div key={sentence}>{heard(sentence)}</div>
        ))}
      </div>
    </div>
  )
}
