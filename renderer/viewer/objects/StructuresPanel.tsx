import { ChartLine, Crosshair, Eye, EyeOff, PaintBucket, X } from 'lucide-react'
import { type KeyboardEvent, useEffect, useReducer, useRef, useState } from 'react'
import type { ValueUnit } from '../../../shared/viewing/measure/valueUnit.ts'
import { cssColour } from '../../../shared/viewing/objects/colours.ts'
import type { Dose } from '../../../shared/viewing/objects/dose.ts'
import type { ParametricMap } from '../../../shared/viewing/objects/parametricMap.ts'
import type { Plan } from '../../../shared/viewing/objects/plan.ts'
import type { DrawnObject } from '../../../shared/viewing/objects/readObject.ts'
import type { RegionFigures } from '../../../shared/viewing/objects/regionValues.ts'
import type { Segment, Segmentation } from '../../../shared/viewing/objects/segmentation.ts'
import type { StructureROI, StructureSet } from '../../../shared/viewing/objects/structureSet.ts'
import { msg, t, whyOf } from '../../i18n/index.ts'
import { useShownKey } from '../../keys/index.ts'
import { measuringAllowed, useSelfTest } from '../../selftest/index.ts'
import { announce, formatBytes, IconButton } from '../../ui/index.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import { activePane, useSession } from '../session.ts'
import { unitOf, useUptake } from '../uptake.ts'
import { reformatOf } from '../volume/reformats.ts'
import { goToLargest, knownVolume, measureInside, reckonVolumes, sharesFrame } from './figures.ts'
import { Histogram } from './Histogram.tsx'
import { IsodoseFields } from './IsodoseFields.tsx'
import {
  dropObject,
  type ListedObject,
  listedObjects,
  loadObject,
  objectsHere,
  partKey,
  type Reading,
  toggleShown,
  useObjects,
} from './objectsStore.ts'
import { showOnImages } from './openOnImages.ts'

const KIND_WORDS: Record<DrawnObject['kind'], string> = {
  segmentation: msg('segmentation'),
  structures: msg('structure set'),
  dose: msg('dose'),
  map: msg('parametric map'),
  plan: msg('plan'),
}

function volumeWords(volume: number | undefined): string {
  if (volume === undefined) return '…'
  if (Number.isNaN(volume)) return t('no volume')
  return `${volume >= 100 ? volume.toFixed(0) : volume >= 1 ? volume.toFixed(1) : Number(volume.toPrecision(2))} ml`
}

/**
 * Up and down walk the rows; Space shows or hides the row's thing; Enter does what a click does. Escape gives the keys back to the
 * images.
 */
function walkRows(event: KeyboardEvent<HTMLElement>): void {
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-row]')]
  const row = (event.target as HTMLElement).closest('[data-row]')
  const at = row instanceof HTMLElement ? rows.indexOf(row) : -1
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement
  if (typing && event.key !== 'Escape') return
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step !== undefined) {
    rows[Math.max(0, Math.min(rows.length - 1, at + step))]?.querySelector('button')?.focus()
  } else if (event.key === ' ' && event.target === row?.querySelector('button')) {
    row.querySelector<HTMLElement>('[data-eye]')?.click()
  } else if (event.key === 'Escape') {
    ;(event.target as HTMLElement).blur()
  } else return
  event.preventDefault()
  event.stopPropagation()
}

/** What is drawn on the images of the study: segments, contours, doses, with their figures. Mounted with the viewer. */
export function StructuresPanel() {
  const objects = useObjects()
  const stacks = useSession(session => session.stacks)
  const keys = { list: useShownKey('structures'), hide: useShownKey('structures-hide') }
  const panel = useRef<HTMLElement>(null)
  const { listed: open, asked, histogram } = objects
  useEffect(() => {
    if (asked > 0) panel.current?.querySelector<HTMLElement>('[data-row] button')?.focus({ preventScroll: true })
  }, [asked])
  const all = listedObjects({ stacks })
  const drawn = histogram === undefined ? undefined : all.find(({ contentId }) => contentId === histogram)
  return (
    <>
      {open && (
        <aside className="structures" aria-label={t('Structures')} ref={panel} onKeyDown={walkRows}>
          <header>
            <span className="words">{t('Structures')}</span>
            <span className="spring" />
            <IconButton
              icon={PaintBucket}
              name="Fill"
              pressed={objects.filled}
              onClick={() => useObjects.setState({ filled: !objects.filled })}
            />
            <IconButton
              icon={objects.hidden ? EyeOff : Eye}
              name="Hide or show structures"
              shortcut={keys.hide}
              pressed={objects.hidden}
              onClick={() => useObjects.setState({ hidden: !objects.hidden })}
            />
            <IconButton
              icon={X}
              name="Close the panel"
              shortcut={keys.list}
              onClick={() => useObjects.setState({ listed: false })}
            />
          </header>
          {all.length === 0 && (
            <p className="quiet">
              {t(
                'Nothing is drawn on these images. Segmentations, structure sets, doses and plans that come to this study are listed here.',
              )}
            </p>
          )}
          {all.map(one => (
            <ObjectRows key={one.contentId} listed={one} reading={objects.readings.get(one.contentId)} />
          ))}
        </aside>
      )}
      {drawn !== undefined && <Histogram dose={drawn} here={objectsHere(objects, all)} />}
    </>
  )
}

