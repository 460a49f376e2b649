import { readClinicalDocument, readEncapsulated } from '../../../shared/viewing/documents/encapsulated.ts'
import { t } from '../../i18n/index.ts'
import { showControls } from '../../ui/index.ts'
import type { ObjectAddress } from '../objects/readObject.ts'
import { reading, useRead } from './useObject.ts'
import { Waiting } from './Waiting.tsx'

const read = reading(dataSet => readClinicalDocument(readEncapsulated(dataSet)?.bytes ?? new Uint8Array()))

/** The text of a clinical document (HL7 CDA); its own style sheet and pictures are left alone. */
export function NarrativeView({ address }: { address: ObjectAddress }) {
  const loaded = useRead(address, read)
  if (loaded.state !== 'here') return <Waiting loaded={loaded} />
  return (
    <article className="report">
      {loaded.value.length === 0 && <p className="quiet">{t('There is no text in this document.')}</p>}
      {loaded.value.map(({ level, text }, index) => {
        const Part = level === 0 ? 'p' : (`h${level}` as 'h2')
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a paragraph is its place.
          <Part key={index}>
            <bdi dir="auto">{showControls(text)}</bdi>
          </Part>
        )
      })}
    </article>
  )
}
