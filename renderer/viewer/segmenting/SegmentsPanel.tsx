import {
  ChevronsUpDown,
  CircleDashed,
  CopyPlus,
  Eye,
  EyeOff,
  Lock,
  LockOpen,
  PaintRoller,
  Plus,
  Redo2,
  Save,
  Sparkles,
  Trash2,
  Undo2,
  X,
} from 'lucide-react'
import { type PointerEvent, useEffect, useState } from 'react'
import { useStore } from 'zustand'
import { createStore } from 'zustand/vanilla'
import type { ValueUnit } from '../../../shared/viewing/measure/valueUnit.ts'
import { kindKey, SEGMENT_KINDS } from '../../../shared/viewing/segmenting/kinds.ts'
import type { Segment } from '../../../shared/viewing/segmenting/segment.ts'
import { inLanguage, msg, t } from '../../i18n/index.ts'
import { useShownKey } from '../../keys/index.ts'
import { measuringAllowed, useSelfTest } from '../../selftest/index.ts'
import { announce, announceFailure, IconButton } from '../../ui/index.ts'
import { describeFrame } from '../catalog.ts'
import { listedObjects } from '../objects/objectsStore.ts'
import type { PaneState } from '../paneState.ts'
import { activePane, useSession } from '../session.ts'
import { unitOf, useUptake } from '../uptake.ts'
import { editCopy } from './editCopy.ts'
import { type SegmentFigures, useFigures } from './figures.ts'
import { setRadius } from './hand.ts'
import { followKept } from './keeper.ts'
import { saveSegmentations, unsavedWorks } from './save.ts'
import { TOOL_ICONS } from './segmentActions.ts'
import {
  addSegment,
  changeHead,
  changeSegment,
  type SegmentTool,
  sourceStack,
  takeSegmentTool,
  undoSegments,
  useSegmenting,
  workOf,
} from './segmentStore.ts'
import {
  copyToNext,
  deleteSegment,
  discard,
  fillHolesOfActive,
  interpolateActive,
  removeIslands,
} from './wholeSegment.ts'
import { awaySlices, type Work } from './work.ts'

const NOTHING = createStore<PaneState | undefined>(() => undefined)

/** The stack the segments in hand are of; renders anew when the active pane shows another. */
function useSourceStack() {
  const active = useSession(session => session.active)
  useSession(session => session.assigned[active]?.id)
  useStore<typeof NOTHING, PaneState['stack']>(
    (activePane()?.state ?? NOTHING) as typeof NOTHING,
    state => state?.stack,
  )
  return sourceStack(activePane())
}

/** The segments a reader draws, their tools and figures. Mounted with the viewer. */
export function SegmentsPanel() {
  useEffect(followKept, [])
  const listed = useSegmenting(state => state.listed)
  return listed ? <Panel /> : null
}

function Panel() {
  const { works, busy, troubles } = useSegmenting()
  const shortcut = useShownKey('segments')
  const stack = useSourceStack()
  const work = works.find(({ set }) => set === stack?.set.id) ?? workOf(stack)
  const study = stack?.manifest.StudyInstanceUID ?? ''
  const trouble = troubles.get(study)
  return (
    <aside className="segments" aria-label={t('Segments')}>
      <header>
        <span className="words">{t('Segments')}</span>
        <span className="spring" />
        <IconButton icon={Undo2} name="Undo" disabled={!work?.history.canUndo} onClick={() => undoSegments('undo')} />
        <IconButton icon={Redo2} name="Redo" disabled={!work?.history.canRedo} onClick={() => undoSegments('redo')} />
        <IconButton
          icon={X}
          name="Close the panel"
          shortcut={shortcut}
          onClick={() => useSegmenting.setState({ listed: false, tool: undefined })}
        />
      </header>
      <Tools work={work} />
      {busy !== undefined && (
        <div className="segments-note" role="status">
          <progress aria-label={busy.words} /> {busy.words}
          <button type="button" onClick={() => busy.abort.abort()}>
            {t('Cancel')}
          </button>
        </div>
      )}
      {trouble !== undefined && (
        <div className="segments-note attention">{t('not kept yet: {{trouble}}', { trouble })}</div>
      )}
      {work === undefined ? (
        <p className="quiet">
          {t('Take a brush and draw on an image: what you draw becomes a segment. A voxel is of one segment at most.')}
        </p>
      ) : (
        <Rows work={work} />
      )}
      <Copies />
    </aside>
  )
}

