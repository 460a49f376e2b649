import type { DataSet } from '../../dicom/reader.ts'
import { type Concept, readConcept } from './reference.ts'
import { unitWords } from './report.ts'

export interface WaveformChannel {
  name: string
  /** 'µV', 'mV', 'mmHg', …; '' where the file says none. */
  unit: string
  /** Value in `unit` = stored × factor + baseline (PS3.3 C.10.9.1.4.4). */
  factor: number
  baseline: number
  /** The channel's own, where it says them: Hz. */
  filterLow?: number
  filterHigh?: number
}

/** Channels that were sampled together (PS3.3 C.10.9). */
export interface WaveformGroup {
  label: string
  /** ORIGINAL or DERIVED. */
  originality: string
  /** ms from the start of the acquisition. */
  offset: number
  /** Hz. */
  frequency: number
  /** Of each channel: no more than there are bytes for. */
  samples: number
  channels: WaveformChannel[]
  /** The samples of one channel in its unit; NaN where the file says there is none. */
  values(channel: number): Float32Array
}

export interface Waveform {
  groups: WaveformGroup[]
  /** What the device or a reader says of it: texts, and measurements with their unit. */
  notes: string[]
}

const MOST_GROUPS = 64
const MOST_CHANNELS = 256
const MOST_NOTES = 500
/** With whichever of the two micros, and in any case. */
const MICRO = /^[u\u00b5\u03bc]V$/i

/** A waveform of any kind. Never throws on what the bytes contain. */
export function readWaveform(dataSet: DataSet): Waveform {
  const groups = dataSet
    .items('WaveformSequence')
    .slice(0, MOST_GROUPS)
    .flatMap(item => readGroup(item) ?? [])
  const notes = dataSet.items('WaveformAnnotationSequence').slice(0, MOST_NOTES).map(noteWords).filter(Boolean)
  return { groups, notes }
}

/** The stored sample at a byte, in the group's own coding. */
type ReadSample = (view: DataView, at: number) => number

function sampleReader(bits: number, kind: string, littleEndian: boolean): ReadSample | undefined {
  if (bits === 8) {
    if (kind === 'SB') return (view, at) => view.getInt8(at)
    if (kind === 'MB') return (view, at) => muLaw(view.getUint8(at))
    if (kind === 'AB') return (view, at) => aLaw(view.getUint8(at))
    return (view, at) => view.getUint8(at)
  }
  if (bits === 16) {
    return kind === 'US'
      ? (view, at) => view.getUint16(at, littleEndian)
      : (view, at) => view.getInt16(at, littleEndian)
  }
  if (bits === 32) {
    return kind === 'UL'
      ? (view, at) => view.getUint32(at, littleEndian)
      : (view, at) => view.getInt32(at, littleEndian)
  }
  return undefined
}

/** ITU-T G.711, to 14 bits. */
function muLaw(byte: number): number {
  const code = ~byte & 0xff
  const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
  return (code & 0x80 ? -magnitude : magnitude) / 4
}

/** ITU-T G.711, to 13 bits. */
function aLaw(byte: number): number {
  const code = byte ^ 0x55
  const exponent = (code >> 4) & 7
  const mantissa = ((code & 0x0f) << 4) + 8
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1)
  return (code & 0x80 ? magnitude : -magnitude) / 8
}

