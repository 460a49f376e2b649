import { useEffect, useMemo, useRef, useState } from 'react'
import { readWaveform, type WaveformGroup } from '../../../shared/viewing/documents/waveform.ts'
import { t } from '../../i18n/index.ts'
import type { ObjectAddress } from '../objects/readObject.ts'
import { mmPerDevicePixel } from '../trueSize.ts'
import { type Caliper, caliperWords, drawWaveform, layOut, type Scale } from './drawWaveform.ts'
import { reading, useRead } from './useObject.ts'
import { Waiting } from './Waiting.tsx'
import { wavOf } from './wav.ts'

const read = reading(readWaveform)
const SPEEDS = [5, 10, 12.5, 25, 50, 100]
const GAINS = [2.5, 5, 10, 20, 40]
/** What CSS takes a display for: 96 pixels an inch. */
const CSS_PIXELS_PER_MM = 96 / 25.4

/** CSS pixels of a millimetre of this display, where the reader has measured it. */
function usePixelsPerMm(): { pixels: number; measured: boolean } {
  const [found, setFound] = useState({ pixels: CSS_PIXELS_PER_MM, measured: false })
  useEffect(() => {
    void mmPerDevicePixel().then(mm => {
      if (mm !== undefined) setFound({ pixels: 1 / (mm * devicePixelRatio), measured: true })
    })
  }, [])
  return found
}

/** An ECG or another waveform, to scale: `zoom` 1 is the paper's size where the display's is known. */
export function WaveformView({ address, zoom }: { address: ObjectAddress; zoom: number }) {
  const loaded = useRead(address, read)
  const [speed, setSpeed] = useState(25)
  const [gain, setGain] = useState(10)
  const { pixels, measured } = usePixelsPerMm()
  if (loaded.state !== 'here') return <Waiting loaded={loaded} />
  const { groups, notes } = loaded.value
  const scale = { speed, gain, pixels: pixels * zoom }
  return (
    <div className="wave">
      <div className="wave-bar">
        <Choice name={t('Speed')} unit="mm/s" values={SPEEDS} value={speed} onChange={setSpeed} />
        <Choice name={t('Gain')} unit="mm/mV" values={GAINS} value={gain} onChange={setGain} />
        <span className="quiet">
          {measured && zoom === 1 ? t('true to scale') : t('in proportion')}
          {!measured && t(' (the size of this display is not known: True size on an image asks for it)')}
          {t(' · drag measures')}
        </span>
      </div>
      {groups.length === 0 && <p className="document-note quiet">{t('There are no samples that can be read.')}</p>}
      {groups.map((group, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a group is its place in the object.
        <Group key={index} group={group} scale={scale} />
      ))}
      {notes.length > 0 && (
        <ul className="wave-notes">
          {notes.map((note, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a note is its place in the object.
            <li key={index}>{note}</li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Choice(props: {
  name: string
  unit: string
  values: number[]
  value: number
  onChange: (value: number) => void
}) {
  const { name, unit, values, value, onChange } = props
  return (
    <label>
      {name}{' '}
      <select value={value} onChange={event => onChange(Number(event.target.value))}>
        {values.map(one => (
          <option key={one} value={one}>
            {one} {unit}
          </option>
        ))}
      </select>
    </label>
  )
}

function groupWords({ label, channels, frequency, samples, originality, offset }: WaveformGroup): string {
  const [first] = channels
  const filter =
    first?.filterLow !== undefined && first.filterHigh !== undefined ? `${first.filterLow}–${first.filterHigh} Hz` : ''
  return [
    label,
    t('{{count}} channels', { count: channels.length }),
    `${(samples / frequency).toFixed(1)} s`,
    t('{{frequency}} samples/s', { frequency: String(frequency) }),
    filter,
    originality === 'DERIVED' ? t('derived') : '',
    offset > 0 ? t('from {{seconds}} s on', { seconds: (offset / 1000).toFixed(2) }) : '',
  ]
    .filter(Boolean)
    .join(' · ')
}

/** What can be heard is no measurement: a voice, a heart. */
const AUDIBLE = 4000

function Group({ group, scale }: { group: WaveformGroup; scale: Scale }) {
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const values = useMemo(() => group.channels.map((_, channel) => group.values(channel)), [group])
  const [caliper, setCaliper] = useState<Caliper>()
  const { speed, gain, pixels } = scale
  const laidOut = useMemo(() => layOut(group, values, { speed, gain, pixels }), [group, values, speed, gain, pixels])
  useEffect(() => {
    const [element, screen] = [box.current, canvas.current]
    if (element === null || screen === null) return
    let due = 0
    const draw = () => {
      due = 0
      const { clientWidth: width, scrollLeft } = element
      drawWaveform(screen, laidOut, { width, from: scrollLeft, caliper })
    }
    const soon = () => {
      due ||= requestAnimationFrame(draw)
    }
    const observer = new ResizeObserver(soon)
    observer.observe(element)
    element.addEventListener('scroll', soon)
    draw()
    return () => {
      cancelAnimationFrame(due)
      observer.disconnect()
      element.removeEventListener('scroll', soon)
    }
  }, [laidOut, caliper])
  const placeOf = (event: React.PointerEvent): [number, number] => {
    const { left, top } = event.currentTarget.getBoundingClientRect()
    return [event.clientX - left + (box.current?.scrollLeft ?? 0), event.clientY - top]
  }
  return (
    <section className="wave-group">
      <h2>
        {groupWords(group)}
        {caliper !== undefined && <strong> · {caliperWords(laidOut, caliper)}</strong>}
      </h2>
      {group.frequency >= AUDIBLE && <Sound group={group} values={values} />}
      <div className="wave-scroll" ref={box}>
        <div style={{ width: laidOut.width, height: laidOut.height }}>
          <canvas
            ref={canvas}
            onPointerDown={event => {
              if (event.button !== 0) return
              event.currentTarget.setPointerCapture(event.pointerId)
              const at = placeOf(event)
              setCaliper({ from: at, to: at })
            }}
            onPointerMove={event => {
              if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
              const to = placeOf(event)
              setCaliper(before => before && { from: before.from, to })
            }}
            onDoubleClick={() => setCaliper(undefined)}
          />
        </div>
      </div>
    </section>
  )
}

function Sound({ group, values }: { group: WaveformGroup; values: Float32Array[] }) {
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    const url = URL.createObjectURL(new Blob([wavOf(values, group.frequency)], { type: 'audio/wav' }))
    setAddress(url)
    return () => URL.revokeObjectURL(url)
  }, [group, values])
  // biome-ignore lint/a11y/useMediaCaption: nobody wrote down what is heard.
  return <audio controls src={address} />
}
