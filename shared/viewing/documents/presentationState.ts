import { readLookupTable } from '../../dicom/lookupTable.ts'
import type { DataSet } from '../../dicom/reader.ts'
import type { ImageAttributes, LookupTable } from '../image.ts'
import { MOST_REFERENCES, type ObjectReference, readReference, refersTo } from './reference.ts'

/** PIXEL: image coordinates. DISPLAY: parts of the displayed area as it lies on the screen, (0, 0) top left, (1, 1) bottom right. */
export type GraphicUnits = 'PIXEL' | 'DISPLAY'

export interface Graphic {
  kind: 'POINT' | 'POLYLINE' | 'INTERPOLATED' | 'CIRCLE' | 'ELLIPSE'
  units: GraphicUnits
  /** x, y, x, y, … */
  points: number[]
  filled: boolean
}

export interface GraphicText {
  text: string
  box?: { units: GraphicUnits; from: [number, number]; to: [number, number]; align: 'LEFT' | 'RIGHT' | 'CENTER' }
  anchor?: { units: GraphicUnits; at: [number, number]; visible: boolean }
}

/** One layer's worth on some images; no references = all the state's. */
export interface Annotation {
  layer: string
  references: ObjectReference[]
  graphics: Graphic[]
  texts: GraphicText[]
}

export interface DisplayedArea {
  references: ObjectReference[]
  /** In image coordinates: the corners of the area, of the image as it is before it is turned. */
  from: [number, number]
  to: [number, number]
  mode: 'SCALE TO FIT' | 'TRUE SIZE' | 'MAGNIFY'
  /** mm from row to row and from column to column. */
  spacing?: [number, number]
  /** Pixels of the display for one of the image. */
  magnification?: number
}

export interface PresentedWindow {
  references: ObjectReference[]
  center?: number
  width?: number
  explanation: string
  kind?: string
  table?: LookupTable
}

/** A softcopy presentation state (PS3.3 A.33): how somebody saw some images, and what was drawn on them. */
export interface PresentationState {
  SOPInstanceUID: string
  label: string
  description: string
  creator: string
  date: string
  time: string
  references: ObjectReference[]
  /** By order; those that are named by nothing are not read. */
  layers: Array<{ name: string; order: number; colour?: string }>
  annotations: Annotation[]
  areas: DisplayedArea[]
  windows: PresentedWindow[]
  /** Clockwise, before it is flipped (C.10.6). */
  rotation: 0 | 90 | 180 | 270
  /** Left and right exchanged. */
  flipped: boolean
  /** Presentation LUT Shape: INVERSE or not; undefined where there is none, as in states of colours. */
  inverse: boolean | undefined
  /**
   * What its windows begin from. PS3.4 N.2.1.1: a state without a modality transformation has an identity for one, whatever the
   * image has (so does DCMTK's dcmp2pgm). Undefined where it has a table, which is not applied: the image's own stands for it.
   */
  rescale?: { slope: number; intercept: number }
  shutter: ImageAttributes
  /** What the state asks for and is not done here, in words. */
  unapplied: string[]
}

const MOST_ANNOTATIONS = 2_000
const MOST_OBJECTS = 5_000
const MOST_POINTS = 20_000
const MOST_TEXT = 4_096
const KINDS = new Set<string>(['POINT', 'POLYLINE', 'INTERPOLATED', 'CIRCLE', 'ELLIPSE'])

/** Grayscale, colour, pseudo-colour and XA/XRF: those whose graphics and areas are of one kind. */
const STATES = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.11\.[1235]$/
export function isPresentationState(SOPClassUID: string): boolean {
  return STATES.test(SOPClassUID)
}