function readGroup(item: DataSet): WaveformGroup | undefined {
  const data = item.bytes('WaveformData')
  const frequency = item.number('SamplingFrequency') ?? 0
  const bits = item.number('WaveformBitsAllocated') ?? 16
  const read = sampleReader(bits, item.string('WaveformSampleInterpretation'), item.encoding.littleEndian)
  const definitions = item.items('ChannelDefinitionSequence').slice(0, MOST_CHANNELS)
  const count = item.number('NumberOfWaveformChannels') ?? definitions.length
  if (!data || !read || !(frequency > 0) || !(count > 0 && count <= MOST_CHANNELS)) return undefined
  const step = (bits / 8) * count
  const samples = Math.min(item.number('NumberOfWaveformSamples') ?? 0, Math.floor(data.length / step))
  if (!(samples > 0)) return undefined
  const channels = Array.from({ length: count }, (_, index) => readChannel(definitions[index], index))
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const padding = paddingValue(item, bits, read)
  return {
    label: item.string('MultiplexGroupLabel'),
    originality: item.string('WaveformOriginality'),
    offset: item.number('MultiplexGroupTimeOffset') ?? 0,
    frequency,
    samples,
    channels,
    values: channel => {
      const values = new Float32Array(samples)
      const { factor, baseline } = channels[channel] ?? { factor: 1, baseline: 0 }
      let at = (channel * bits) / 8
      for (let i = 0; i < samples; i++, at += step) {
        const stored = read(view, at)
        values[i] = stored === padding ? Number.NaN : stored * factor + baseline
      }
      return values
    },
  }
}

/** In the same coding as a sample. */
function paddingValue(item: DataSet, bits: number, read: ReadSample): number | undefined {
  const bytes = item.bytes('WaveformPaddingValue')
  if (!bytes || bytes.length < bits / 8) return undefined
  return read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0)
}

function readChannel(item: DataSet | undefined, index: number): WaveformChannel {
  const source = item && readConcept(item, 'ChannelSourceSequence')?.meaning
  const concept = item && readConcept(item, 'ChannelSensitivityUnitsSequence')
  const sensitivity = item?.number('ChannelSensitivity')
  const filterLow = item?.number('FilterLowFrequency')
  const filterHigh = item?.number('FilterHighFrequency')
  return {
    name: shortLead(item?.string('ChannelLabel') || source || '') || `Channel ${index + 1}`,
    unit: sensitivity === undefined || concept === undefined ? '' : unitName(concept),
    factor: (sensitivity ?? 1) * (item?.number('ChannelSensitivityCorrectionFactor') ?? 1),
    baseline: item?.number('ChannelBaseline') ?? 0,
    ...(filterLow !== undefined && { filterLow }),
    ...(filterHigh !== undefined && { filterHigh }),
  }
}

/** 'Lead I (Einthoven)' is I to everybody who reads one. */
function shortLead(name: string): string {
  return /^lead (aV[RLF]|V\d{1,2}R?|I{1,3})\b/i.exec(name)?.[1] ?? name
}

function unitName(concept: Concept): string {
  return MICRO.test(concept.value) ? 'µV' : unitWords(concept)
}

/** Millivolts of one unit; undefined where it is no voltage. */
export function millivolts(unit: string): number | undefined {
  return { µV: 0.001, mV: 1, V: 1000 }[unit]
}

function noteWords(item: DataSet): string {
  const text = item.string('UnformattedTextValue')
  if (text !== '') return text
  const name = readConcept(item, 'ConceptNameCodeSequence')?.meaning ?? ''
  const value = item.strings('NumericValue').join(', ')
  const unit = readConcept(item, 'MeasurementUnitsCodeSequence')
  const coded = readConcept(item, 'ConceptCodeSequence')?.meaning ?? ''
  const said = [value || coded, value !== '' && unit ? unitWords(unit) : ''].filter(Boolean).join(' ')
  return name !== '' && said !== '' ? `${name}: ${said}` : ''
}

/** The lowest and highest sample of each column of pixels, `from` and `perColumn` in samples; NaN where there is none. */
export function envelope(
  values: Float32Array,
  from: number,
  perColumn: number,
  columns: number,
): { low: Float32Array; high: Float32Array } {
  const low = new Float32Array(columns).fill(Number.NaN)
  const high = new Float32Array(columns).fill(Number.NaN)
  for (let column = 0; column < columns; column++) {
    const first = Math.max(0, Math.floor(from + column * perColumn))
    const last = Math.min(values.length, Math.max(first + 1, Math.floor(from + (column + 1) * perColumn)))
    for (let i = first; i < last; i++) {
      const value = values[i]!
      if (Number.isNaN(value)) continue
      if (!(low[column]! <= value)) low[column] = value
      if (!(high[column]! >= value)) high[column] = value
    }
  }
  return { low, high }
}
