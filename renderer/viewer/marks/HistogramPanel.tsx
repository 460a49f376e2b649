import { X } from 'lucide-react'
import { useMemo } from 'react'
import type { Mark } from '../../../shared/viewing/draft.ts'
import { type Histogram, histogramOf } from '../../../shared/viewing/measure/histogram.ts'
import { t } from '../../i18n/index.ts'
import { useShownKey } from '../../keys/index.ts'
import { CopyButton, IconButton } from '../../ui/index.ts'
import { paneAt, useSession } from '../session.ts'
import { linesOf, pixelsOf, valuesUnder } from './figures.ts'
import { useMarks } from './marksStore.ts'
import { marksOn } from './onPane.ts'
import { useShownFrame } from './useShownFrame.ts'

/** SVG units; the panel stretches them. */
const [WIDTH, HEIGHT] = [256, 96]

/** Six significant digits: what binary fractions leave behind them says nothing. */
function valueText(value: number): string {
  return String(Number(value.toPrecision(6)))
}

/** A bin of whole numbers holds those between its edges; any other from its lower edge to below its upper one. */
function binText({ first, width }: Histogram, bin: number, whole: boolean): [from: string, to: string] {
  const [from, to] = [first + bin * width, first + (bin + 1) * width]
  return whole ? [valueText(from + 0.5), valueText(to - 0.5)] : [valueText(from), valueText(to)]
}

/** Figures and bins, tab by tab, for a spreadsheet. */
function asText(lines: string[], histogram: Histogram, unit: string, whole: boolean): string {
  const rows = histogram.counts.map((count, bin) => [...binText(histogram, bin, whole), count].join('\t'))
  const of = unit === '' ? '' : ` (${unit})`
  return [...lines, ['from', `to${of}`, 'count'].join('\t'), ...rows].join('\n')
}

function Bars({ histogram: { counts } }: { histogram: Histogram }) {
  const most = Math.max(...counts)
  const step = WIDTH / counts.length
  const d = counts
    .map((count, bin) => {
      const height = (count / most) * HEIGHT
      return `M${bin * step} ${HEIGHT}v${-height}h${step}v${height}z`
    })
    .join('')
  return (
    <svg className="bars" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
      <path d={d} />
    </svg>
  )
}

function Figures({ mark, imageId }: { mark: Mark; imageId: string }) {
  const pixels = pixelsOf(imageId)?.pixels
  // biome-ignore lint/correctness/useExhaustiveDependencies: the values are reckoned anew when the pixels have come.
  const held = useMemo(() => valuesUnder(mark, imageId), [mark, imageId, pixels])
  const histogram = useMemo(() => held && histogramOf(held.values), [held])
  if (held === undefined || histogram === undefined) {
    return <p className="quiet">{t('The selected mark encloses no values.')}</p>
  }
  const whole = held.values.every(Number.isInteger)
  const lines = linesOf(mark, imageId)
  const last = histogram.counts.length - 1
  return (
    <div className="histogram">
      <Bars histogram={histogram} />
      <div className="axis">
        <span>{binText(histogram, 0, whole)[0]}</span>
        <span className="quiet">{held.unit}</span>
        <span>{binText(histogram, last, whole)[1]}</span>
      </div>
      <p className="quiet">
        {t('{{bins}} bins of {{width}}, the fullest holds {{most}}', {
          bins: histogram.counts.length,
          width: valueText(histogram.width),
          most: Math.max(...histogram.counts),
        })}
      </p>
      {lines.map(line => (
        <p className="selectable" key={line}>
          {line}
        </p>
      ))}
      <div className="copy">
        <CopyButton value={asText(lines, histogram, held.unit, whole)} name={t('figures and bins')} />
        <span className="quiet">{t('Copy figures and bins')}</span>
      </div>
    </div>
  )
}

/** How often which values occur in the selected area, on the image in the active pane. */
export function HistogramPanel() {
  const active = useSession(session => session.active)
  const shown = useShownFrame(paneAt(active))
  const shortcut = useShownKey('mark-histogram')
  const { selected } = useMarks.getState()
  const mark = shown && marksOn(shown).find(one => one.id === selected)
  return (
    <aside className="marks-list of-histogram" aria-label={t('Histogram')}>
      <header>
        <span className="words">{t('Histogram')}</span>
        <span className="spring" />
        <IconButton
          icon={X}
          name="Close the histogram"
          shortcut={shortcut}
          onClick={() => useMarks.setState({ histogram: false })}
        />
      </header>
      {mark === undefined || shown === undefined ? (
        <p className="quiet">{t('Select an area on the image: an ellipse, a circle, a rectangle or an outline.')}</p>
      ) : (
        <Figures mark={mark} imageId={shown.imageId} />
      )}
    </aside>
  )
}