/** Never throws on what the bytes contain. */
export function readPresentationState(dataSet: DataSet): PresentationState {
  const rest = { annotations: MOST_ANNOTATIONS, objects: MOST_OBJECTS, points: MOST_POINTS }
  const annotations = dataSet
    .items('GraphicAnnotationSequence')
    .slice(0, rest.annotations)
    .map(item => readAnnotation(item, rest))
  const slope = dataSet.number('RescaleSlope')
  const rotation = dataSet.number('ImageRotation') ?? 0
  return {
    SOPInstanceUID: dataSet.string('SOPInstanceUID'),
    label: dataSet.string('ContentLabel'),
    description: dataSet.string('ContentDescription'),
    creator: dataSet.string('ContentCreatorName'),
    date: dataSet.string('PresentationCreationDate') || dataSet.string('ContentDate'),
    time: dataSet.string('PresentationCreationTime') || dataSet.string('ContentTime'),
    references: seriesReferences(dataSet),
    layers: dataSet
      .items('GraphicLayerSequence')
      .slice(0, MOST_ANNOTATIONS)
      .map(readLayer)
      .sort((a, b) => a.order - b.order),
    annotations,
    areas: dataSet.items('DisplayedAreaSelectionSequence').slice(0, MOST_REFERENCES).flatMap(readArea),
    windows: dataSet.items('SoftcopyVOILUTSequence').slice(0, MOST_REFERENCES).flatMap(readWindow),
    rotation: rotation === 90 || rotation === 180 || rotation === 270 ? rotation : 0,
    flipped: dataSet.string('ImageHorizontalFlip') === 'Y',
    inverse: dataSet.has('PresentationLUTShape') ? dataSet.string('PresentationLUTShape') === 'INVERSE' : undefined,
    ...(slope !== undefined && slope !== 0
      ? { rescale: { slope, intercept: dataSet.number('RescaleIntercept') ?? 0 } }
      : !dataSet.has('ModalityLUTSequence') && { rescale: { slope: 1, intercept: 0 } }),
    shutter: readShutter(dataSet),
    unapplied: unapplied(dataSet),
  }
}

function seriesReferences(dataSet: DataSet): ObjectReference[] {
  const found: ObjectReference[] = []
  for (const series of dataSet.items('ReferencedSeriesSequence')) {
    for (const item of series.items('ReferencedImageSequence')) {
      const reference = readReference(item)
      if (reference && found.length < MOST_REFERENCES) found.push(reference)
    }
  }
  return found
}

function references(item: DataSet): ObjectReference[] {
  return item
    .items('ReferencedImageSequence')
    .slice(0, MOST_REFERENCES)
    .flatMap(one => readReference(one) ?? [])
}

function readLayer(item: DataSet): PresentationState['layers'][number] {
  const colour = labColour(item.numbers('GraphicLayerRecommendedDisplayCIELabValue'))
  return {
    name: item.string('GraphicLayer'),
    order: item.number('GraphicLayerOrder') ?? 0,
    ...(colour && { colour }),
  }
}

function readAnnotation(item: DataSet, rest: { objects: number; points: number }): Annotation {
  const graphics: Graphic[] = []
  for (const one of item.items('GraphicObjectSequence')) {
    const kind = one.string('GraphicType')
    const points = one.numbers('GraphicData')
    // What is cut in the middle would be another figure.
    if (!KINDS.has(kind) || points.length < 2 || points.length / 2 > rest.points || rest.objects-- <= 0) continue
    rest.points -= points.length / 2
    graphics.push({
      kind: kind as Graphic['kind'],
      units: unitsOf(one, 'GraphicAnnotationUnits'),
      points: points.slice(0, points.length & ~1),
      filled: one.string('GraphicFilled') === 'Y',
    })
  }
  const texts = item.items('TextObjectSequence').flatMap(one => (rest.objects-- > 0 ? readText(one) : []))
  return { layer: item.string('GraphicLayer'), references: references(item), graphics, texts }
}

function unitsOf(item: DataSet, key: string): GraphicUnits {
  return item.string(key) === 'DISPLAY' ? 'DISPLAY' : 'PIXEL'
}

function pair(numbers: number[]): [number, number] | undefined {
  const [x, y] = numbers
  return x === undefined || y === undefined ? undefined : [x, y]
}

