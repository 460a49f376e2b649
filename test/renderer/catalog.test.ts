import { expect, test } from 'vitest'
import { catalogSeries, describeFrame } from '../../renderer/viewer/catalog.ts'
import { displaySets } from '../../shared/viewing/displaySets.ts'
import type { ManifestInstance, SeriesManifest } from '../../shared/viewing/image.ts'

function instance(contentId: number, Columns: number): ManifestInstance {
  return {
    SOPInstanceUID: `2.25.${contentId}`,
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    InstanceNumber: contentId,
    NumberOfFrames: 1,
    TransferSyntaxUID: '1.2.840.10008.1.2.1',
    contentId,
    access: 'range',
    attributes: { Columns, ImagePositionPatient: [0, 0, contentId] },
  }
}

const manifest: SeriesManifest = {
  StudyInstanceUID: '2.25.1',
  SeriesInstanceUID: '2.25.2',
  Modality: 'CT',
  SeriesDescription: '',
  BodyPartExamined: '',
  SeriesDate: '',
  SeriesTime: '',
  InstitutionName: '',
  StationName: '',
  Manufacturer: '',
  seq: 1,
  synthetic: false,
  common: { Rows: 512, ImageOrientationPatient: [1, 0, 0, 0, 1, 0], PixelSpacing: [1, 1] },
  instances: [instance(11, 512), instance(12, 20_000)],
}

test('every frame is known to the loader with its own attributes', () => {
  const stacks = catalogSeries(manifest, displaySets(manifest))
  expect(stacks.flatMap(stack => stack.imageIds).sort()).toEqual(['iso:11:1', 'iso:12:1'])
  expect(describeFrame('iso:12:1')?.attributes).toMatchObject({ Columns: 20_000, Rows: 512 })
})

test('an object without a picture is reached, and says why, but stands in no stack', () => {
  const report = { ...instance(13, 0), unshowable: 'There is no picture in it.' }
  const stacks = catalogSeries(
    { ...manifest, instances: [instance(11, 512), report] },
    displaySets({ ...manifest, instances: [instance(11, 512), report] }),
  )
  const [stack] = stacks
  expect(stack?.imageIds).toEqual(['iso:11:1'])
  expect(stack?.entries).toHaveLength(1)
  expect(stacks.flatMap(one => one.entries).map(entry => entry.unshowable)).toContain('There is no picture in it.')
})
