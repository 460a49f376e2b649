import { Enums } from '@cornerstonejs/core'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { type CatalogFrame, describeFrame } from './catalog.ts'

const { MetadataModules } = Enums

/**
 * Row and column spacing in mm, or the aspect alone. Imager Pixel Spacing is at the detector: good for the picture's
 * shape, not for measuring (PS3.3 10.7.1.3), so it does not count as calibrated.
 */
export function spacingOf(attributes: ImageAttributes): { spacing: [number, number]; calibrated: boolean } {
  const candidates = [
    [attributes.PixelSpacing, true],
    [attributes.ImagerPixelSpacing, false],
    [attributes.NominalScannedPixelSpacing, false],
    [attributes.PixelAspectRatio, false],
  ] as const
  for (const [values, calibrated] of candidates) {
    const [row = 0, column = row] = values ?? []
    if (row > 0 && column > 0) return { spacing: [row, column], calibrated }
  }
  return { spacing: [1, 1], calibrated: false }
}

/** Two unit vectors at right angles, or undefined: anything else would shear the picture. */
function usableOrientation(orientation: number[] | undefined): number[] | undefined {
  if (orientation?.length !== 6) return undefined
  const [rx, ry, rz, cx, cy, cz] = orientation as [number, number, number, number, number, number]
  const rowLength = Math.hypot(rx, ry, rz)
  const columnLength = Math.hypot(cx, cy, cz)
  const dot = rx * cx + ry * cy + rz * cz
  const near = (value: number) => Math.abs(value - 1) < 0.01
  return near(rowLength) && near(columnLength) && Math.abs(dot) < 0.01 ? orientation : undefined
}

/** Cornerstone's module of that name; what has no place in the patient lies in the plane of the screen. */
export function imagePlane({ attributes }: CatalogFrame) {
  const { spacing, calibrated } = spacingOf(attributes)
  const orientation = usableOrientation(attributes.ImageOrientationPatient)
  const position = attributes.ImagePositionPatient
  const placed = orientation !== undefined && position?.length === 3
  const imageOrientationPatient = orientation ?? [1, 0, 0, 0, 1, 0]
  return {
    frameOfReferenceUID: attributes.FrameOfReferenceUID,
    rows: attributes.Rows,
    columns: attributes.Columns,
    imageOrientationPatient,
    rowCosines: imageOrientationPatient.slice(0, 3),
    columnCosines: imageOrientationPatient.slice(3, 6),
    imagePositionPatient: placed ? position : [0, 0, 0],
    sliceThickness: attributes.SliceThickness,
    sliceLocation: attributes.SliceLocation,
    pixelSpacing: spacing,
    rowPixelSpacing: spacing[0],
    columnPixelSpacing: spacing[1],
    usingDefaultValues: !(calibrated && placed),
  }
}

/** Cornerstone's modules (PS3.3 module names) from the series manifest; everything it asks is answered from memory. */
function moduleOf(type: string, frame: CatalogFrame): unknown {
  const { manifest, instance, attributes } = frame
  switch (type) {
    case MetadataModules.IMAGE_PIXEL:
      return {
        samplesPerPixel: attributes.SamplesPerPixel ?? 1,
        photometricInterpretation: attributes.PhotometricInterpretation ?? 'MONOCHROME2',
        rows: attributes.Rows,
        columns: attributes.Columns,
        bitsAllocated: attributes.BitsAllocated,
        bitsStored: attributes.BitsStored,
        highBit: attributes.HighBit,
        pixelRepresentation: attributes.PixelRepresentation ?? 0,
        planarConfiguration: attributes.PlanarConfiguration ?? 0,
      }
    case MetadataModules.IMAGE_PLANE:
      return imagePlane(frame)
    case MetadataModules.GENERAL_SERIES:
      return {
        modality: manifest.Modality,
        seriesInstanceUID: manifest.SeriesInstanceUID,
        studyInstanceUID: manifest.StudyInstanceUID,
        seriesNumber: manifest.SeriesNumber,
        seriesDescription: manifest.SeriesDescription,
      }
    case MetadataModules.MODALITY_LUT:
      return {
        rescaleSlope: attributes.RescaleSlope ?? 1,
        rescaleIntercept: attributes.RescaleIntercept ?? 0,
        rescaleType: attributes.RescaleType,
      }
    case MetadataModules.VOI_LUT:
      return {
        windowCenter: attributes.WindowCenter,
        windowWidth: attributes.WindowWidth,
        voiLUTFunction: attributes.VOILUTFunction,
      }
    case MetadataModules.SOP_COMMON:
      return { sopClassUID: instance.SOPClassUID, sopInstanceUID: instance.SOPInstanceUID }
    case MetadataModules.TRANSFER_SYNTAX:
      return { transferSyntaxUID: instance.TransferSyntaxUID }
    case MetadataModules.CALIBRATION:
      return { sequenceOfUltrasoundRegions: attributes.SequenceOfUltrasoundRegions }
  }
  return undefined
}

/** For `metaData.addProvider`; priority above the DICOM image loader's own providers. */
export function manifestProvider(type: string, imageId: string): unknown {
  const frame = typeof imageId === 'string' ? describeFrame(imageId) : undefined
  return frame === undefined ? undefined : moduleOf(type, frame)
}
