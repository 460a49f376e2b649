import type { NewDataSet } from '../../dicom/writer.ts'
import type { PresentationState as ReadState } from '../documents/presentationState.ts'
import type { Mark, SetView } from '../draft.ts'
import type { Scale } from '../measure/scale.ts'
import type { Shutter } from '../shutter.ts'
import { srgbProfile } from './colourSpace.ts'
import {
  codeOf,
  concept,
  frameReference,
  imageReferences,
  OWN_CODES,
  OWN_SCHEME,
  type ReferencedFrame,
  reference,
} from './content.ts'
import { graphicsOf } from './markCodes.ts'
import type { Version } from './measurementReport.ts'
import { momentOf, type NewObject } from './newObject.ts'

const STORAGE = '1.2.840.10008.5.1.4.1.1.'
export const GRAYSCALE_STATE = `${STORAGE}11.1`
export const COLOUR_STATE = `${STORAGE}11.2`
export const VIEWS_SERIES = 'Isocenter views'

/** One image of a display set, with what a state must know of it. */
export interface StateImage extends ReferencedFrame {
  Rows: number
  Columns: number
  /** Height of a pixel by its width, and mm where they are known. */
  spacing: [number, number]
  isMillimetres: boolean
  isColour: boolean
  isMonochrome1: boolean
  /** Undefined where a table makes the modality values: it cannot be said here. */
  rescale: { slope: number; intercept: number } | undefined
  /** The modality values it opens with; undefined where it stores no window. */
  window: { lower: number; upper: number } | undefined
  VOILUTFunction: string
}

export interface StateMark {
  mark: Mark
  image: ReferencedFrame
  scale: Pick<Scale, 'x' | 'y'>
  /** What stands beside it. */
  lines: string[]
}

/** What of a view a state keeps; which image was looked at last is none of it. */
export type StateView = Pick<SetView, 'range' | 'inverted' | 'quarterTurns' | 'mirrored' | 'zoom' | 'centre'> & {
  shutter?: Shutter | undefined
}

/** Whether a reader has changed anything of a view that a state can keep. */
export function isChanged({ range, inverted, quarterTurns, mirrored, zoom, shutter }: StateView): boolean {
  return (
    range !== undefined || inverted || quarterTurns !== 0 || mirrored || zoom !== undefined || shutter !== undefined
  )
}

/**
 * Of saved views those that a draft takes up. What the reader has changed stays as it is; only looking at another image of a set
 * changes nothing of how it is seen. `isTouched`: it was changed on a screen just now, which no draft has yet.
 */
export function takenUp(
  saved: Readonly<Record<string, SetView>>,
  own: Readonly<Record<string, SetView>>,
  isTouched: (set: string) => boolean,
): Record<string, SetView> {
  const taken: Record<string, SetView> = {}
  for (const [set, view] of Object.entries(saved)) {
    const kept = own[set]
    if (isTouched(set) || (kept !== undefined && isChanged(kept))) continue
    taken[set] = kept === undefined ? view : { ...view, SOPInstanceUID: kept.SOPInstanceUID, frame: kept.frame }
  }
  return taken
}

const REPLACED = concept('REPLACED', OWN_SCHEME, 'Replaced by this object')

/**
 * A display set as a reader saw it, with the marks drawn on it, as a Grayscale or a Color Softcopy Presentation State (PS3.3 A.33.1,
 * A.33.2). Images of one set are all of one kind: the first decides. A state has no predecessor of its own: it names the one it stands
 * for as a referenced instance.
 */
export function presentationState(
  images: readonly StateImage[],
  view: StateView,
  marks: readonly StateMark[],
  version: Version,
  now: Date,
): NewObject {
  const { predecessor, ...place } = version
  const [first] = images
  if (first === undefined) throw new Error('A presentation state needs an image.')
  const { date, time } = momentOf(now)
  const isColour = first.isColour
  return {
    SOPClassUID: isColour ? COLOUR_STATE : GRAYSCALE_STATE,
    Modality: 'PR',
    ...place,
    SeriesNumber: 9803,
    SeriesDescription: VIEWS_SERIES,
    body: {
      // Of images: 2C, and empty where it is theirs to say.
      Laterality: '',
      ContentLabel: 'ISOCENTER',
      ContentDescription: `Isocenter, version ${place.InstanceNumber}`,
      ContentCreatorName: '',
      PresentationCreationDate: date,
      PresentationCreationTime: time,
      ...(predecessor && {
        ReferencedInstanceSequence: [{ ...reference(predecessor), PurposeOfReferenceCodeSequence: [codeOf(REPLACED)] }],
        ...OWN_CODES,
      }),
      ReferencedSeriesSequence: bySeries(images),
      ...areas(images, view),
      ...turn(view),
      ...covered(view, isColour),
      ...annotations(marks),
      ...(isColour ? { ICCProfile: srgbProfile() } : greys(images, view)),
    },
  }
}

