import { type PointerEvent, useEffect, useRef, useState } from 'react'
import type { BlackArea, DeidentifyOptions } from '../../shared/deidentify/options.ts'
import type { ExportPlan } from '../../shared/export.ts'
import { msg, t } from '../i18n/index.ts'

type Cleaning = NonNullable<DeidentifyOptions['cleanPixels']>
type Series = ExportPlan['series'][number]
type Size = Pick<BlackArea, 'Rows' | 'Columns'>
type Place = Omit<BlackArea, 'SeriesInstanceUID' | 'unseen' | keyof Size>

/** Of one series there are pictures for a person to look at; of a study of hundreds nobody draws in each. */
const MOST_SERIES = 40
/** %; a press of the same button widens it by as much. */
const STRIP = 5

const STRIPS: Array<[name: string, place: (size: number) => Place]> = [
  [msg('Top'), size => ({ left: 0, top: 0, width: 100, height: size })],
  [msg('Bottom'), size => ({ left: 0, top: 100 - size, width: 100, height: size })],
  [msg('Left'), size => ({ left: 0, top: 0, width: size, height: 100 })],
  [msg('Right'), size => ({ left: 100 - size, top: 0, width: size, height: 100 })],
]

const isOf = (area: Size, { Rows, Columns }: Size) => area.Rows === Rows && area.Columns === Columns
const same = (one: Place, other: Place) =>
  one.left === other.left && one.top === other.top && one.width === other.width && one.height === other.height

/** Where text is burned into the pixels: drawn on the first image of a series, made black in all of them. */
export function BlackAreas(props: {
  series: ExportPlan['series']
  cleaning: Cleaning
  onChange: (cleaning: Cleaning) => void
}) {
  const { series, cleaning, onChange } = props
  const looked = series.filter(
    ({ pictured, risks, SeriesInstanceUID }) =>
      pictured &&
      (risks.includes('burned-in') ||
        risks.includes('perhaps-burned-in') ||
        cleaning.areas.some(area => area.SeriesInstanceUID === SeriesInstanceUID)),
  )
  const shown = looked.slice(0, MOST_SERIES)
  const unseen = cleaning.areas.filter(area => area.unseen).length
  const [at, setAt] = useState(0)
  const one = shown[Math.min(at, shown.length - 1)]
  const set = (SeriesInstanceUID: string, places: Place[], size: Size) =>
    onChange({
      ...cleaning,
      areas: [
        // What was found in images of another size stays: it is not to be seen here.
        ...cleaning.areas.filter(area => area.SeriesInstanceUID !== SeriesInstanceUID || !isOf(area, size)),
        ...places.map(place => ({ ...place, ...size, SeriesInstanceUID })),
      ],
    })
  return (
    <div className="export-areas">
      <label>
        <input
          type="checkbox"
          checked={cleaning.outsideRegions}
          onChange={event => onChange({ ...cleaning, outsideRegions: event.target.checked })}
        />
        {t('Of ultrasound, all outside the regions that the image itself names')}
      </label>
      {one === undefined ? (
        <div className="quiet">{t('No series of a kind that often has text in its pixels.')}</div>
      ) : (
        <>
          <label>
            {t('Series')}
            <select value={one.SeriesInstanceUID} onChange={event => setAt(event.target.selectedIndex)}>
              {shown.map(({ SeriesInstanceUID, Modality, SeriesDescription, images }) => (
                <option key={SeriesInstanceUID} value={SeriesInstanceUID}>
                  {[Modality, SeriesDescription, t('{{count}} images', { count: images })].filter(Boolean).join(' · ')}
                </option>
              ))}
            </select>
          </label>
          <Drawn
            key={one.SeriesInstanceUID}
            series={one}
            areas={cleaning.areas.filter(area => area.SeriesInstanceUID === one.SeriesInstanceUID)}
            onChange={(places, size) => set(one.SeriesInstanceUID, places, size)}
          />
          {unseen > 0 && (
            <div className="attention">
              {t(
                '⚠ Proposed areas that were not shown on an image yet: {{number}}. What they are in is not called clean.',
                {
                  number: unseen,
                },
              )}
            </div>
          )}
          {looked.length > shown.length && (
            <div className="attention">
              {t('⚠ Areas can be drawn in the first {{number}} series.', { number: MOST_SERIES })}
            </div>
          )}
        </>
      )}
    </div>
  )
}

