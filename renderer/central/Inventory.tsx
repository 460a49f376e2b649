import { useEffect, useState } from 'react'
import type { StudySummary } from '../../shared/contract.ts'
import type { DestinationSummary } from '../../shared/sync.ts'
import { t } from '../i18n/index.ts'
import { countImages, PersonName } from '../ui/index.ts'
import { getFromArchive } from './getStudy.ts'
import { inventoryOf } from './inventory.ts'
import { OutageLine } from './OutageLine.tsx'
import { useFollowedPulls } from './pullStore.ts'
import { readSeen, useSeen } from './seenStore.ts'
import { useSync } from './syncStore.ts'
import { describeInventory } from './words.ts'

const SHOWN = 50
/** One for all times it is asked for: a new one each time would be drawn again without end. */
const NONE: DestinationSummary[] = []

/**
 * In Activity, below the destinations: while an archive is away what that means for the list somebody reads, and what was exchanged when
 * it was back. `listed`: the studies of that list.
 */
export function Inventory({ listed }: { listed: () => StudySummary[] }) {
  const destinations = useSync(sync => sync.destinations ?? NONE)
  const archives = useFollowedPulls()
  const seen = useSeen(state => state.seen)
  const [studies, setStudies] = useState<StudySummary[]>([])
  const away = destinations.filter(({ state }) => state === 'offline')
  const isAway = away.length > 0
  useEffect(() => void readSeen(), [])
  useEffect(() => {
    if (isAway) setStudies(listed())
  }, [isAway, listed])
  const told = destinations.flatMap(({ name, outages }) =>
    outages
      .filter(one => one.until > (seen ?? Number.POSITIVE_INFINITY) && one.images + one.studies > 0)
      .map(one => ({ name, ...one })),
  )
  const found = inventoryOf(studies, archives ?? [])
  return (
    <>
      {told.map(one => (
        <OutageLine key={`${one.name} ${one.from}`} {...one} />
      ))}
      {isAway && found.length === 0 && <p className="quiet">{describeInventory(found, studies.length)}</p>}
      {isAway && found.length > 0 && (
        <details className="central-inventory">
          <summary>{describeInventory(found, studies.length)}</summary>
          <ul className="custody-list" aria-label={t('Not all here')}>
            {found.slice(0, SHOWN).map(({ study, images, priors }) => (
              <li key={study.StudyInstanceUID} className="central-inventory-row">
                <span className="truncate">
                  <PersonName value={study.PatientName || 'Unknown patient'} lang={study.lang} />
                </span>
                <span className="id quiet truncate">{study.PatientID}</span>
                <span className="quiet truncate">{describeLack(images, priors.length)}</span>
                <button
                  type="button"
                  onClick={() => get(images > 0 ? [study.StudyInstanceUID, ...priors] : priors)}
                  title={t('Tried now, from any archive that answers')}
                >
                  {t('Get')}
                </button>
              </li>
            ))}
            {found.length > SHOWN && (
              <li className="quiet">{t('and {{more}} more', { more: (found.length - SHOWN).toLocaleString() })}</li>
            )}
          </ul>
        </details>
      )}
    </>
  )
}

function get(studies: string[]): void {
  for (const StudyInstanceUID of studies) void getFromArchive({ StudyInstanceUID })
}

function describeLack(images: number, priors: number): string {
  const parts = [
    images > 0 && t('{{images}} not here', { images: countImages(images) }),
    priors > 0 && t('{{count}} priors not here', { count: priors }),
  ]
  return parts.filter(Boolean).join(', ')
}
