import { t } from '../i18n/index.ts'
import { describeGroups, shownName } from './personName.ts'

/** A patient's name in the script it came in, isolated from the direction around it; all three groups on hover. */
export function PersonName({ value, lang }: { value: string; lang: string }) {
  const name = shownName(value, lang)
  return (
    <bdi dir="auto" lang={lang || undefined} title={describeGroups(value)}>
      {name === '' ? <span className="quiet">{t('no name')}</span> : name}
    </bdi>
  )
}
