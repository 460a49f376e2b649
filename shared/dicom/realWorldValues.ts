import type { RealWorldValueMapping } from '../viewing/image.ts'
import type { DataSet } from './reader.ts'

const MAX_MAPPINGS = 16
const MAX_VALUES = 65_536
const MAX_TEXT = 64

/** PS3.3 C.7.6.16.2.11: the mappings among these items that say of which values and how; the others are left out. */
export function readRealWorldValues(items: DataSet[]): RealWorldValueMapping[] {
  return items.slice(0, MAX_MAPPINGS).flatMap(item => {
    const first =
      item.number('DoubleFloatRealWorldValueFirstValueMapped') ?? end(item, 'RealWorldValueFirstValueMapped')
    const last = item.number('DoubleFloatRealWorldValueLastValueMapped') ?? end(item, 'RealWorldValueLastValueMapped')
    const values = item.numbers('RealWorldValueLUTData').slice(0, MAX_VALUES)
    const slope = item.number('RealWorldValueSlope')
    const intercept = item.number('RealWorldValueIntercept') ?? 0
    if (first === undefined || last === undefined || (slope === undefined && values.length === 0)) return []
    const code = item.items('MeasurementUnitsCodeSequence')[0]
    return [
      {
        label: item.string('LUTLabel').slice(0, MAX_TEXT),
        unit: unitOf(code?.string('CodeValue').slice(0, MAX_TEXT) ?? ''),
        first,
        last,
        slope: slope ?? 1,
        intercept,
        ...(slope === undefined && { values }),
      },
    ]
  })
}

/** Written as US by some although the pixels are signed. */
function end(item: DataSet, key: string): number | undefined {
  const value = item.number(key)
  return value !== undefined && item.signedPixels && value > 0x7fff ? value - 0x1_0000 : value
}

/** UCUM: 1 is no unit, what stands in braces is a comment that serves as one. */
function unitOf(code: string): string {
  return code === '1' ? '' : code.replace(/^\{(.*)\}$/, '$1')
}