function bySeries(images: readonly StateImage[]): NewDataSet[] {
  return grouped(images, ({ SeriesInstanceUID }) => SeriesInstanceUID).map(held => ({
    ReferencedImageSequence: imageReferences(held),
    SeriesInstanceUID: held[0]!.SeriesInstanceUID,
  }))
}

/** Where some of the images are meant: each with its frames; of all, nothing is said. */
function meant(images: readonly StateImage[], all: readonly StateImage[]): NewDataSet {
  return images.length === all.length ? {} : { ReferencedImageSequence: imageReferences(images) }
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const group = groups.get(keyOf(one))
    if (group) group.push(one)
    else groups.set(keyOf(one), [one])
  }
  return [...groups.values()]
}

/**
 * PS3.3 C.10.4: corners are pixels counted from 1, of the image as it is, but those that lie top left and bottom right when it is
 * turned and flipped; with MAGNIFY as many pixels of the display for one of the image as there were.
 */
function areas(images: readonly StateImage[], view: StateView): NewDataSet {
  const { zoom, centre } = view
  const quarters = rotationOf(view) / 90
  const groups = grouped(images, ({ Rows, Columns, spacing }) => `${Rows} ${Columns} ${spacing}`)
  return {
    DisplayedAreaSelectionSequence: groups.map(group => {
      const { Rows, Columns, spacing, isMillimetres } = group[0]!
      const isWhole = zoom === undefined || centre === undefined
      const from = isWhole ? [1, 1] : [Math.round(centre[0] - Columns / 2) + 1, Math.round(centre[1] - Rows / 2) + 1]
      const to = [from[0]! + Columns - 1, from[1]! + Rows - 1]
      // Clockwise from the top left; turned by a quarter the one before stands there, flipped the one beside it.
      const corners = [from, [to[0]!, from[1]!], to, [from[0]!, to[1]!]]
      const topLeft = (4 - quarters + (view.mirrored ? 1 : 0)) % 4
      return {
        ...meant(group, images),
        DisplayedAreaTopLeftHandCorner: corners[topLeft]!,
        DisplayedAreaBottomRightHandCorner: corners[(topLeft + 2) % 4]!,
        PresentationSizeMode: isWhole ? 'SCALE TO FIT' : 'MAGNIFY',
        ...(isWhole ? {} : { PresentationPixelMagnificationRatio: zoom }),
        ...(isMillimetres
          ? { PresentationPixelSpacing: spacing.map(ds) }
          : { PresentationPixelAspectRatio: aspect(spacing) }),
      }
    }),
  }
}

/** Two whole numbers (IS). */
function aspect([row, column]: [number, number]): string[] {
  return row === column ? ['1', '1'] : [String(Math.round((row / column) * 10_000)), '10000']
}

/** The state turns and then flips; we mirror and then turn. */
function turn(view: StateView): NewDataSet {
  if (view.quarterTurns === 0 && !view.mirrored) return {}
  return { ImageRotation: rotationOf(view), ImageHorizontalFlip: view.mirrored ? 'Y' : 'N' }
}

function rotationOf({ quarterTurns, mirrored }: StateView): number {
  return (mirrored ? (4 - quarterTurns) % 4 : quarterTurns) * 90
}

/** Black of a colour state: L* 0, a* and b* 0 (PS3.3 C.10.7.1.1). */
const BLACK_LAB = [0, 0x8080, 0x8080]

/** PS3.3 C.7.6.11 and C.11.12: what is outside is black. */
function covered({ shutter }: StateView, isColour: boolean): NewDataSet {
  if (shutter === undefined) return {}
  return {
    ...shutter,
    ShutterPresentationValue: 0,
    ...(isColour && { ShutterPresentationColorCIELabValue: BLACK_LAB }),
  }
}

/** Of a window that the reader has set: one that is as the image's own was is no other's choice, either. */
export const CHOSEN = 'Chosen by the reader'

/**
 * Modality, window and polarity. Where all images are rescaled alike the state says so; where they are not (PET), it rescales by 1
 * and each has its own window of stored values. A table of the image is no linear rescale: then there is no window. Where the reader
 * has set none, each image's own is written: a state without a window shows all values (PS3.4 N.2.1.3).
 */
