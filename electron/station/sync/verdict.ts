/**
 * What a status of an object says: of C-STORE (PS3.4 table B.2-1, PS3.7 annex C), or the Failure Reason of STOW-RS (PS3.18
 * table I.2-2), which are the same numbers. 'duplicate': something of that UID is there already. 'temporary': another try may help.
 */
export type Verdict = 'stored' | 'warning' | 'duplicate' | 'temporary' | 'permanent'

/** Of PS3.7 annex C; what is about this object alone will be said of it again. */
const PLAIN: ReadonlyMap<number, Verdict> = new Map<number, Verdict>([
  [0x0000, 'stored'],
  // Attribute list error, attribute value out of range, data set with optional elements left out.
  [0x0001, 'warning'],
  [0x0107, 'warning'],
  [0x0116, 'warning'],
  // No such attribute, invalid attribute value, no such instance, no such event, invalid argument, invalid instance.
  [0x0105, 'permanent'],
  [0x0106, 'permanent'],
  [0x0111, 'duplicate'],
  [0x0115, 'permanent'],
  [0x0117, 'permanent'],
  // No such SOP class, class and instance disagree, missing attribute, missing value, SOP class not supported.
  [0x0118, 'permanent'],
  [0x0119, 'permanent'],
  [0x0120, 'permanent'],
  [0x0121, 'permanent'],
  [0x0122, 'permanent'],
])

/** The table by ranges: A7xx out of resources, A9xx not of its class, Cxxx not understood, Bxxx stored with a remark. */
export function verdictOf(status: number): Verdict {
  const plain = PLAIN.get(status)
  if (plain) return plain
  if (status >> 12 === 0xb) return 'warning'
  if (status >> 8 === 0xa9 || status >> 8 === 0xa8 || status >> 12 === 0xc) return 'permanent'
  // 0110 processing failure, 0124 not authorized, 0213 resource limitation, A7xx, and what nobody has defined: it can heal.
  return 'temporary'
}

const WORDS: Array<[known: (status: number) => boolean, words: string]> = [
  [status => status === 0x0110, 'processing failed there'],
  [status => status === 0x0111, 'it has an object of that UID already'],
  [status => status === 0x0122, 'it does not store this kind of object'],
  [status => status === 0x0124, 'it does not let us store'],
  [status => status >> 8 === 0xa7, 'it is out of resources'],
  [status => status >> 8 === 0xa9, 'it says that the object is not of its class'],
  [status => status === 0xc122, 'it does not store this transfer syntax'],
  [status => status >> 12 === 0xc, 'it cannot understand the object'],
  [status => status === 0xb000, 'it changed elements of it'],
  [status => status === 0xb006, 'it left elements of it out'],
  [status => status === 0xb007, 'it says that the object is not of its class'],
]

/** With its number: what is no word in a table is looked up in one. */
export function statusWords(status: number): string {
  const number = `0x${status.toString(16).toUpperCase().padStart(4, '0')}`
  const words = WORDS.find(([known]) => known(status))?.[1]
  return words ? `${words} (${number})` : `answered ${number}`
}
