import { xmlText } from '../xml.ts'
import { lookupTag } from './dictionary.ts'
import type { DicomJson, JsonAttribute } from './json.ts'

const NAMESPACE = 'http://dicom.nema.org/PS3.19/models/NativeDICOM'
const NAME_PARTS = ['FamilyName', 'GivenName', 'MiddleName', 'NamePrefix', 'NameSuffix']

/** A data set of the JSON model as an XML document of the Native DICOM Model (PS3.19 §A.1, PS3.18 §F.3 for how they correspond). */
export function toNativeXml(json: DicomJson): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel xmlns="${NAMESPACE}" xml:space="preserve">${attributes(json)}</NativeDicomModel>`
}

function attributes(json: DicomJson): string {
  return Object.entries(json)
    .map(([tag, attribute]) => element(tag, attribute, json))
    .join('')
}

function element(tag: string, attribute: JsonAttribute, beside: DicomJson): string {
  const keyword = lookupTag(Number.parseInt(tag, 16))?.keyword
  const creator = privateCreator(tag, beside)
  const named = keyword ? ` keyword="${xmlText(keyword)}"` : ''
  const owned = creator === undefined ? '' : ` privateCreator="${xmlText(creator)}"`
  // PS3.19 table A.1.5-2: a private element is named by its creator, and xx stands for the block.
  const place = creator === undefined ? tag : `${tag.slice(0, 4)}00${tag.slice(6)}`
  return `<DicomAttribute tag="${place}" vr="${xmlText(attribute.vr)}"${named}${owned}>${content(attribute)}</DicomAttribute>`
}

/** Of a private data element (PS3.5 §7.8.1), where the creator stands beside it. */
function privateCreator(tag: string, beside: DicomJson): string | undefined {
  const isPrivate = Number.parseInt(tag.slice(0, 4), 16) % 2 === 1
  const block = tag.slice(4, 6)
  if (!isPrivate || block === '00') return undefined
  const value = beside[`${tag.slice(0, 4)}00${block}`]?.Value?.[0]
  return typeof value === 'string' ? value : undefined
}

function content({ vr, Value, InlineBinary, BulkDataURI }: JsonAttribute): string {
  if (InlineBinary !== undefined) return `<InlineBinary>${InlineBinary}</InlineBinary>`
  if (BulkDataURI !== undefined) return `<BulkData uri="${xmlText(BulkDataURI)}"/>`
  return (Value ?? [])
    .map((value, index) => {
      const number = ` number="${index + 1}"`
      if (value === null) return ''
      if (typeof value !== 'object') return `<Value${number}>${xmlText(String(value))}</Value>`
      if (vr === 'SQ') return `<Item${number}>${attributes(value as DicomJson)}</Item>`
      const groups = Object.entries(value).map(([group, name]) => `<${group}>${nameParts(String(name))}</${group}>`)
      return `<PersonName${number}>${groups.join('')}</PersonName>`
    })
    .join('')
}

function nameParts(name: string): string {
  const parts = name.split('^')
  return NAME_PARTS.map((part, index) => (parts[index] ? `<${part}>${xmlText(parts[index])}</${part}>` : '')).join('')
}
