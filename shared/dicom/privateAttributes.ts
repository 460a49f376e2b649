import type { ImageAttributes } from '../viewing/image.ts'
import { viewOf } from './elements.ts'
import type { DataSet } from './reader.ts'

/** Where makers kept what the standard had no element for yet: group, private creator, element within its block. */
interface PrivateElement {
  group: number
  creator: string
  /** How the maker's name begins. */
  maker: string
  element: number
}

const B_VALUES: PrivateElement[] = [
  { group: 0x0019, creator: 'SIEMENS MR HEADER', maker: 'SIEMENS', element: 0x0c },
  { group: 0x0043, creator: 'GEMS_PARM_01', maker: 'GE MEDICAL', element: 0x39 },
  { group: 0x2001, creator: 'Philips Imaging DD 001', maker: 'PHILIPS', element: 0x03 },
]
const SUV_SCALE: PrivateElement = {
  group: 0x7053,
  creator: 'Philips PET Private Group',
  maker: 'PHILIPS',
  element: 0x00,
}
const ACTIVITY_SCALE: PrivateElement = { ...SUV_SCALE, element: 0x09 }
const SCAN_DATE_TIME: PrivateElement = {
  group: 0x0009,
  creator: 'GEMS_PETD_01',
  maker: 'GE MEDICAL',
  element: 0x0d,
}

/** No maker was seen to go further. */
const BLOCKS = Array.from({ length: 16 }, (_, index) => 0x10 + index)

/** s/mm²; stronger diffusion weighting is not made. GE adds 10⁹ to what the operator typed in. */
const MAX_B_VALUE = 100_000
const GE_TYPED = 1e9

/** Fills in what no standard element has said. */
export function readPrivateAttributes(dataSet: DataSet, into: ImageAttributes): void {
  if (into.DiffusionBValue === undefined) {
    for (const element of B_VALUES) {
      const value = privateNumber(dataSet, element)
      if (value === undefined) continue
      const b = value >= GE_TYPED ? value - GE_TYPED : value
      if (b >= 0 && b <= MAX_B_VALUE) into.DiffusionBValue = b
    }
  }
  const scale = privateNumber(dataSet, SUV_SCALE)
  if (scale !== undefined && scale > 0) into.PhilipsSUVScaleFactor = scale
  const activity = privateNumber(dataSet, ACTIVITY_SCALE)
  if (activity !== undefined && activity > 0) into.PhilipsActivityScaleFactor = activity
  const began = privateTag(dataSet, SCAN_DATE_TIME)
  const said = began === undefined ? '' : dataSet.string(began).trim()
  if (/^\d{14}(\.\d{1,6})?$/.test(said)) into.GEScanDateTime = said
}

/**
 * PS3.5 §7.8.1: the creator stands at (gggg,0010-00FF) and names the block its elements are in. Anonymisers leave the elements and
 * take the creators: then the maker's name says whose the first block is.
 */
function privateTag(dataSet: DataSet, { group, creator, maker, element }: PrivateElement): number | undefined {
  const inBlock = (block: number) => group * 0x1_0000 + block * 0x100 + element
  const blocks = BLOCKS.filter(block => dataSet.has(group * 0x1_0000 + block))
  if (blocks.length === 0) {
    const isMaker = dataSet.string('Manufacturer').toUpperCase().startsWith(maker)
    return isMaker ? inBlock(BLOCKS[0] as number) : undefined
  }
  const block = blocks.find(each => dataSet.string(group * 0x1_0000 + each) === creator)
  return block === undefined ? undefined : inBlock(block)
}

function privateNumber(dataSet: DataSet, element: PrivateElement): number | undefined {
  const tag = privateTag(dataSet, element)
  return tag === undefined ? undefined : firstNumber(dataSet, tag)
}

/** Without a VR (implicit, or UN) these are text, but for Philips' 4-byte float. */
function firstNumber(dataSet: DataSet, tag: number): number | undefined {
  const typed = dataSet.number(tag)
  if (typed !== undefined) return typed
  const text = dataSet.string(tag).trim()
  if (/^[-+]?\d+(\.\d*)?([eE][-+]?\d+)?$/.test(text)) return Number(text)
  const bytes = dataSet.bytes(tag)
  if (bytes?.length !== 4) return undefined
  const value = viewOf(bytes).getFloat32(0, dataSet.encoding.littleEndian)
  return Number.isFinite(value) ? value : undefined
}
