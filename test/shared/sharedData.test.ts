import { readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { headerLines } from '../../shared/dicom/header.ts'
import { readFunctionalGroups, readInstanceHeader } from '../../shared/dicom/instanceHeader.ts'
import { toDicomJson } from '../../shared/dicom/json.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { isStorableUID, sopClass, transferSyntax } from '../../shared/dicom/uids.ts'
import { type SharedFile, sharedFiles } from '../fixtures/sharedData.ts'

const files = sharedFiles()

/** Lacking a UID, or with words for one: directories, and data sets cut down to one feature. */
const WITHOUT_IDENTITY =
  /undefined-length-test|MONO2-8-abdo|dwv034\/sr-|_0[78]|_1[56]|jls_lossy|NearLossless|DICOMDIR|dcmdir|_SQ\.dcm|SQEncoding|UN_sequence|empty_charset|palettes\/|333a87_6|OD-single|no-meta-length|ExplVR|no_meta_group|zeroFrac/

function load(file: SharedFile): { bytes: Uint8Array; uid: string } | undefined {
  const whole = new Uint8Array(readFileSync(file.path))
  const meta = readFileMeta(whole)
  if (!meta) return undefined
  const body = whole.subarray(meta.dataSetOffset)
  const uid = meta.TransferSyntaxUID
  return { bytes: transferSyntax(uid).deflated ? new Uint8Array(inflateRawSync(body)) : body, uid }
}

/** All that a user can have read of a file. */
function readAll(bytes: Uint8Array, uid: string): void {
  const header = readInstanceHeader(bytes, uid)
  const dataSet = DataSet.read(bytes, encodingOf(uid))
  headerLines(dataSet, 2000)
  JSON.stringify(toDicomJson(dataSet, { bulkDataURI: path => path }))
  if (header.enhanced) readFunctionalGroups(dataSet, header.NumberOfFrames)
}

describe.runIf(files.length > 0)('real files', () => {
  test('every readable one has a header with its identity and the manifest’s facts', () => {
    for (const file of files.filter(({ malformed }) => !malformed)) {
      const loaded = load(file)
      expect(loaded, file.name).toBeDefined()
      if (!loaded) continue
      const header = readInstanceHeader(loaded.bytes, loaded.uid)
      expect(header.damage, file.name).toBeUndefined()
      expect(header.complete, file.name).toBe(true)
      if (file.SOPClass && !WITHOUT_IDENTITY.test(file.name)) {
        for (const key of ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'] as const) {
          expect(isStorableUID(header[key]), `${file.name} ${key}`).toBe(true)
        }
        expect(header.SOPClassUID, file.name).not.toBe('')
        const known = sopClass(header.SOPClassUID)
        if (known && file.SOPClass.endsWith('Storage')) expect(known.name, file.name).toBe(file.SOPClass)
      }
      if (file.modality) expect(header.Modality, file.name).toBe(file.modality)
    }
  })

  test('every name given in a note is read', () => {
    const named = files.filter(({ note }) => note.startsWith('PN='))
    for (const file of named) {
      const loaded = load(file)
      const name = loaded ? readInstanceHeader(loaded.bytes, loaded.uid).PatientName : ''
      expect(name.replace(/=+$/, ''), file.name).toBe(file.note.slice('PN='.length))
    }
  })

  test('broken ones, one of every kind, and what is left of it when cut, never throw', () => {
    const seen = new Set<string>()
    for (const file of files) {
      const loaded = load(file)
      if (!loaded) continue
      const { bytes, uid } = loaded
      const kind = `${uid} ${file.SOPClass}`
      if (seen.has(kind) && !file.malformed) continue
      seen.add(kind)
      readAll(bytes, uid)
      // reader.test.ts cuts at every byte.
      for (let end = 0; end < Math.min(2048, bytes.length); end += 29) readInstanceHeader(bytes.subarray(0, end), uid)
    }
  })
})

test('the tests do not need the real files', () => {
  expect(Array.isArray(files)).toBe(true)
})
