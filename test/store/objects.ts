import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createLog } from '../../electron/station/base/log.ts'
import type { Origin, QidoQuery, Received, Store, StoreReader } from '../../electron/station/store/index.ts'
import { openStore, type StoreOptions } from '../../electron/station/store/index.ts'
import { lookupTag } from '../../shared/dicom/dictionary.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import type { DicomJson } from '../../shared/dicom/json.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'

export const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2'

export const scanner: Origin = {
  door: 'dimse',
  sourceAET: 'CT1',
  sendingAET: 'CT1',
  receivingAET: 'ISOCENTER',
  address: '10.0.0.7',
}

export interface TestObject {
  SOPInstanceUID: string
  TransferSyntaxUID: string
  bytes: Uint8Array
}

/** A CT slice of 64 × 64 pixels with values of its own; `values` override and add. `n` makes UIDs and position. */
export function ctSlice(
  n: number,
  values: NewDataSet = {},
  { study = 1, series = 1, TransferSyntaxUID = TS.ExplicitVRLittleEndian as string, size = 64 } = {},
): TestObject {
  const SOPInstanceUID = `2.25.1000.${study}.${series}.${n}`
  const pixels = new Uint16Array(size * size).map((_, i) => (i * 7 + n * 13) & 0xfff)
  const bytes = writeDataSet(
    {
      SOPClassUID: CT_IMAGE,
      SOPInstanceUID,
      StudyInstanceUID: `2.25.1000.${study}`,
      SeriesInstanceUID: `2.25.1000.${study}.${series}`,
      PatientName: 'Müller^Anna',
      PatientID: `ID-${study}`,
      StudyDate: '20250102',
      StudyTime: '101500',
      AccessionNumber: `ACC${study}`,
      Modality: 'CT',
      SeriesNumber: series,
      InstanceNumber: n,
      ImagePositionPatient: [0, 0, n],
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      PixelSpacing: [0.5, 0.5],
      Rows: size,
      Columns: size,
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      PixelData: pixels,
      ...values,
    },
    encodingOf(TransferSyntaxUID),
  )
  const uid = values.SOPInstanceUID
  return { SOPInstanceUID: typeof uid === 'string' ? uid : SOPInstanceUID, TransferSyntaxUID, bytes }
}

/** Sends an object through the one way in, in chunks of a PDV's size. */
export async function send(store: Store, object: TestObject, origin: Origin = scanner): Promise<Received> {
  const { SOPInstanceUID, TransferSyntaxUID, bytes } = object
  const receive = store.beginReceive({ origin, SOPClassUID: CT_IMAGE, SOPInstanceUID, TransferSyntaxUID })
  // One buffer, overwritten as a socket's is: a chunk is only valid during the call.
  const socket = new Uint8Array(16_378)
  for (let at = 0; at < bytes.length; at += socket.length) {
    const part = bytes.subarray(at, at + socket.length)
    socket.set(part)
    await receive.write(socket.subarray(0, part.length))
  }
  return receive.commit()
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'isocenter-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A real store in a folder of its own, closed and removed after the test. */
export async function newStore(options: Partial<StoreOptions> = {}): Promise<{ store: Store; dataDir: string }> {
  const dataDir = options.dataDir ?? temporaryFolder()
  const store = await openStore({ graceMs: 2000, log: createLog('silent'), ...options, dataDir })
  onTestFinished(() => store.close())
  return { store, dataDir }
}

/** Two echoes of two places in one object; shared groups hold the spacing. */
export const enhancedFourFrames = ctSlice(1, {
  NumberOfFrames: 4,
  ImagePositionPatient: [],
  PixelData: new Uint16Array(64 * 64 * 4).fill(100),
  SharedFunctionalGroupsSequence: [
    {
      PixelMeasuresSequence: [{ PixelSpacing: [0.7, 0.7], SliceThickness: 2 }],
      PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
    },
  ],
  // Two echoes of two places; the window is the same in every frame, so it is told once.
  PerFrameFunctionalGroupsSequence: [0, 1, 2, 3].map(n => ({
    PlanePositionSequence: [{ ImagePositionPatient: [0, 0, 5 * (n >> 1)] }],
    MREchoSequence: [{ EffectiveEchoTime: n % 2 === 0 ? 10 : 90 }],
    FrameVOILUTSequence: [{ WindowCenter: 40, WindowWidth: 400 }],
  })),
})

/** A key object selection in a series of its own that names CT slices of one study; with a code of CID 7011 a rejection note. */
export function keyObjects(
  n: number,
  { code = '113001', study = 1, slices = [] as TestObject[], meaning = '' } = {},
): TestObject {
  const SOPInstanceUID = `2.25.1900.${study}.${n}`
  const coded = (CodeValue: string, CodeMeaning: string) => ({ CodeValue, CodingSchemeDesignator: 'DCM', CodeMeaning })
  const bytes = writeDataSet(
    {
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.59',
      SOPInstanceUID,
      StudyInstanceUID: `2.25.1000.${study}`,
      SeriesInstanceUID: `2.25.1900.${study}`,
      PatientName: 'Müller^Anna',
      PatientID: `ID-${study}`,
      StudyDate: '20250102',
      Modality: 'KO',
      InstanceNumber: n,
      ValueType: 'CONTAINER',
      ConceptNameCodeSequence: [coded(code, 'Title')],
      ContinuityOfContent: 'SEPARATE',
      CurrentRequestedProcedureEvidenceSequence: [
        {
          StudyInstanceUID: `2.25.1000.${study}`,
          ReferencedSeriesSequence: [
            {
              SeriesInstanceUID: `2.25.1000.${study}.1`,
              ReferencedSOPSequence: slices.map(slice => ({
                ReferencedSOPClassUID: CT_IMAGE,
                ReferencedSOPInstanceUID: slice.SOPInstanceUID,
              })),
            },
          ],
        },
      ],
      ContentSequence: meaning
        ? [
            {
              RelationshipType: 'HAS CONCEPT MOD',
              ValueType: 'CODE',
              ConceptNameCodeSequence: [coded('113011', 'Document Title Modifier')],
              ConceptCodeSequence: [coded('113026', meaning)],
            },
          ]
        : [],
    },
    encodingOf(TS.ExplicitVRLittleEndian),
  )
  return { SOPInstanceUID, TransferSyntaxUID: TS.ExplicitVRLittleEndian, bytes }
}

/** What a search finds: by keyword the value of each attribute, a list where there are several; names by their groups. */
export async function foundBy(read: StoreReader, query: QidoQuery): Promise<Array<Record<string, unknown>>> {
  const { json } = await read.qido(query, 'http://station')
  const results = JSON.parse(new TextDecoder().decode(json)) as DicomJson[]
  return results.map(result =>
    Object.fromEntries(
      Object.entries(result).map(([tag, { Value = [] }]) => [
        lookupTag(Number.parseInt(tag, 16))?.keyword,
        Value.length > 1 ? Value : Value[0],
      ]),
    ),
  )
}
