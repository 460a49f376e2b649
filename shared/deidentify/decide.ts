import { lookupTag } from '../dicom/dictionary.ts'
import type { DeidentifyOptions } from './options.ts'
import { profileRow } from './profileTable.ts'

/**
 * What becomes of one element. `retain`: an option keeps it, whatever number it holds; `keep`: nothing forbids it, and its text is looked through all the same, for what was found to name the patient; `clean`: the
 * same, and numbers that look like dates or identifiers go too; `inside`: a sequence whose items are treated one by one.
 */
export type Action = 'retain' | 'keep' | 'clean' | 'remove' | 'empty' | 'dummy' | 'uid' | 'shift' | 'inside'

/** UIDs that name a kind of thing, never a thing of the patient's (the table has no row for them). */
const KINDS = new Set([
  0x00080016, 0x00081150, 0x0008001b, 0x0008001a, 0x0008010c, 0x0008010d, 0x00080117, 0x00080118, 0x0040db0d,
  0x00041510, 0x00041512, 0x00080062, 0x0008115a,
])
/**
 * Text in graphics and in structured content, for which the table has no rows of their own (Clean Graphics and Clean Structured
 * Content, PS3.15 §E.3.3 and E.3.4, speak of it): what a sequence that is kept for its numbers may not carry along.
 */
const OWN_ROWS = new Map<number, Action>([
  [0x00700008, 'remove'], // TextObjectSequence
  [0x0040a160, 'dummy'], // TextValue
  [0x00080120, 'keep'], // URNCodeValue
])
const ENCAPSULATED_DOCUMENT = 0x00420011
/** The Graphic Annotation module and the content tree go as wholes: an item of dummies says nothing that could be shown. */
const WHOLE_SEQUENCES = new Set([0x00700001, 0x0040a730, 0x00340001, 0x0040a073])

/** VRs of free text or an address, of which nothing is known where the table says nothing. */
const UNSAFE_VRS = new Set(['LT', 'ST', 'UT', 'UR', 'UN'])

/**
 * PS3.15 §E.1 to E.3 for one public element. Where the table has no row, what can name nobody stays; a name, an address, a date and
 * free text do not, nor does what PS3.6 does not know.
 * @param tag of an even group.
 * @param vr as the data set has it.
 */
export function decide(tag: number, vr: string, options: DeidentifyOptions): Action {
  const known = lookupTag(tag)
  const group = tag >>> 24
  // An overlay or curve without its data is none: the whole group goes.
  if (!known || group === 0x50 || group === 0x60) return 'remove'
  if (tag === ENCAPSULATED_DOCUMENT && options.vouched) return 'keep'
  const own = OWN_ROWS.get(tag)
  if (own) return own
  const isSequence = vr === 'SQ'
  const row = profileRow(tag)
  if (!row) return isSequence ? 'inside' : withoutRow(tag, vr, options)
  const has = (letter: string) => row.options.includes(letter)
  if (has('u') && options.retainUIDs) return isSequence ? 'inside' : 'retain'
  if (has('d') && options.retainDevice) return isSequence ? 'inside' : 'retain'
  if (has('i') && options.retainInstitution) return isSequence ? 'inside' : 'retain'
  if (has('p') && options.retainPatientCharacteristics) return isSequence ? 'inside' : 'retain'
  const cleaned =
    (has('e') && options.retainDevice) ||
    (has('q') && options.retainPatientCharacteristics) ||
    (has('c') && options.cleanDescriptors) ||
    (has('s') && options.cleanStructuredContent) ||
    (has('g') && options.cleanGraphics)
  if (cleaned) return isSequence ? 'inside' : 'clean'
  if (has('t') && options.dates !== 'removed' && !isSequence) return dateAction(options)
  if (row.basic === 'U' || row.basic === 'X/Z/U*') return isSequence ? 'inside' : 'uid'
  if (row.basic === 'X' || WHOLE_SEQUENCES.has(tag)) return 'remove'
  return row.basic.includes('D') ? 'dummy' : 'empty'
}

function dateAction({ dates }: DeidentifyOptions): Action {
  return dates === 'kept' ? 'keep' : dates === 'shifted' ? 'shift' : 'empty'
}

function withoutRow(tag: number, vr: string, options: DeidentifyOptions): Action {
  if (vr === 'UI') return KINDS.has(tag) || options.retainUIDs ? 'keep' : 'uid'
  if (vr === 'DA' || vr === 'DT' || vr === 'TM') return dateAction(options)
  if (vr === 'PN' || vr === 'AE') return 'empty'
  if (vr === 'AS') return options.retainPatientCharacteristics ? 'keep' : 'empty'
  return UNSAFE_VRS.has(vr) ? 'remove' : 'keep'
}