function ObjectRows({ listed, reading }: { listed: ListedObject; reading: Reading | undefined }) {
  const off = useObjects(({ off }) => off.has(String(listed.contentId)))
  const { contentId, title, kind } = listed
  const here = reading?.state === 'here' ? reading.object : undefined
  const show = () => {
    if (kind === 'plan') void loadObject(listed)
    else void showOnImages([listed]).then(shown => shown || announce('The images this refers to are not here.'))
  }
  return (
    <section data-structures={contentId}>
      <div className="structures-row object" data-row>
        <button
          type="button"
          onClick={show}
          title={here ? t('Show on its images') : t('Read it, and show it on its images')}
        >
          <span className="words">
            <bdi dir="auto">{title}</bdi>
          </span>
          <span className="quiet">
            {[t(KIND_WORDS[kind]), here?.label ?? '', here && 'note' in here ? here.note : '']
              .filter(Boolean)
              .join(' · ')}
          </span>
        </button>
        {here?.kind === 'dose' && (
          <IconButton
            icon={ChartLine}
            name="Dose–volume histogram"
            onClick={() => useObjects.setState({ histogram: contentId })}
          />
        )}
        {here !== undefined && kind !== 'plan' && (
          <EyeButton
            isOff={off}
            name={t('Drawn: {{title}}', { title })}
            onToggle={() => toggleShown(String(contentId))}
          />
        )}
        {here !== undefined && <IconButton icon={X} name="Close it" onClick={() => dropObject(contentId)} />}
      </div>
      {reading?.state === 'reading' && (
        <div className="structures-note" role="status">
          <progress aria-label={t('Reading')} /> {reading.bytes > 0 && formatBytes(reading.bytes)}
          <button type="button" onClick={() => dropObject(contentId)}>
            {t('Cancel')}
          </button>
        </div>
      )}
      {reading?.state === 'failed' && (
        <div className="structures-note failure" role="status">
          {reading.words}
        </div>
      )}
      {here !== undefined && !off && <Inside listed={listed} object={here} />}
    </section>
  )
}

