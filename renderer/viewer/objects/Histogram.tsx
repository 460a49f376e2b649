import { useEffect, useState } from 'react'
import { cssColour } from '../../../shared/viewing/objects/colours.ts'
import {
  type DoseSample,
  doseRange,
  doseTo,
  meanDose,
  partAt,
  sampleDose,
} from '../../../shared/viewing/objects/dvh.ts'
import type { DrawnObject } from '../../../shared/viewing/objects/readObject.ts'
import type { Segment } from '../../../shared/viewing/objects/segmentation.ts'
import type { StructureROI } from '../../../shared/viewing/objects/structureSet.ts'
import { t } from '../../i18n/index.ts'
import { measuringAllowed, useSelfTest } from '../../selftest/index.ts'
import { Dialog } from '../../ui/index.ts'
import { patientFrame } from '../space.ts'
import { type ListedObject, partKey, useObjects } from './objectsStore.ts'

const WIDTH = 860
const HEIGHT = 340
const LEFT = 44
const BOTTOM = 32
const POINTS = 200

interface Curve {
  key: string
  label: string
  colour: string
  sample: DoseSample
}

/** The doses in the parts that are switched on, of every object in the grid's frame of reference; one after the other. */
async function curvesOf(
  dose: ListedObject,
  here: ReadonlyArray<{ listed: ListedObject; object: DrawnObject }>,
  tell: (curves: Curve[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const own = here.find(({ listed }) => listed.contentId === dose.contentId)
  if (own?.object.kind !== 'dose') return
  const { field, FrameOfReferenceUID } = own.object
  const frame = patientFrame(dose.StudyInstanceUID, FrameOfReferenceUID)
  const { off } = useObjects.getState()
  const curves: Curve[] = []
  for (const { listed, object } of here) {
    if (object.kind !== 'segmentation' && object.kind !== 'structures') continue
    if (patientFrame(listed.StudyInstanceUID, object.FrameOfReferenceUID) !== frame) continue
    if (off.has(String(listed.contentId))) continue
    for (const part of object.segments as Array<Segment | StructureROI>) {
      const key = partKey(listed.contentId, part.number)
      if (off.has(key)) continue
      // A body takes a second: the dialog stays alive between two of them.
      await new Promise(resolve => setTimeout(resolve))
      if (signal.aborted) return
      const sample = sampleDose(part.region, field)
      if (sample === undefined || sample.volume === 0) continue
      curves.push({ key, label: part.label, colour: cssColour(part.colour), sample })
      tell([...curves])
    }
  }
  tell([...curves])
}

/** The dose–volume histogram of what is switched on, with the figures a plan is judged by. */
export function Histogram(props: {
  dose: ListedObject
  here: ReadonlyArray<{ listed: ListedObject; object: DrawnObject }>
}) {
  const { dose, here } = props
  const [curves, setCurves] = useState<Curve[]>()
  const [at, setAt] = useState('20')
  const [chosen, setChosen] = useState<string>()
  useEffect(() => {
    const abort = new AbortController()
    void curvesOf(dose, here, setCurves, abort.signal)
    return () => abort.abort()
  }, [dose, here])
  useSelfTest(state => state.verdict)
  const allowed = measuringAllowed()
  const own = here.find(({ listed }) => listed.contentId === dose.contentId)?.object
  const unit = own?.kind === 'dose' ? own.field.unit : ''
  const most = Math.max(1e-6, ...(curves ?? []).map(({ sample }) => doseRange(sample).max)) * 1.05
  const level = Number(at)
  return (
    <Dialog
      title={t('Dose–volume histogram · {{title}}', { title: dose.title })}
      className="histogram"
      onClose={() => useObjects.setState({ histogram: undefined })}
    >
      {!allowed ? (
        <p className="failure">{t('Not measured: the self-test failed on this machine.')}</p>
      ) : curves !== undefined && curves.length === 0 ? (
        <p className="quiet">
          {t(
            'No structure with a volume is switched on in this dose’s frame of reference. Read a structure set or a segmentation in the panel, then open this again.',
          )}
        </p>
      ) : (
        <>
          <Plot curves={curves ?? []} most={most} unit={unit} chosen={chosen} />
          <label>
            {t('Volume at')}{' '}
            <input type="number" min={0} step="any" value={at} onChange={event => setAt(event.target.value)} /> {unit}
          </label>
          <div className="histogram-table selectable">
            <table>
              <thead>
                <tr>
                  {['Structure', 'ml', 'Dmin', 'Dmean', 'Dmax', 'D98', 'D95', 'D50', 'D2'].map(name => (
                    <th key={name}>{name}</th>
                  ))}
                  <th>
                    V{at} {unit}
                  </th>
                </tr>
              </thead>
              <tbody>
                {(curves ?? []).map(curve => (
                  <Row key={curve.key} curve={curve} level={level} onChoose={setChosen} />
                ))}
              </tbody>
            </table>
          </div>
          <p className="quiet">
            {t(
              '{{unit}}. Dx: the dose that x % of the volume gets; V: the part that gets at least as much. Sampled at the middles of the structures’ pixels; what lies outside the dose grid is said and not counted.',
              { unit },
            )}
          </p>
        </>
      )}
    </Dialog>
  )
}

function Row({ curve, level, onChoose }: { curve: Curve; level: number; onChoose: (key: string | undefined) => void }) {
  const { sample, label, colour, key } = curve
  const { min, max } = doseRange(sample)
  const doses = [min, meanDose(sample), max, ...[0.98, 0.95, 0.5, 0.02].map(part => doseTo(sample, part))]
  const outside = sample.outside / (sample.volume + sample.outside)
  return (
    <tr data-curve={label} onPointerEnter={() => onChoose(key)} onPointerLeave={() => onChoose(undefined)}>
      <th scope="row">
        <span className="swatch" style={{ background: colour }} /> <bdi dir="auto">{label}</bdi>
        {outside > 0.001 && (
          <span className="attention">
            {' '}
            {t('{{percent}} % outside', { percent: Math.max(1, Math.round(outside * 100)) })}
          </span>
        )}
      </th>
      <td>{(sample.volume + sample.outside).toFixed(1)}</td>
      {doses.map((dose, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a figure is its column.
        <td key={index}>{dose.toFixed(2)}</td>
      ))}
      <td>{Number.isFinite(level) ? `${(100 * partAt(sample, level)).toFixed(1)} %` : ''}</td>
    </tr>
  )
}

/** A step of 1, 2 or 5 that leaves at most ten ticks. */
function tickStep(most: number): number {
  const rough = most / 10
  const ten = 10 ** Math.floor(Math.log10(rough))
  return ten * ([1, 2, 5, 10].find(factor => factor * ten >= rough) ?? 10)
}

function Plot(props: { curves: Curve[]; most: number; unit: string; chosen: string | undefined }) {
  const { curves, most, unit, chosen } = props
  const x = (dose: number) => LEFT + ((WIDTH - LEFT - 8) * dose) / most
  const y = (part: number) => 8 + (HEIGHT - BOTTOM - 8) * (1 - part)
  const step = tickStep(most)
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step)
  return (
    <svg className="histogram-plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t('Volume by dose')}>
      {[0, 0.25, 0.5, 0.75, 1].map(part => (
        <g key={part}>
          <line x1={LEFT} x2={WIDTH - 8} y1={y(part)} y2={y(part)} />
          <text x={LEFT - 6} y={y(part) + 4} textAnchor="end">
            {100 * part} %
          </text>
        </g>
      ))}
      {ticks.map(dose => (
        <g key={dose}>
          <line x1={x(dose)} x2={x(dose)} y1={y(1)} y2={y(0)} />
          <text x={x(dose)} y={HEIGHT - BOTTOM + 14} textAnchor="middle">
            {Number(dose.toPrecision(3))}
          </text>
        </g>
      ))}
      <text x={WIDTH - 8} y={HEIGHT - 4} textAnchor="end">
        {t('dose {{unit}}', { unit })}
      </text>
      {curves.map(({ key, colour, sample }) => (
        <path
          key={key}
          stroke={colour}
          data-chosen={chosen === key ? '' : undefined}
          d={Array.from({ length: POINTS + 1 }, (_, index) => {
            const dose = (most * index) / POINTS
            return `${index === 0 ? 'M' : 'L'}${x(dose).toFixed(1)} ${y(partAt(sample, dose)).toFixed(1)}`
          }).join('')}
        />
      ))}
    </svg>
  )
}