function readText(item: DataSet): GraphicText[] {
  const text = item.string('UnformattedTextValue').slice(0, MOST_TEXT)
  const from = pair(item.numbers('BoundingBoxTopLeftHandCorner'))
  const to = pair(item.numbers('BoundingBoxBottomRightHandCorner'))
  const at = pair(item.numbers('AnchorPoint'))
  if (text === '' || ((from === undefined || to === undefined) && at === undefined)) return []
  const justified = item.string('BoundingBoxTextHorizontalJustification')
  const align = justified === 'RIGHT' || justified === 'CENTER' ? justified : 'LEFT'
  return [
    {
      text,
      ...(from && to && { box: { units: unitsOf(item, 'BoundingBoxAnnotationUnits'), from, to, align } }),
      ...(at && {
        anchor: {
          units: unitsOf(item, 'AnchorPointAnnotationUnits'),
          at,
          visible: item.string('AnchorPointVisibility') === 'Y',
        },
      }),
    },
  ]
}

/** C.10.4: the corners are pixels, counted from 1, both inside; as image coordinates the first pixel begins at 0. */
function readArea(item: DataSet): DisplayedArea[] {
  const from = pair(item.numbers('DisplayedAreaTopLeftHandCorner'))
  const to = pair(item.numbers('DisplayedAreaBottomRightHandCorner'))
  if (from === undefined || to === undefined) return []
  const mode = item.string('PresentationSizeMode')
  const spacing = pair(item.numbers('PresentationPixelSpacing'))
  const magnification = item.number('PresentationPixelMagnificationRatio')
  return [
    {
      references: references(item),
      from: [Math.min(from[0], to[0]) - 1, Math.min(from[1], to[1]) - 1],
      to: [Math.max(from[0], to[0]), Math.max(from[1], to[1])],
      mode: mode === 'TRUE SIZE' || mode === 'MAGNIFY' ? mode : 'SCALE TO FIT',
      ...(spacing && spacing[0] > 0 && spacing[1] > 0 && { spacing }),
      ...(magnification !== undefined && magnification > 0 && { magnification }),
    },
  ]
}

function readWindow(item: DataSet): PresentedWindow[] {
  const [lut] = item.items('VOILUTSequence')
  const table = lut && readLookupTable(lut, 'LUTDescriptor', 'LUTData')
  const center = item.number('WindowCenter')
  const width = item.number('WindowWidth')
  const hasWindow = center !== undefined && width !== undefined && width > 0
  if (!hasWindow && table === undefined) return []
  const kind = item.string('VOILUTFunction')
  return [
    {
      references: references(item),
      explanation: item.string('WindowCenterWidthExplanation') || (lut?.string('LUTExplanation') ?? ''),
      ...(hasWindow ? { center, width } : { table: table! }),
      ...(kind && { kind }),
    },
  ]
}

function readShutter(dataSet: DataSet): ImageAttributes {
  const ShutterShape = dataSet.strings('ShutterShape').filter(shape => shape !== 'BITMAP')
  if (ShutterShape.length === 0) return {}
  const number = <K extends keyof ImageAttributes>(key: K) => {
    const value = dataSet.number(key)
    return value === undefined ? {} : { [key]: value }
  }
  const CenterOfCircularShutter = dataSet.numbers('CenterOfCircularShutter')
  const VerticesOfThePolygonalShutter = dataSet.numbers('VerticesOfThePolygonalShutter').slice(0, MOST_POINTS)
  return {
    ShutterShape,
    ...number('ShutterLeftVerticalEdge'),
    ...number('ShutterRightVerticalEdge'),
    ...number('ShutterUpperHorizontalEdge'),
    ...number('ShutterLowerHorizontalEdge'),
    ...number('RadiusOfCircularShutter'),
    ...number('ShutterPresentationValue'),
    ...(CenterOfCircularShutter.length === 2 && { CenterOfCircularShutter }),
    ...(VerticesOfThePolygonalShutter.length > 0 && { VerticesOfThePolygonalShutter }),
  }
}

function unapplied(dataSet: DataSet): string[] {
  const units = (item: DataSet) =>
    item.items('GraphicObjectSequence').some(one => one.string('GraphicAnnotationUnits') === 'MATRIX')
  return [
    ...(dataSet.has('PresentationLUTSequence') ? ['a presentation LUT'] : []),
    ...(dataSet.has('ModalityLUTSequence') ? ['a modality LUT of its own'] : []),
    ...(dataSet.has('MaskSubtractionSequence') ? ['a subtraction'] : []),
    ...(dataSet.strings('ShutterShape').includes('BITMAP') ? ['a bitmap shutter'] : []),
    ...(dataSet.items('GraphicAnnotationSequence').some(units) ? ['graphics on a whole slide'] : []),
  ]
}

