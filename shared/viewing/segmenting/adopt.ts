import type { DataSet } from '../../dicom/reader.ts'
import type { Code, SegmentKind } from './kinds.ts'
import { SEGMENT_KINDS } from './kinds.ts'

/** What a stored segmentation says of its segments beyond what is drawn: their codes, and how they were made. */
export interface StoredKind {
  kind: SegmentKind
  semiautomatic: boolean
}

/** By Segment Number. Codes that are not there, or are longer than one of ours, are a new segment's. */
export function readKinds(dataSet: DataSet): Map<number, StoredKind> {
  const found = new Map<number, StoredKind>()
  for (const item of dataSet.items('SegmentSequence').slice(0, 65_535)) {
    const usual = SEGMENT_KINDS[0]!
    const category = codeOf(item, 'SegmentedPropertyCategoryCodeSequence')
    const type = codeOf(item, 'SegmentedPropertyTypeCodeSequence')
    found.set(item.number('SegmentNumber') ?? 0, {
      kind: category && type ? { category, type } : usual,
      semiautomatic: item.string('SegmentAlgorithmType') !== 'MANUAL',
    })
  }
  return found
}

function codeOf(item: DataSet, keyword: string): Code | undefined {
  const code = item.items(keyword)[0]
  const found = {
    CodeValue: code?.string('CodeValue') ?? '',
    CodingSchemeDesignator: code?.string('CodingSchemeDesignator') ?? '',
    CodeMeaning: code?.string('CodeMeaning').slice(0, 64) ?? '',
  }
  const fits = (text: string) => text !== '' && text.length <= 16
  return fits(found.CodeValue) && fits(found.CodingSchemeDesignator) && found.CodeMeaning !== '' ? found : undefined
}