function Drawn(props: { series: Series; areas: BlackArea[]; onChange: (places: Place[], size: Size) => void }) {
  const { series, areas } = props
  /** Of the picture, which is as large as the image; undefined until it is here. */
  const [size, setSize] = useState<Size>()
  const places: Place[] = areas
    .filter(area => size !== undefined && isOf(area, size))
    .map(({ left, top, width, height }) => ({ left, top, width, height }))
  const onChange = (changed: Place[]) => {
    if (size !== undefined) props.onChange(changed, size)
  }
  const isNew = areas.some(area => area.unseen && size !== undefined && isOf(area, size))
  // What was proposed stands upon the picture now: what is kept of it is a person's.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for what has come.
  useEffect(() => {
    if (isNew) onChange(places)
  }, [isNew])
  const [drawing, setDrawing] = useState<{ from: [number, number]; place: Place }>()
  const picture = useRef<HTMLDivElement>(null)
  const [pictured, setPictured] = useState(true)
  const pointOf = (event: PointerEvent): [number, number] => {
    const box = picture.current?.getBoundingClientRect() ?? new DOMRect()
    const part = (at: number, size: number) => Math.max(0, Math.min(100, size === 0 ? 0 : (at / size) * 100))
    return [part(event.clientX - box.left, box.width), part(event.clientY - box.top, box.height)]
  }
  const move = (event: PointerEvent) => {
    if (drawing === undefined) return
    const [x, y] = pointOf(event)
    const [left, top] = [Math.min(x, drawing.from[0]), Math.min(y, drawing.from[1])]
    const place = { left, top, width: Math.abs(x - drawing.from[0]), height: Math.abs(y - drawing.from[1]) }
    setDrawing({ ...drawing, place })
  }
  const end = () => {
    // A click draws nothing.
    if (drawing !== undefined && drawing.place.width > 0.5 && drawing.place.height > 0.5)
      onChange([...places, drawing.place])
    setDrawing(undefined)
  }
  /** The strip of that side as it is, one step wider. */
  const widen = (placeOf: (size: number) => Place) => {
    const sizes = Array.from({ length: 100 / STRIP }, (_, index) => (index + 1) * STRIP)
    const now = sizes.find(size => places.some(place => same(place, placeOf(size)))) ?? 0
    const others = places.filter(place => now === 0 || !same(place, placeOf(now)))
    onChange([...others, placeOf(Math.min(100, now + STRIP))])
  }
  const { StudyInstanceUID, SeriesInstanceUID } = series
  const address = `/dicom-web/studies/${encodeURIComponent(StudyInstanceUID)}/series/${encodeURIComponent(SeriesInstanceUID)}/rendered`
  if (!pictured) return <div className="quiet">{t('There is no picture of this series.')}</div>
  return (
    <>
      <div
        ref={picture}
        className="export-picture"
        data-testid="black-areas"
        onPointerDown={event => {
          event.currentTarget.setPointerCapture(event.pointerId)
          const from = pointOf(event)
          setDrawing({ from, place: { left: from[0], top: from[1], width: 0, height: 0 } })
        }}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={() => setDrawing(undefined)}
      >
        <img
          src={address}
          alt={t('First image of the series')}
          draggable={false}
          onLoad={({ currentTarget: { naturalHeight: Rows, naturalWidth: Columns } }) => setSize({ Rows, Columns })}
          onError={() => setPictured(false)}
        />
        {[...places, ...(drawing === undefined ? [] : [drawing.place])].map(({ left, top, width, height }, index) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: places have no name, and none of them is moved.
            key={index}
            style={{ left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%` }}
          />
        ))}
      </div>
      <div className="export-strips">
        {STRIPS.map(([name, placeOf]) => (
          <button
            key={name}
            type="button"
            disabled={size === undefined}
            onClick={() => widen(placeOf)}
            title={t('A strip of 5 %, wider with each press')}
          >
            {t(name)}
          </button>
        ))}
        <button type="button" disabled={places.length === 0} onClick={() => onChange([])}>
          {t('None')}
        </button>
        <span className="quiet">{t('Drawn on this image, black in every image of the series that is as large.')}</span>
      </div>
    </>
  )
}