const TOOL_NAMES: Record<SegmentTool, string> = {
  brush: msg('Brush'),
  erase: msg('Eraser'),
  threshold: msg('Brush for a range of values'),
  grow: msg('Grow from a click'),
  scissors: msg('Scissors: fill an outline; with Shift cut it out'),
}

function ToolButton({ own }: { own: SegmentTool }) {
  const tool = useSegmenting(state => state.tool)
  const shortcut = useShownKey(`segment-${own}`)
  return (
    <IconButton
      icon={TOOL_ICONS[own]}
      name={TOOL_NAMES[own]}
      shortcut={shortcut}
      pressed={tool === own}
      onClick={() => takeSegmentTool(own)}
    />
  )
}

/** What the mouse has set is set: the keys are the images' again. */
function giveKeysBack({ currentTarget }: PointerEvent<HTMLElement>): void {
  setTimeout(() => currentTarget.blur())
}

function Tools({ work }: { work: Work | undefined }) {
  const { tool, radius, through, range, fill, hidden } = useSegmenting()
  const unit = work === undefined || work.map.grid.isMillimetres ? 'mm' : 'px'
  const cannotReach = work !== undefined && work.map.grid.sliceSpacing === undefined
  return (
    <div className="segments-tools">
      <div className="segments-bar">
        {(Object.keys(TOOL_ICONS) as SegmentTool[]).map(own => (
          <ToolButton key={own} own={own} />
        ))}
        <span className="spring" />
        <IconButton
          icon={hidden ? EyeOff : Eye}
          name="Hide or show segments"
          pressed={hidden}
          onClick={() => useSegmenting.setState({ hidden: !hidden })}
        />
      </div>
      <label>
        <span className="quiet">{t('Radius')}</span>
        <input
          type="range"
          aria-label={t('Radius of the brush')}
          title={t('Alt and the wheel')}
          min={0}
          max={100}
          value={Math.round((Math.log(radius / 0.2) / Math.log(1000)) * 100)}
          onChange={event => setRadius(0.2 * 1000 ** (Number(event.target.value) / 100))}
          onPointerUp={giveKeysBack}
        />
        <span className="amount">
          {radius >= 10 ? radius.toFixed(0) : radius.toFixed(1)} {unit}
        </span>
      </label>
      <label
        title={
          cannotReach
            ? t('The distance of these slices is not known, or not even')
            : t('A ball, not a disc; growing in 3D')
        }
      >
        <input
          type="checkbox"
          checked={through && !cannotReach}
          disabled={cannotReach}
          onChange={event => useSegmenting.setState({ through: event.target.checked })}
          onPointerUp={giveKeysBack}
        />
        {t('through the slices')}
      </label>
      {(tool === 'threshold' || tool === 'grow') && (
        <div className="segments-range">
          <span className="quiet">{t('Values')}</span>
          {range === undefined ? (
            <span className="quiet">{t('as where you click')}</span>
          ) : (
            <>
              <RangeField name="lower" value={range.lower} />
              <span className="quiet">{t('to')}</span>
              <RangeField name="upper" value={range.upper} />
              <IconButton
                icon={X}
                name="Forget the range: the next click gives one"
                onClick={() => useSegmenting.setState({ range: undefined })}
              />
            </>
          )}
        </div>
      )}
      <label>
        <span className="quiet">{t('Fill')}</span>
        <input
          type="range"
          aria-label={t('Opacity of the fill')}
          min={0}
          max={100}
          value={Math.round(fill * 100)}
          onChange={event => useSegmenting.setState({ fill: Number(event.target.value) / 100 })}
          onPointerUp={giveKeysBack}
        />
        <span className="amount">{fill === 0 ? t('outline') : `${Math.round(fill * 100)} %`}</span>
      </label>
    </div>
  )
}

function RangeField({ name, value }: { name: 'lower' | 'upper'; value: number }) {
  const [text, setText] = useState<string>()
  const done = () => {
    const number = Number(text?.replace(',', '.'))
    const { range } = useSegmenting.getState()
    if (text !== undefined && text.trim() !== '' && Number.isFinite(number) && range !== undefined) {
      useSegmenting.setState({ range: { ...range, [name]: number } })
    }
    setText(undefined)
  }
  return (
    <input
      inputMode="decimal"
      aria-label={name === 'lower' ? t('Least value') : t('Greatest value')}
      value={text ?? Number(value.toPrecision(5)).toString()}
      onChange={event => setText(event.target.value)}
      onBlur={done}
      onKeyDown={event => {
        event.stopPropagation()
        if (event.key === 'Enter') done()
      }}
    />
  )
}

