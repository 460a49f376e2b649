import { create } from 'zustand'
import type { SeriesManifest } from '../../shared/viewing/image.ts'
import { type ValueUnit, valueUnitOf } from '../../shared/viewing/measure/valueUnit.ts'
import { type SeriesStart, standardUptake, UPTAKES, type UptakeKind } from '../../shared/viewing/suv.ts'
import type { CatalogFrame } from './catalog.ts'
import type { VoiRange } from './windows.ts'

/** The uptake PET is measured and windowed in; for all panes, so that figures beside one another compare. */
export const useUptake = create<{ uptake: UptakeKind }>(() => ({ uptake: 'BW' }))

const starts = new WeakMap<SeriesManifest, SeriesStart>()

export function startOf(manifest: SeriesManifest): SeriesStart {
  let start = starts.get(manifest)
  if (start === undefined) {
    const { SeriesDate, SeriesTime, common, instances } = manifest
    const [first] = instances
      .flatMap(({ attributes }) => {
        const { AcquisitionDate = SeriesDate, AcquisitionTime } = { ...common, ...attributes }
        return AcquisitionTime === undefined ? [] : [{ AcquisitionDate, AcquisitionTime }]
      })
      .sort((a, b) => (a.AcquisitionDate + a.AcquisitionTime < b.AcquisitionDate + b.AcquisitionTime ? -1 : 1))
    start = { SeriesDate, SeriesTime, AcquisitionTime: first?.AcquisitionTime, AcquisitionDate: first?.AcquisitionDate }
    starts.set(manifest, start)
  }
  return start
}

/** What the frame's modality values are shown in: of PET the wanted uptake, as far as it can be had. */
export function unitOf({ manifest, instance, attributes }: CatalogFrame): ValueUnit {
  const { Modality } = manifest
  const { SOPClassUID } = instance
  return valueUnitOf({ Modality, SOPClassUID, attributes }, startOf(manifest), useUptake.getState().uptake)
}

/** The unit as an uptake; undefined where the values are none. */
export function uptakeUnit(frame: CatalogFrame): ValueUnit | undefined {
  const unit = frame.manifest.Modality === 'PT' ? unitOf(frame) : undefined
  return unit?.unit.startsWith('SUV') ? unit : undefined
}

/** Why the wanted uptake cannot be had of a PET frame, in words; '' where it can, or the frame is none. */
export function uptakeRefusal({ manifest, attributes }: CatalogFrame): string {
  if (manifest.Modality !== 'PT') return ''
  const { uptake } = useUptake.getState()
  const found = standardUptake(uptake, attributes, startOf(manifest))
  return 'refusal' in found ? `no ${UPTAKES.find(({ kind }) => kind === uptake)!.unit}: ${found.refusal}` : ''
}

/** In common clinical use for FDG. */
const UPPER_ENDS = [5, 7, 10, 15, 20, 2.5]

/** What the digits mean for PET: from nothing to so much uptake. Undefined where its values are no uptake. */
export function uptakePresets(frame: CatalogFrame): Array<{ name: string; range: VoiRange }> | undefined {
  const unit = uptakeUnit(frame)
  return (
    unit && UPPER_ENDS.map(end => ({ name: `${unit.unit} 0–${end}`, range: { lower: 0, upper: end / unit.factor } }))
  )
}

/** A window in the unit of its values: '0.00–7.00 SUVbw'. */
export function rangeWords({ lower, upper }: VoiRange, { unit, factor }: ValueUnit): string {
  const [low, high] = [lower * factor, upper * factor]
  const digits = Math.max(Math.abs(low), Math.abs(high)) >= 100 ? 0 : 2
  return `${low.toFixed(digits)}–${high.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}`
}