/** PCS-values of PS3.3 C.10.7.1.1 as CSS's `lab()`; undefined where there is no colour. */
function labColour([l, a, b]: number[]): string | undefined {
  if (l === undefined || a === undefined || b === undefined) return undefined
  const part = (value: number) => ((value / 65_535) * 255 - 128).toFixed(1)
  return `lab(${((l / 65_535) * 100).toFixed(1)} ${part(a)} ${part(b)})`
}

/** What a state says of one frame. */
export interface FramePresentation {
  /** In the order they are drawn. */
  annotations: Array<Annotation & { colour?: string }>
  area?: DisplayedArea
  window?: PresentedWindow
}

/** Undefined where the state does not mean this frame. */
export function presentationOf(
  state: PresentationState,
  SOPInstanceUID: string,
  frame: number,
): FramePresentation | undefined {
  if (!state.references.some(one => refersTo(one, SOPInstanceUID, frame))) return undefined
  const means = ({ references: named }: { references: ObjectReference[] }) =>
    named.length === 0 || named.some(one => refersTo(one, SOPInstanceUID, frame))
  const place = new Map(state.layers.map(({ name }, index) => [name, index]))
  const annotations = state.annotations
    .filter(means)
    .sort((a, b) => (place.get(a.layer) ?? 0) - (place.get(b.layer) ?? 0))
    .map(one => {
      const colour = state.layers[place.get(one.layer) ?? -1]?.colour
      return colour === undefined ? one : { ...one, colour }
    })
  const area = state.areas.find(means)
  const window = state.windows.find(means)
  return { annotations, ...(area && { area }), ...(window && { window }) }
}

/** How a turn of the state is one of ours: it turns and then flips, we mirror and then turn. */
export function viewOfState({ rotation, flipped }: Pick<PresentationState, 'rotation' | 'flipped'>): {
  quarterTurns: 0 | 1 | 2 | 3
  mirrored: boolean
} {
  const turns = rotation / 90
  return { quarterTurns: (flipped ? (4 - turns) % 4 : turns) as 0 | 1 | 2 | 3, mirrored: flipped }
}

/** The state's window in the values of the image as it is shown: both begin from stored values, by a rescale each. */
export function windowInImage(
  { center, width }: { center: number; width: number },
  state: { slope: number; intercept: number } | undefined,
  image: { slope: number; intercept: number },
): { center: number; width: number } {
  if (state === undefined) return { center, width }
  const factor = image.slope / state.slope
  return { center: (center - state.intercept) * factor + image.intercept, width: width * Math.abs(factor) }
}

/**
 * All values that the bits of an image can hold, as it is shown: what a state without a window shows (PS3.4 N.2.1.3: an identity; the
 * image's own window is not used). Undefined of colours, and where they were made by a table or have no bits.
 */
export function allValues(
  {
    ModalityLUT,
    BitsStored,
    PixelRepresentation,
    SamplesPerPixel = 1,
    PhotometricInterpretation = '',
  }: ImageAttributes,
  { slope, intercept }: { slope: number; intercept: number },
): { lower: number; upper: number } | undefined {
  const isGrey = SamplesPerPixel === 1 && PhotometricInterpretation.startsWith('MONOCHROME')
  if (!isGrey || ModalityLUT !== undefined || BitsStored === undefined || BitsStored > 16) return undefined
  const least = PixelRepresentation === 1 ? -(2 ** (BitsStored - 1)) : 0
  const ends = [least, least + 2 ** BitsStored - 1].map(value => value * slope + intercept)
  return { lower: Math.min(...ends), upper: Math.max(...ends) }
}

/** A state's VOI LUT in the values of the image as it is shown; undefined where their steps are not as wide. */
export function tableInImage(
  table: LookupTable,
  state: { slope: number; intercept: number } | undefined,
  image: { slope: number; intercept: number },
): LookupTable | undefined {
  if (state === undefined) return table
  const first = table.first - state.intercept + image.intercept
  return state.slope === image.slope && Number.isInteger(first) ? { ...table, first } : undefined
}
