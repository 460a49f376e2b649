import { heard, t } from '../../i18n/index.ts'
import { useTitle } from '../../keys/index.ts'
import { useSession } from '../session.ts'
import { useHanging } from './hangingState.ts'

/** Which protocol hangs, and which of its stages; why, as its tooltip. A press lists the others. */
export function HangingMark() {
  const hung = useHanging(state => state.hung)
  const study = useSession(session => session.study?.StudyInstanceUID)
  const layout = useSession(session => session.layout)
  const title = useTitle('Choose another', 'protocols')
  if (hung === undefined || study !== hung.StudyInstanceUID) return null
  const { protocol, stages, because, leftOut } = hung.verdict
  const stage = protocol.stages[hung.stage]
  const words = [
    `${protocol.name}: ${stage?.name}`,
    t('For: {{studies}}', { studies: because.map(heard).join(', ') || t('every study') }),
    ...hung.because.map((why, at) => (why === '' ? '' : `${at + 1}: ${heard(why)}`)),
    ...leftOut.map(one => t('Left out: {{what}}', { what: heard(one) })),
    title,
  ]
  const changed = layout !== hung.layout
  return (
    <button
      type="button"
      className="bare hanging-mark quiet"
      data-testid="hanging"
      title={words.filter(Boolean).join('\n')}
      onClick={() => useHanging.setState({ open: 'choose' })}
    >
      {protocol.name}{' '}
      {changed ? t('changed') : stages.length > 1 ? `${stages.indexOf(hung.stage) + 1}/${stages.length}` : ''}
    </button>
  )
}
