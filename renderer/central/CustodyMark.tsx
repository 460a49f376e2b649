import { CloudUpload } from 'lucide-react'
import type { StudySummary } from '../../shared/contract.ts'
import { t } from '../i18n/index.ts'
import { useTitle } from '../keys/index.ts'
import { showCustody } from './requests.ts'
import { describeAway, describeCustody } from './words.ts'

/** What of the open study is not proved to be where it has to go; a click says more. Else what only archives have; nothing while all is well. */
export function CustodyMark({ study }: { study: StudySummary }) {
  const words = describeCustody(study)
  const title = useTitle(`${words ?? ''}\n${t('Where it is')}`, 'study-custody')
  const away = describeAway(study)
  if (words === undefined) return away === undefined ? null : <AwayMark words={away} images={study.away} />
  return (
    <button
      type="button"
      className="bare custody-mark attention"
      title={title}
      aria-label={words}
      onClick={() => showCustody(study)}
    >
      <CloudUpload aria-hidden />{' '}
      {t('{{images}} not on the server', { images: study.custody?.waiting.toLocaleString() ?? '' })}
    </button>
  )
}

function AwayMark({ words, images }: { words: string; images: number }) {
  return (
    <span className="quiet custody-mark" title={words}>
      {t('{{images}} on the archive', { images: images.toLocaleString() })}
    </span>
  )
}
