import type { Mark } from '../../../shared/viewing/draft.ts'
import { areaExtent, lengthExtent, type Measured } from '../../../shared/viewing/measure/measure.ts'

/** A figure of a mark as a report has it: digits as they stand beside the mark, the unit as UCUM. */
export interface MarkFigure {
  name: string
  value: string
  unit: string
}

const UCUM: Record<string, string> = {
  'mm': 'mm',
  'mm²': 'mm2',
  'µm': 'um',
  'µm²': 'um2',
  'px': '{pixels}',
  'px²': '{pixels}2',
}
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
  const lengthFigure = (name: string, mm: number): MarkFigure => {
    const { value, text, unit } = lengthExtent(mm, scale)
    return { name, value: scale.fine ? text : value.toFixed(1), unit: UCUM[unit] ?? unit }
  }
  if (ratio !== undefined) return [{ name: 'Ratio', value: ratio.toFixed(2), unit: '1' }]
  if (length !== undefined && width !== undefined) {
    return [lengthFigure('Long axis', length), lengthFigure('Short axis', width)]
  }
  if (length !== undefined) return [lengthFigure('Length', length)]
  if (angle !== undefined) {
    return [{ name: kind === 'cobb' ? 'Cobb angle' : 'Angle', value: angle.toFixed(1), unit: 'deg' }]
  }
  const unit = VALUE_UNITS[valueUnit.unit] ?? valueUnit.unit
  if (area !== undefined) {
    const mean = statistics === undefined ? [] : [{ name: 'Mean', value: digits(statistics.mean), unit }]
    const { value, unit: of } = areaExtent(area, scale)
    return [{ name: 'Area', value: digits(value), unit: UCUM[of] ?? of }, ...mean]
  }
  const [value] = values ?? []
  return value !== undefined && values?.length === 1 ? [{ name: 'Value', value: digits(value), unit }] : []
}