function Rows({ work }: { work: Work }) {
  const figures = useFigures(work)
  const [asked, setAsked] = useState(false)
  const unsaved = unsavedWorks(work.StudyInstanceUID).includes(work)
  const { absent, unreadable } = awaySlices(work)
  const saveAll = () => {
    saveSegmentations(work.StudyInstanceUID).then(
      saved => announce(saved.length === 0 ? 'There is nothing to save' : 'Segmentation saved'),
      (thrown: unknown) => announceFailure('The segmentation was not saved.', thrown),
    )
  }
  return (
    <>
      <div className="segments-rows">
        {work.head.segments.map(segment => (
          <Row key={segment.number} work={work} segment={segment} figures={figures.get(segment.number)} />
        ))}
      </div>
      <div className="segments-bar">
        <IconButton icon={Plus} name="Add a segment" onClick={() => addSegment(work)}>
          {t('Add')}
        </IconButton>
        <span className="spring" />
        <button type="button" disabled={!unsaved} onClick={saveAll} title={t('As a DICOM segmentation, in this study')}>
          <Save aria-hidden /> {t('Save')}
        </button>
        <IconButton icon={Trash2} name="Discard…" onClick={() => setAsked(true)} />
      </div>
      {asked && (
        <div className="segments-note" role="alert">
          {unsaved || absent + unreadable > 0
            ? t('What is drawn and not saved will be gone.')
            : t('What is saved stays in the study.')}
          <div className="segments-bar">
            <button type="button" onClick={() => discard(work)}>
              {t('Discard')}
            </button>
            <button type="button" onClick={() => setAsked(false)}>
              {t('Keep')}
            </button>
          </div>
        </div>
      )}
      {absent > 0 && (
        <div className="segments-note attention">
          {t('{{count}} slices are of images that are not here: kept on this station, saved when they come', {
            count: absent,
          })}
        </div>
      )}
      {unreadable > 0 && (
        <div className="segments-note attention" role="alert">
          {t(
            'What was kept of {{count}} slices cannot be read: it is not shown and will not be saved. Draw it anew, or discard the segments.',
            { count: unreadable },
          )}
        </div>
      )}
      {!unsaved && work.head.predecessor !== undefined && <div className="segments-note quiet">{t('saved')}</div>}
      {unsaved && <div className="segments-note quiet">{t('not saved as DICOM yet; kept on this station')}</div>}
    </>
  )
}

function volumeWords({ volume, voxels }: SegmentFigures): string {
  if (voxels === 0) return ''
  if (volume === undefined) return t('no volume')
  return `${volume >= 100 ? volume.toFixed(0) : volume >= 1 ? volume.toFixed(1) : Number(volume.toPrecision(2))} ml`
}

function useAllowed(work: Work): boolean {
  useSelfTest(state => state.verdict)
  return measuringAllowed({ TransferSyntaxUID: work.entries[0]?.instance.TransferSyntaxUID })
}

const hex = ([r, g, b]: Segment['colour']) => `#${[r, g, b].map(level => level.toString(16).padStart(2, '0')).join('')}`
const rgb = (text: string) =>
  [1, 3, 5].map(at => Number.parseInt(text.slice(at, at + 2), 16)) as [number, number, number]

function Row({ work, segment, figures }: { work: Work; segment: Segment; figures: SegmentFigures | undefined }) {
  const { number, label, colour, shown, locked } = segment
  const active = work.head.active === number
  const allowed = useAllowed(work)
  const change = (changed: Partial<Segment>) => changeSegment(work, number, changed)
  const choose = () => active || changeHead(work, { active: number })
  return (
    <section data-segment={number} data-active={active ? '' : undefined}>
      <div className="segments-row">
        <input
          type="color"
          aria-label={t('Colour of {{label}}', { label })}
          value={hex(colour)}
          onChange={event => change({ colour: rgb(event.target.value) })}
        />
        <input
          className="label"
          aria-label={t('Name of the segment')}
          aria-current={active}
          maxLength={64}
          value={label}
          onFocus={choose}
          onChange={event => change({ label: event.target.value || `Segment ${number}` })}
          onKeyDown={event => {
            event.stopPropagation()
            if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur()
          }}
        />
        <span className="amount">{allowed && figures !== undefined ? volumeWords(figures) : ''}</span>
        <IconButton
          icon={shown ? Eye : EyeOff}
          name={t('Show {{label}}', { label })}
          pressed={shown}
          onClick={() => change({ shown: !shown })}
        />
        <IconButton
          icon={locked ? Lock : LockOpen}
          name={t('Lock {{label}}', { label })}
          pressed={locked}
          onClick={() => change({ locked: !locked })}
        />
      </div>
      {active && <Details work={work} segment={segment} figures={figures} allowed={allowed} />}
    </section>
  )
}

