import type { DataSet, ElementSpan } from '../dicom/reader.ts'

/**
 * Private elements that PS3.15 table E.3.10-1 calls safe, as far as viewers reckon with them (diffusion, uptake, CT dose and pitch):
 * group, creator and element within its block. None can hold text.
 */
const SAFE: Array<[group: number, creator: string, elements: number[]]> = [
  [0x0019, 'SIEMENS MR HEADER', [0x0c, 0x0e, 0x27]],
  [0x0019, 'GEMS_ACQU_01', [0x23, 0x24]],
  [0x0043, 'GEMS_PARM_01', [0x27, 0x39]],
  [0x0045, 'GEMS_HELIOS_01', [0x01, 0x02]],
  [0x00e1, 'ELSCINT1', [0x21]],
  [0x01e1, 'ELSCINT1', [0x50]],
  [0x01f1, 'ELSCINT1', [0x07, 0x26, 0x27]],
  [0x2001, 'Philips Imaging DD 001', [0x03]],
  [0x2005, 'Philips MR Imaging DD 001', [0x0d, 0x0e]],
  [0x7053, 'Philips PET Private Group', [0x00, 0x09]],
]

/** The creator of a safe private element's block, where it is one and its value is numbers alone. */
export function safePrivateCreator(dataSet: DataSet, { tag, vr }: ElementSpan): string | undefined {
  const group = tag >>> 16
  const block = (tag & 0xff00) >>> 8
  if (group % 2 === 0 || block < 0x10) return undefined
  const creator = dataSet.string(group * 0x10000 + block)
  const safe = SAFE.some(row => row[0] === group && row[1] === creator && row[2].includes(tag & 0xff))
  if (!safe) return undefined
  if (['DS', 'IS'].includes(vr)) {
    return /^[-+0-9.eE\s\\]{0,64}$/.test(dataSet.string(tag)) ? creator : undefined
  }
  const numbers = ['FD', 'FL', 'US', 'SS', 'UL', 'SL'].includes(vr)
  return numbers && (dataSet.bytes(tag)?.length ?? 0) <= 128 ? creator : undefined
}
