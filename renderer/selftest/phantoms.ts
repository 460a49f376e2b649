import type { ManifestInstance, SeriesManifest } from '../../shared/viewing/image.ts'
import { PHANTOM_CASES, type PhantomCase } from '../../shared/viewing/selftest/cases.ts'
import { type PhantomFile, readPhantomFile } from '../../shared/viewing/selftest/phantomFile.ts'
import { fetchAsset } from '../client.ts'

/** Where the station has them: hashed files beside the page. */
const ADDRESSES = import.meta.glob<string>('../../resources/selftest/*.dcm', {
  query: '?url',
  import: 'default',
  eager: true,
})

async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** Rejects like `call`, and with an Error in words when the file cannot be read. */
export async function fetchPhantom({ name }: PhantomCase): Promise<PhantomFile> {
  const address = ADDRESSES[`../../resources/selftest/${name}.dcm`]
  if (address === undefined) throw new Error(`There is no phantom ${name}.`)
  return readPhantomFile(await fetchAsset(address), inflate)
}

/** A phantom as a series of one image. Its number is below 0: no image of the station's has such a one. */
export function manifestOf(one: PhantomCase, { TransferSyntaxUID, header }: PhantomFile): SeriesManifest {
  const { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, SOPClassUID, Modality, attributes } = header
  const { SeriesDescription, BodyPartExamined, SeriesDate, SeriesTime, InstitutionName } = header
  const { StationName, Manufacturer } = header
  const instance: ManifestInstance = {
    SOPInstanceUID,
    SOPClassUID,
    InstanceNumber: 1,
    NumberOfFrames: 1,
    TransferSyntaxUID,
    contentId: -1 - PHANTOM_CASES.indexOf(one),
    access: 'range',
    attributes,
  }
  const words = { SeriesDescription, BodyPartExamined, SeriesDate, SeriesTime }
  const places = { InstitutionName, StationName, Manufacturer }
  const instances = [instance]
  const uids = { StudyInstanceUID, SeriesInstanceUID }
  return { ...uids, Modality, ...words, ...places, seq: 0, synthetic: true, common: {}, instances }
}