function Details(props: { work: Work; segment: Segment; figures: SegmentFigures | undefined; allowed: boolean }) {
  const { work, segment, figures, allowed } = props
  const interpolateKey = useShownKey('segment-interpolate')
  useUptake()
  const frame = describeFrame(work.entries[0]?.imageId ?? '')
  const unit = frame === undefined ? { unit: '', factor: 1 } : unitOf(frame)
  const own = kindKey(segment.kind)
  const kinds = SEGMENT_KINDS.some(kind => kindKey(kind) === own) ? SEGMENT_KINDS : [segment.kind, ...SEGMENT_KINDS]
  return (
    <div className="segments-details">
      <select
        aria-label={t('What it is')}
        value={own}
        onChange={event => {
          const kind = kinds.find(one => kindKey(one) === event.target.value)
          if (kind !== undefined) changeSegment(work, segment.number, { kind })
          event.currentTarget.blur()
        }}
      >
        {kinds.map(kind => (
          <option key={kindKey(kind)} value={kindKey(kind)}>
            {inLanguage(kind.type.CodeMeaning)}
          </option>
        ))}
      </select>
      <div className="segments-bar">
        <IconButton
          icon={ChevronsUpDown}
          name="Interpolate between slices"
          shortcut={interpolateKey}
          onClick={interpolateActive}
        />
        <IconButton icon={CopyPlus} name="Copy to the next image" onClick={copyToNext} />
        <IconButton icon={PaintRoller} name="Fill holes" onClick={fillHolesOfActive} />
        <IconButton
          icon={CircleDashed}
          name="Keep the largest piece"
          onClick={() => removeIslands('all but the largest')}
        />
        <IconButton icon={Sparkles} name="Remove specks under 20 voxels" onClick={() => removeIslands('specks')} />
        <span className="spring" />
        <IconButton
          icon={Trash2}
          name="Delete the segment"
          disabled={segment.locked}
          onClick={() => deleteSegment(work, segment.number)}
        />
      </div>
      {!allowed && <div className="failure">{t('not measured: the self-test failed')}</div>}
      {allowed && figures !== undefined && <Figures figures={figures} unit={unit} />}
    </div>
  )
}

function Figures({ figures, unit: { unit, factor } }: { figures: SegmentFigures; unit: ValueUnit }) {
  const { voxels, slices, values } = figures
  const figure = (value: number) => Number((value * factor).toPrecision(4)).toString()
  return (
    <div className="selectable" data-testid="segment-figures">
      {t('{{voxels}} voxels on {{count}} slices', { voxels: voxels.toLocaleString('en'), count: slices })}
      {values !== undefined && (
        <>
          <br />
          {t('mean {{mean}} ± {{sd}} {{unit}}', { mean: figure(values.mean), sd: figure(values.sd), unit })}
          <br />
          {t('{{min}} to {{max}} {{unit}}', { min: figure(values.min), max: figure(values.max), unit })}
        </>
      )}
    </div>
  )
}

/** What is stored and can be gone on with. */
function Copies() {
  const stacks = useSession(session => session.stacks)
  const stack = useSourceStack()
  const stored = listedObjects({ stacks }).filter(({ kind }) => kind === 'segmentation')
  if (stack === undefined || stored.length === 0) return null
  return (
    <div className="segments-copies">
      <div className="quiet">{t('Go on with a copy of')}</div>
      {stored.map(one => (
        <button key={one.contentId} type="button" onClick={() => void editCopy(one, stack)}>
          <bdi dir="auto">{one.title}</bdi>
        </button>
      ))}
    </div>
  )
}
