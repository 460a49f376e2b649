import { useEffect, useState } from 'react'
import type { Dose } from '../../../shared/viewing/objects/dose.ts'
import { t } from '../../i18n/index.ts'
import { doseReference, type ListedObject, useObjects } from './objectsStore.ts'
import { figureWithUnit, levelsOf } from './shapes.ts'

/** So many lines at most: more could not be told apart. */
const MOST_LEVELS = 16

/** Numbers apart by commas, spaces or semicolons. */
function levelsFrom(text: string): number[] {
  const numbers = text
    .split(/[\s,;]+/)
    .filter(one => /^\d+(\.\d+)?$/.test(one))
    .map(Number)
  return [...new Set(numbers.filter(one => one > 0))].sort((a, b) => b - a).slice(0, MOST_LEVELS)
}

/** Which doses are drawn: in % of what, or in Gy. */
export function IsodoseFields({ listed, dose }: { listed: ListedObject; dose: Dose }) {
  const state = useObjects()
  const { isodoses } = state
  const { value, words } = doseReference(listed, state)
  const [text, setText] = useState(isodoses.levels.join(', '))
  const said = isodoses.levels.join(', ')
  useEffect(() => setText(said), [said])
  const change = (next: Partial<typeof isodoses>) => useObjects.setState({ isodoses: { ...isodoses, ...next } })
  const keep = () => {
    const levels = levelsFrom(text)
    if (levels.length > 0) change({ levels })
    setText((levels.length > 0 ? levels : isodoses.levels).join(', '))
  }
  // The same doses, said the other way.
  const setUnit = (unit: '%' | 'Gy') => {
    if (unit === isodoses.unit || !(value > 0)) return
    const factor = unit === 'Gy' ? value / 100 : 100 / value
    change({ unit, levels: isodoses.levels.map(level => Number((level * factor).toFixed(2))) })
  }
  return (
    <div className="structures-note isodose-fields">
      <div className="quiet">
        {t('maximum')} {figureWithUnit(dose.field.max, dose.field.unit)} · 100 % ={' '}
        {figureWithUnit(value, dose.field.unit)} ({words})
      </div>
      <label>
        {t('Levels')}
        <input
          value={text}
          aria-label={t('Isodose levels')}
          onChange={event => setText(event.target.value)}
          onBlur={keep}
          onKeyDown={event => {
            if (event.key === 'Enter') keep()
          }}
        />
        <select
          value={isodoses.unit}
          aria-label={t('Unit of the levels')}
          onChange={event => setUnit(event.target.value === 'Gy' ? 'Gy' : '%')}
        >
          <option value="%">%</option>
          <option value="Gy">{dose.field.unit || t('relative')}</option>
        </select>
      </label>
      <label>
        {t('100 % is')}
        <input
          type="number"
          min={0}
          step="any"
          aria-label={t('Reference dose')}
          placeholder={value.toFixed(2)}
          value={isodoses.reference ?? ''}
          onChange={event => {
            const given = Number(event.target.value)
            change({ reference: given > 0 ? given : undefined })
          }}
        />
        {dose.field.unit}
      </label>
      {levelsOf(listed, dose, state).length === 0 && <div className="attention">{t('No level is drawn.')}</div>}
    </div>
  )
}