function greys(images: readonly StateImage[], { range, inverted }: StateView): NewDataSet {
  const shape = { PresentationLUTShape: inverted === images[0]!.isMonochrome1 ? 'IDENTITY' : 'INVERSE' }
  const groups = grouped(images, ({ rescale }) => (rescale ? `${rescale.slope} ${rescale.intercept}` : ''))
  if (images.some(({ rescale }) => rescale === undefined)) return shape
  const only = groups.length === 1 ? groups[0]![0]!.rescale! : { slope: 1, intercept: 0 }
  const modality = { RescaleSlope: ds(only.slope), RescaleIntercept: ds(only.intercept), RescaleType: 'US' }
  const rangeOf = ({ window }: StateImage) => range ?? window
  const windowed = images.filter(image => rangeOf(image) !== undefined)
  if (windowed.length === 0) return { ...modality, ...shape }
  const alike = grouped(windowed, image => JSON.stringify([image.rescale, rangeOf(image), image.VOILUTFunction]))
  const windows = alike.map(group => {
    const { rescale, VOILUTFunction } = group[0]!
    const shown = rangeOf(group[0]!)!
    const factor = only.slope / rescale!.slope
    const ends = [shown.lower, shown.upper].map(value => (value - rescale!.intercept) * factor + only.intercept)
    const [lower, upper] = [Math.min(...ends), Math.max(...ends)]
    // PS3.3 C.11.2.1.2.1: LINEAR counts both its ends.
    const half = VOILUTFunction === 'LINEAR' ? 0.5 : 0
    return {
      ...meant(group, images),
      WindowCenter: ds((lower + upper) / 2 + half),
      WindowWidth: ds(upper - lower + 2 * half),
      ...(range && { WindowCenterWidthExplanation: CHOSEN }),
      ...(VOILUTFunction === 'LINEAR' ? {} : { VOILUTFunction }),
    }
  })
  return { ...modality, ...shape, SoftcopyVOILUTSequence: windows }
}

/** A decimal string of 16 characters at most (PS3.5 §6.2). */
function ds(value: number): string {
  for (let digits = 15; ; digits--) {
    const text = String(Number(value.toPrecision(digits)))
    if (text.length <= 16) return text
  }
}

const MOST_ANNOTATION_TEXT = 1024

function annotations(marks: readonly StateMark[]): NewDataSet {
  if (marks.length === 0) return {}
  const byImage = grouped(marks, ({ image }) => `${image.SOPInstanceUID} ${image.frame}`)
  return {
    GraphicLayerSequence: [{ GraphicLayer: 'MARKS', GraphicLayerOrder: '1' }],
    GraphicAnnotationSequence: byImage.map(group => {
      const graphics = group.flatMap(({ mark, scale }) => (mark.kind === 'text' ? [] : graphicsOf(mark, scale)))
      const texts = group.flatMap(textOf)
      return {
        ReferencedImageSequence: [frameReference(group[0]!.image)],
        GraphicLayer: 'MARKS',
        ...(graphics.length > 0 && {
          GraphicObjectSequence: graphics.map(({ kind, points }) => ({
            GraphicAnnotationUnits: 'PIXEL',
            GraphicDimensions: 2,
            NumberOfGraphicPoints: points.length,
            GraphicData: points.flat(),
            GraphicType: kind,
            ...(kind === 'POINT' ? {} : { GraphicFilled: 'N' }),
          })),
        }),
        ...(texts.length > 0 && { TextObjectSequence: texts }),
      }
    }),
  }
}

function textOf({ mark, lines }: StateMark): NewDataSet[] {
  const text = lines.join('\r\n').slice(0, MOST_ANNOTATION_TEXT)
  if (text === '') return []
  return [
    {
      AnchorPointAnnotationUnits: 'PIXEL',
      UnformattedTextValue: text,
      AnchorPoint: [...(mark.label ?? mark.points[0] ?? [0, 0])],
      AnchorPointVisibility: 'N',
    },
  ]
}

/** What two states of the same images must have in common to look the same: window, size, turn, polarity, shutter and what is drawn. */
export function looksOf({
  windows,
  areas,
  rotation,
  flipped,
  inverse,
  shutter,
  annotations: drawn,
}: ReadState): string {
  return JSON.stringify([windows, areas, rotation, flipped, inverse, shutter, drawn])
}