function EyeButton({ isOff, name, onToggle }: { isOff: boolean; name: string; onToggle: () => void }) {
  return (
    <button
      type="button"
      className="bare icon"
      data-eye
      aria-pressed={!isOff}
      aria-label={name}
      title={isOff ? t('Show (Space)') : t('Hide (Space)')}
      onClick={onToggle}
    >
      {isOff ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
    </button>
  )
}

function Inside({ listed, object }: { listed: ListedObject; object: DrawnObject }) {
  switch (object.kind) {
    case 'segmentation':
    case 'structures':
      return <Parts listed={listed} object={object} />
    case 'dose':
    case 'map':
      return <Field listed={listed} object={object} />
    case 'plan':
      return <PlanFacts plan={object} />
  }
}

function Field({ listed, object }: { listed: ListedObject; object: Dose | ParametricMap }) {
  if (object.kind === 'map') {
    return (
      <div className="structures-note quiet">
        {t('Values are told under the pointer, lines are parts of the greatest.')}
      </div>
    )
  }
  return <IsodoseFields listed={listed} dose={object} />
}

function PlanFacts({ plan }: { plan: Plan }) {
  return (
    <dl className="structures-facts selectable">
      {plan.facts.map(({ name, value }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: beams may share a name; a fact is its place.
        <div key={index}>
          <dt className="quiet">{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Parts({ listed, object }: { listed: ListedObject; object: Segmentation | StructureSet }) {
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  const off = useObjects(state => state.off)
  const selected = useObjects(state => state.selected)
  useSelfTest(state => state.verdict)
  const allowed = measuringAllowed()
  useEffect(() => {
    const abort = new AbortController()
    reckonVolumes(object.segments, redraw, abort.signal).catch(() => {})
    return () => abort.abort()
  }, [object])
  return (
    <>
      {object.segments.map((part: Segment | StructureROI) => {
        const key = partKey(listed.contentId, part.number)
        const empty = part.region.slabs.length === 0
        return (
          <div key={key} data-part={part.label} data-selected={selected === key ? '' : undefined}>
            <div className="structures-row" data-row>
              <button
                type="button"
                title={[part.label, part.about, t('shows where it is largest')].filter(Boolean).join(' · ')}
                onClick={() => choose(key, listed, object, part)}
              >
                <span className="swatch" style={{ background: cssColour(part.colour) }} />
                <span className="words">
                  <bdi dir="auto">{part.label}</bdi>
                </span>
                <span className="quiet amount">
                  {empty ? kindWords(part) : allowed ? volumeWords(knownVolume(part.region)) : t('not measured')}
                </span>
              </button>
              <EyeButton
                isOff={off.has(key)}
                name={t('Drawn: {{title}}', { title: part.label })}
                onToggle={() => toggleShown(key)}
              />
            </div>
            {selected === key && <PartFigures listed={listed} object={object} part={part} />}
          </div>
        )
      })}
    </>
  )
}

function kindWords(part: Segment | StructureROI): string {
  if ('contours' in part) {
    const points = part.contours.filter(({ kind }) => kind === 'point').length
    const lines = part.contours.length - points
    if (points + lines > 0) return points > 0 ? t('{{count}} points', { count: points }) : t('open lines')
    return t('empty')
  }
  return part.onImages.length > 0 ? t('on its image') : t('empty')
}

/** Its figures, and the images go to where it is largest. */
function choose(key: string, listed: ListedObject, object: DrawnObject, part: Segment | StructureROI): void {
  useObjects.setState({ selected: key })
  const pane = activePane()
  if (pane?.stack === undefined) return
  if (sharesFrame(pane.stack, listed, object)) goToLargest(part.region, pane)
}

interface Measured {
  of: object
  stack: SeriesStack
  progress?: [number, number]
  statistics?: RegionFigures | undefined
  words?: string
}

/** The values inside on the images of the active pane. */
function PartFigures(props: { listed: ListedObject; object: DrawnObject; part: Segment | StructureROI }) {
  const { listed, object, part } = props
  const [measured, setMeasured] = useState<Measured>()
  const active = useSession(session => session.active)
  const assigned = useSession(session => session.assigned[session.active]?.id)
  // Of a plane through a volume, the images it is made of: the plane's own pixels are made for the screen alone.
  const shown = activePane()?.stack
  const stack = reformatOf(shown)?.source ?? shown
  useUptake()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the active pane shows another stack when it is assigned one.
  useEffect(() => {
    if (stack === undefined || part.region.slabs.length === 0 || !sharesFrame(stack, listed, object)) return
    const abort = new AbortController()
    const tell = (done: number, all: number) => {
      if (done % 8 === 0) setMeasured({ of: part, stack, progress: [done, all] })
    }
    measureInside(part.region, stack, tell, abort.signal).then(
      statistics => setMeasured({ of: part, stack, statistics }),
      (thrown: unknown) => {
        if (abort.signal.aborted) return
        setMeasured({ of: part, stack, words: whyOf(thrown) })
      },
    )
    return () => abort.abort()
  }, [part, stack, active, assigned])
  const its = measured?.of === part && measured.stack === stack ? measured : undefined
  const frame = describeFrame(stack?.imageIds[0] ?? '')
  useSelfTest(state => state.verdict)
  const allowed = measuringAllowed({ TransferSyntaxUID: frame?.instance.TransferSyntaxUID })
  const unit = frame === undefined ? { unit: '', factor: 1 } : unitOf(frame)
  return (
    <div className="structures-note selectable" data-testid="part-figures">
      {part.about !== '' && <div className="quiet">{part.about}</div>}
      {its?.progress !== undefined && (
        <progress max={its.progress[1]} value={its.progress[0]} aria-label={t('Measuring')} />
      )}
      {its?.words !== undefined && <div className="failure">{its.words}</div>}
      {!allowed && <div className="failure">{t('not measured: the self-test failed')}</div>}
      {allowed && its?.statistics !== undefined && <StatisticsWords found={its.statistics} unit={unit} />}
      <button
        type="button"
        onClick={() => {
          const pane = activePane()
          if (pane === undefined || !goToLargest(part.region, pane))
            announce('The images on the screen do not show it.')
        }}
      >
        <Crosshair aria-hidden /> {t('Largest slice')}
      </button>
    </div>
  )
}

function StatisticsWords({ found, unit: { unit, factor } }: { found: RegionFigures; unit: ValueUnit }) {
  const figure = (value: number) => Number((value * factor).toPrecision(4)).toString()
  return (
    <div>
      {t('mean {{mean}} ± {{sd}} {{unit}}', { mean: figure(found.mean), sd: figure(found.sd), unit })}
      <br />
      {t('{{min}} to {{max}} {{unit}}', { min: figure(found.min), max: figure(found.max), unit })} · n{' '}
      {found.n.toLocaleString('en')}
    </div>
  )
}
