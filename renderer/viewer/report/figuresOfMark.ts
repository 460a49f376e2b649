import type { Mark } from '../../../shared/viewing/draft.ts'
import type { Measured } from '../../../shared/viewing/measure/measure.ts'

/** A figure of a mark as a report has it: digits as they stand beside the mark, the unit as UCUM. */
export interface MarkFigure {
  name: string
  value: string
  unit: string
}

const MM = { mm: { length: 'mm', area: 'mm2' }, px: { length: '{pixels}', area: '{pixels}2' } } as const
/** UCUM of the units of values that we show; others are written as they are. */
const VALUE_UNITS: Record<string, string> = { HU: "[hnsf'U]", '': '1' }

/** Three digits at least, tenths of what is over ten: as beside the mark. */
function digits(value: number): string {
  const size = Math.abs(value)
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** What a report can say of a mark: its lengths, its angle, or its area with the mean in it. */
export function figuresOfMark({ kind }: Pick<Mark, 'kind'>, measured: Measured): MarkFigure[] {
  const { scale, length, width, angle, area, statistics, valueUnit, values, ratio } = measured
  const units = MM[scale.unit]
  if (ratio !== undefined) return [{ name: 'Ratio', value: ratio.toFixed(2), unit: '1' }]
  if (length !== undefined && width !== undefined) {
    return [
      { name: 'Long axis', value: length.toFixed(1), unit: units.length },
      { name: 'Short axis', value: width.toFixed(1), unit: units.length },
    ]
  }
  if (length !== undefined) return [{ name: 'Length', value: length.toFixed(1), unit: units.length }]
  if (angle !== undefined) {
    return [{ name: kind === 'cobb' ? 'Cobb angle' : 'Angle', value: angle.toFixed(1), unit: 'deg' }]
  }
  const unit = VALUE_UNITS[valueUnit.unit] ?? valueUnit.unit
  if (area !== undefined) {
    const mean = statistics === undefined ? [] : [{ name: 'Mean', value: digits(statistics.mean), unit }]
    return [{ name: 'Area', value: digits(area), unit: units.area }, ...mean]
  }
  const [value] = values ?? []
  return value !== undefined && values?.length === 1 ? [{ name: 'Value', value: digits(value), unit }] : []
}
