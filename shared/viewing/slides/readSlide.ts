import { tagOf } from '../../dicom/dictionary.ts'
import type { DicomJson } from '../../dicom/json.ts'
import { textOf } from '../writing/newObject.ts'

/** A hostile file may say anything; a slide of 40× has some hundred thousand tiles. */
const MOST_FRAMES = 1_000_000
/** Of one side of a total pixel matrix, and of a tile. */
const MOST_PIXELS = 2 ** 31
const MOST_TILE = 32_768
const MOST_PATHS = 64
const MOST_PLANES = 1000

/** Where a frame of a sparse image lies: its first pixel, counted from 0, in the total pixel matrix. */
interface TilePlace {
  /** 1-based. */
  frame: number
  x: number
  y: number
  /** mm above the slide. */
  z: number
  path: string
}

/** What the tiles of one Whole Slide Microscopy instance are a part of (PS3.3 C.8.12.4, C.7.6.17.3). */
export interface SlidePart {
  /** Total pixel matrix. */
  columns: number
  rows: number
  tileColumns: number
  tileRows: number
  frames: number
  /** Row and column spacing, mm; absent where the object does not say. */
  spacing: [number, number] | undefined
  /** mm, of the matrix's first corner on the slide. */
  origin: [number, number] | undefined
  /** Image Orientation (Slide); [] where it is not told. */
  orientation: number[]
  paths: Array<{ id: string; name: string }>
  focalPlanes: number
  /** Of an image that is split over several instances: the same for all of them; '' otherwise. */
  concatenation: string
  /** Frames of the concatenation before the first of this instance. */
  framesBefore: number
  /** CIELab of where no tile is, as stored (0 to 65535). */
  absent: [number, number, number] | undefined
  /** Of every frame; undefined: TILED_FULL, where the order tells. */
  places: TilePlace[] | undefined
}

function itemsOf(json: DicomJson | undefined, keyword: string): DicomJson[] {
  const tag = tagOf(keyword)
  const values = tag === undefined ? [] : (json?.[tag.toString(16).toUpperCase().padStart(8, '0')]?.Value ?? [])
  return values.filter(value => typeof value === 'object' && value !== null) as DicomJson[]
}

function numbersOf(json: DicomJson | undefined, keyword: string): number[] {
  if (json === undefined) return []
  const text = textOf(json, keyword)
  return text === '' ? [] : text.split('\\').map(Number)
}

function whole(json: DicomJson | undefined, keyword: string, most: number): number | undefined {
  const [value] = numbersOf(json, keyword)
  return value !== undefined && Number.isInteger(value) && value > 0 && value <= most ? value : undefined
}

function pair(values: number[]): [number, number] | undefined {
  const [first, second] = values
  return first !== undefined && second !== undefined && Number.isFinite(first + second) ? [first, second] : undefined
}

/** The tiles of an instance by its header (DICOM JSON); undefined where it does not say what they are tiles of. */
export function readSlidePart(header: DicomJson): SlidePart | undefined {
  const columns = whole(header, 'TotalPixelMatrixColumns', MOST_PIXELS)
  const rows = whole(header, 'TotalPixelMatrixRows', MOST_PIXELS)
  const tileColumns = whole(header, 'Columns', MOST_TILE)
  const tileRows = whole(header, 'Rows', MOST_TILE)
  const frames = whole(header, 'NumberOfFrames', MOST_FRAMES) ?? 1
  if (columns === undefined || rows === undefined || tileColumns === undefined || tileRows === undefined)
    return undefined
  // Each picture looks through the tiles it may show: of tiles of one pixel that would be millions.
  if (Math.ceil(columns / tileColumns) * Math.ceil(rows / tileRows) > MOST_FRAMES) return undefined
  const [shared] = itemsOf(header, 'SharedFunctionalGroupsSequence')
  const perFrame = itemsOf(header, 'PerFrameFunctionalGroupsSequence')
  const [origin] = itemsOf(header, 'TotalPixelMatrixOriginSequence')
  const paths = itemsOf(header, 'OpticalPathSequence')
    .slice(0, MOST_PATHS)
    .map(item => {
      const id = textOf(item, 'OpticalPathIdentifier')
      return { id, name: textOf(item, 'OpticalPathDescription') || id }
    })
  const isFull = textOf(header, 'DimensionOrganizationType') === 'TILED_FULL'
  const absent = numbersOf(header, 'RecommendedAbsentPixelCIELabValue')
  return {
    columns,
    rows,
    tileColumns,
    tileRows,
    frames,
    spacing: spacingOf(header, shared ?? perFrame[0], columns, rows),
    origin:
      origin &&
      pair([
        ...numbersOf(origin, 'XOffsetInSlideCoordinateSystem'),
        ...numbersOf(origin, 'YOffsetInSlideCoordinateSystem'),
      ]),
    orientation: numbersOf(header, 'ImageOrientationSlide'),
    paths: paths.length > 0 ? paths : [{ id: '', name: '' }],
    focalPlanes: whole(header, 'TotalPixelMatrixFocalPlanes', MOST_PLANES) ?? 1,
    concatenation: textOf(header, 'ConcatenationUID'),
    framesBefore: whole(header, 'ConcatenationFrameOffsetNumber', MOST_FRAMES) ?? 0,
    absent: absent.length === 3 ? (absent as [number, number, number]) : undefined,
    // Without a word on where each tile lies they can only lie in a row.
    places: isFull || perFrame.length === 0 ? undefined : placesOf(perFrame.slice(0, frames), shared),
  }
}

/** PS3.3 C.8.12.4.1: what one pixel measures; else what all of them together do. */
function spacingOf(
  header: DicomJson,
  group: DicomJson | undefined,
  columns: number,
  rows: number,
): [number, number] | undefined {
  const told = pair(numbersOf(itemsOf(group, 'PixelMeasuresSequence')[0], 'PixelSpacing'))
  const [width = 0] = numbersOf(header, 'ImagedVolumeWidth')
  const [height = 0] = numbersOf(header, 'ImagedVolumeHeight')
  const spacing = told ?? [height / rows, width / columns]
  return spacing[0] > 0 && spacing[1] > 0 && Number.isFinite(spacing[0] + spacing[1]) ? spacing : undefined
}

function placesOf(perFrame: DicomJson[], shared: DicomJson | undefined): TilePlace[] {
  return perFrame.flatMap((group, index): TilePlace[] => {
    const [place] = itemsOf(group, 'PlanePositionSlideSequence')
    const [x] = numbersOf(place, 'ColumnPositionInTotalImagePixelMatrix')
    const [y] = numbersOf(place, 'RowPositionInTotalImagePixelMatrix')
    if (x === undefined || y === undefined || !Number.isFinite(x + y)) return []
    const [z = 0] = numbersOf(place, 'ZOffsetInSlideCoordinateSystem')
    const [path] = [group, shared].flatMap(one => itemsOf(one, 'OpticalPathIdentificationSequence'))
    const id = path === undefined ? '' : textOf(path, 'OpticalPathIdentifier')
    return [{ frame: index + 1, x: x - 1, y: y - 1, z, path: id }]
  })
}
