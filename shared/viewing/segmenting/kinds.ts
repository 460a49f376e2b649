export interface Code {
  CodeValue: string
  CodingSchemeDesignator: string
  CodeMeaning: string
}

/** What a segment is, in codes (PS3.3 C.8.20.4): its category and its type. */
export interface SegmentKind {
  category: Code
  type: Code
}

const sct = (CodeValue: string, CodeMeaning: string): Code => ({
  CodeValue,
  CodingSchemeDesignator: 'SCT',
  CodeMeaning,
})

const TISSUE = sct('85756007', 'Tissue')
const STRUCTURE = sct('123037004', 'Anatomical Structure')
const ALTERED = sct('49755003', 'Morphologically Altered Structure')

/** The kinds readers draw most, of PS3.16 CID 7150 and the contexts below it, as Slicer and dcmqi write them; the first is a new segment's. */
export const SEGMENT_KINDS: readonly SegmentKind[] = [
  { category: TISSUE, type: TISSUE },
  ...[
    sct('52988006', 'Lesion'),
    sct('4147007', 'Mass'),
    sct('27925004', 'Nodule'),
    sct('108369006', 'Neoplasm'),
    sct('86049000', 'Neoplasm, Primary'),
    sct('14799000', 'Neoplasm, Secondary'),
    sct('367643001', 'Cyst'),
    sct('79654002', 'Edema'),
    sct('6574001', 'Necrosis'),
    sct('50960005', 'Hemorrhage'),
  ].map(type => ({ category: ALTERED, type })),
  ...[
    sct('113343008', 'Organ'),
    sct('15825003', 'Aorta'),
    sct('59820001', 'Blood vessel'),
    sct('272673000', 'Bone'),
    sct('12738006', 'Brain'),
    sct('80891009', 'Heart'),
    sct('64033007', 'Kidney'),
    sct('10200004', 'Liver'),
    sct('39607008', 'Lung'),
    sct('59441001', 'Lymph node'),
    sct('15776009', 'Pancreas'),
    sct('41216001', 'Prostate'),
    sct('78961009', 'Spleen'),
    sct('89837001', 'Urinary bladder'),
  ].map(type => ({ category: STRUCTURE, type })),
]

/** The same kind however its words are written; codes are what counts. */
export function kindKey({ category, type }: SegmentKind): string {
  return [category, type].map(code => `${code.CodingSchemeDesignator}:${code.CodeValue}`).join(' ')
}
