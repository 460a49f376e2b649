/** What the other system says of a message (HL7 v2.5.1 §2.13.1, table 0008). */
interface Acknowledgement {
  /** `accepted`: AA, CA. `error`: AE, CE, perhaps taken later. `rejected`: AR, CR, never. */
  kind: 'accepted' | 'error' | 'rejected'
  code: string
  /** MSA-3, ERR-8 or ERR-7: its own words, which may name a patient and stay out of logs. */
  words: string
}

const KINDS: Record<string, Acknowledgement['kind']> = {
  AA: 'accepted',
  CA: 'accepted',
  AE: 'error',
  CE: 'error',
  AR: 'rejected',
  CR: 'rejected',
}
const LONGEST_WORDS = 200

/** Reads an ACK for the message of this control ID. A string: why it is none, in words. */
export function readAck(message: string, messageId: string): Acknowledgement | string {
  const segments = message.split(/\r\n|\r|\n/)
  const header = segments[0] ?? ''
  if (!header.startsWith('MSH') || header.length < 4) return 'its answer is no HL7 message'
  const separator = header.charAt(3)
  const fieldsOf = (name: string) => segments.find(one => one.startsWith(`${name}${separator}`))?.split(separator)
  const msa = fieldsOf('MSA')
  if (!msa) return 'its answer acknowledges nothing'
  const [, code = '', id = '', said = ''] = msa.map(field => field.trim())
  const kind = KINDS[code.toUpperCase()]
  if (kind === undefined) return 'its answer says neither yes nor no'
  if (id !== messageId) return 'its answer is for another message'
  const error = fieldsOf('ERR') ?? []
  const words = [said, error[8], error[7]].find(one => one !== undefined && one.trim() !== '') ?? ''
  return {
    kind,
    code: code.toUpperCase(),
    words: words
      .replaceAll(/[\p{Cc}]/gu, ' ')
      .trim()
      .slice(0, LONGEST_WORDS),
  }
}
