import { t } from '../../i18n/index.ts'
import { formatDate } from '../../ui/index.ts'
import { findReference, referenceWords, showReference } from './references.ts'
import { NO_OBJECTS, useStudyObjects } from './studyObjects.ts'

/** The stored selections of a study in the list of marks: each with its images, each a way to its image. */
export function KeyObjectRows({ study }: { study: string }) {
  const { keyObjects } = useStudyObjects(({ studies }) => studies.get(study) ?? NO_OBJECTS)
  return keyObjects.map(({ SOPInstanceUID, title, description, date, references }) => (
    <details className="key-objects" key={SOPInstanceUID}>
      <summary title={[description, formatDate(date)].filter(Boolean).join(' · ')}>
        {t('Key images:')} <bdi dir="auto">{title}</bdi> ({references.length})
      </summary>
      {references.slice(0, 200).map(reference => {
        const place = findReference(reference)
        return (
          <div className="marks-row" key={`${reference.SOPInstanceUID} ${reference.frames}`}>
            <button
              type="button"
              disabled={place === undefined}
              title={t('Show this image')}
              onClick={() => showReference(undefined, reference)}
            >
              <span className="words">{place === undefined ? t('not here') : referenceWords(place)}</span>
            </button>
          </div>
        )
      })}
    </details>
  ))
}
