import { useEffect, useState } from 'react'
import { storedPadding } from '../../shared/viewing/grey.ts'
import { valueText } from '../../shared/viewing/measure/measure.ts'
import type { ValueUnit } from '../../shared/viewing/measure/valueUnit.ts'
import { isReformatUid } from '../../shared/viewing/volume/reformatUid.ts'
import { measuringAllowed } from '../selftest/index.ts'
import { describeFrame } from './catalog.ts'
import { comparedWords } from './compare/CompareLayer.tsx'
import { fusionOf } from './fusion/fusionStore.ts'
import type { Pane } from './pane.ts'
import { useSpace } from './space.ts'
import { unitOf, useUptake } from './uptake.ts'
import { isCoarse } from './volume/coarse.ts'

function words(value: number, { unit, factor }: ValueUnit): string {
  return `${valueText(value * factor)}${unit === '' ? '' : ` ${unit}`}`
}

/** The modality value of the pixel at a point of the pane, and of what lies over it there; '' beside the picture and on colours. */
export function valueWords(pane: Pane, point: [number, number]): string {
  const at = pane.imagePoint(point)
  const { image } = pane
  const frame = describeFrame(image?.imageId ?? '')
  if (at === undefined || image === undefined || frame === undefined || image.color || isCoarse(image.imageId))
    return ''
  if (!measuringAllowed({ kind: 'probe', TransferSyntaxUID: frame.instance.TransferSyntaxUID })) return ''
  const [column, row] = [Math.floor(at[0]), Math.floor(at[1])]
  if (column < 0 || row < 0 || column >= image.columns || row >= image.rows) return ''
  const compared = comparedWords(pane, at)
  if (compared !== undefined) return compared
  const stored = image.getPixelData()[row * image.columns + column]!
  // Beside the volume, or on a slice that is not here, a plane through it has no value of the patient.
  const beside = isReformatUid(frame.instance.SOPInstanceUID) ? storedPadding(frame.attributes) : undefined
  if (beside !== undefined && stored >= beside.low && stored <= beside.high) return ''
  const own = words(stored * image.slope + image.intercept, unitOf(frame))
  const fusion = fusionOf(pane)
  const plane = useSpace.getState().planes.get(pane.id)
  const second = describeFrame(fusion?.second.imageIds[0] ?? '')
  if (fusion?.resampled === undefined || plane === undefined || second === undefined) return own
  const value = fusion.resampled.valueAt(plane, at)
  if (Number.isNaN(value)) return own
  return `${frame.manifest.Modality} ${own} · ${second.manifest.Modality} ${words(value, unitOf(second))}`
}

/** What is under the pointer, for as long as it is over the pane. */
export function PointerValue({ pane }: { pane: Pane }) {
  const [text, setText] = useState('')
  const uptake = useUptake()
  // biome-ignore lint/correctness/useExhaustiveDependencies: of another uptake the pointer's value is another.
  useEffect(() => {
    const { element } = pane
    const abort = new AbortController()
    const { signal } = abort
    let point: [number, number] | undefined
    const tell = () => setText(point === undefined ? '' : valueWords(pane, point))
    element.addEventListener(
      'pointermove',
      event => {
        const box = element.getBoundingClientRect()
        point = [event.clientX - box.left, event.clientY - box.top]
        tell()
      },
      { signal },
    )
    element.addEventListener(
      'pointerleave',
      () => {
        point = undefined
        tell()
      },
      { signal },
    )
    // Another slice comes under the pointer that rests.
    const unsubscribe = pane.state.subscribe(tell)
    return () => {
      abort.abort()
      unsubscribe()
    }
  }, [pane, uptake])
  return text === '' ? null : <div data-testid="pointer-value">{text}</div>
}
