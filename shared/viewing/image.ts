/** An item of (0040,0275). */
export interface RequestAttributes {
  ScheduledProcedureStepID: string
  RequestedProcedureID: string
}

/**
 * What a viewer must know of an image before it has a single pixel: names, units and multiplicities are those of PS3.6.
 * Every field is optional: scanners leave out anything. Numbers are parsed (DS/IS/US), never strings.
 */
export interface ImageAttributes {
  Rows?: number
  Columns?: number
  BitsAllocated?: number
  BitsStored?: number
  HighBit?: number
  PixelRepresentation?: number
  SamplesPerPixel?: number
  PhotometricInterpretation?: string
  PlanarConfiguration?: number
  /** Row spacing, column spacing, mm. */
  PixelSpacing?: number[]
  ImagerPixelSpacing?: number[]
  NominalScannedPixelSpacing?: number[]
  PixelAspectRatio?: number[]
  EstimatedRadiographicMagnificationFactor?: number
  /** x, y, z in mm, patient coordinates (LPS). */
  ImagePositionPatient?: number[]
  /** Row cosine, then column cosine. */
  ImageOrientationPatient?: number[]
  PatientOrientation?: string[]
  FrameOfReferenceUID?: string
  SliceThickness?: number
  SpacingBetweenSlices?: number
  SliceLocation?: number
  RescaleSlope?: number
  RescaleIntercept?: number
  RescaleType?: string
  RealWorldValueMappings?: RealWorldValueMapping[]
  WindowCenter?: number[]
  WindowWidth?: number[]
  WindowCenterWidthExplanation?: string[]
  VOILUTFunction?: string
  ModalityLUT?: LookupTable
  VOILUT?: LookupTable[]
  /** COLOR or MIXED: a grey image's palette is a supplemental one, to be shown (PS3.3 C.8.16.2.1.1). */
  PixelPresentation?: string
  PaletteColorLookupTable?: { red: LookupTable; green: LookupTable; blue: LookupTable }
  /** Of colours: absent where it is sRGB, which the screen is. */
  ICCProfile?: ColourProfileBytes
  /** A well-known colour space, where no profile says more exactly. */
  ColorSpace?: string
  /** The object has a profile that is not applied: of an unknown kind, too large, or one for each optical path. */
  colourProfileUnapplied?: boolean
  PixelPaddingValue?: number
  PixelPaddingRangeLimit?: number
  ImageType?: string[]
  RequestAttributesSequence?: RequestAttributes[]
  FrameTime?: number
  FrameTimeVector?: number[]
  CineRate?: number
  RecommendedDisplayFrameRate?: number
  LossyImageCompression?: string
  LossyImageCompressionRatio?: number[]
  KVP?: number
  EchoTime?: number
  RepetitionTime?: number
  ImageLaterality?: string
  ViewPosition?: string
  BurnedInAnnotation?: string
  AcquisitionNumber?: number
  ImagesInAcquisition?: number
  AcquisitionTime?: string
  ContentTime?: string
  /** Of enhanced objects: Temporal Position Index. */
  TemporalPositionIdentifier?: number
  AcquisitionDate?: string
  // What sets images apart that lie in the same place.
  EchoNumbers?: number
  InversionTime?: number
  FlipAngle?: number
  /** ms after the R wave. */
  TriggerTime?: number
  NominalCardiacTriggerDelayTime?: number
  NominalPercentageOfCardiacPhase?: number
  /** s/mm²; where it is absent, from Siemens', GE's and Philips' private elements. */
  DiffusionBValue?: number
  DiffusionGradientOrientation?: number[]
  /** PS3.3 C.7.6.16.2.2: of a frame of an enhanced object. */
  StackID?: string
  DimensionIndexValues?: number[]
  /** PET: ms from the start of the series. */
  FrameReferenceTime?: number
  SequenceOfUltrasoundRegions?: UltrasoundRegion[]
  ImageComments?: string
  /** GEOMETRY or FIDUCIAL: how a projection's Pixel Spacing came to be the patient's (PS3.3 10.7.1.3). */
  PixelSpacingCalibrationType?: string
  // PET, and what an SUV takes (PS3.3 C.8.9); the dose in Bq, the half life in s, the weight in kg.
  Units?: string
  SUVType?: string
  CorrectedImage?: string[]
  DecayCorrection?: string
  RadionuclideTotalDose?: number
  RadionuclideHalfLife?: number
  RadiopharmaceuticalStartTime?: string
  RadiopharmaceuticalStartDateTime?: string
  PatientWeight?: number
  /** m. */
  PatientSize?: number
  PatientSex?: string
  // Display shutter (PS3.3 C.7.6.11); edges, centre and vertices are rows and columns from 1.
  ShutterShape?: string[]
  ShutterLeftVerticalEdge?: number
  ShutterRightVerticalEdge?: number
  ShutterUpperHorizontalEdge?: number
  ShutterLowerHorizontalEdge?: number
  CenterOfCircularShutter?: number[]
  RadiusOfCircularShutter?: number
  VerticesOfThePolygonalShutter?: number[]
  /** P-value of 16 bits. */
  ShutterPresentationValue?: number
  /** PS3.3 C.7.6.15: the plane (0x6000, …) that is a BITMAP shutter. */
  ShutterOverlayGroup?: number
  /** The object has overlay planes (60xx): `instance.overlays` gives them. */
  overlays?: boolean
  /** Philips (7053,1000): counts to SUV by body weight. */
  PhilipsSUVScaleFactor?: number
  /** Philips (7053,1009): counts to Bq/ml. */
  PhilipsActivityScaleFactor?: number
  /** GE (0009,xx0D): when the scan began, of a series that was made from it later. */
  GEScanDateTime?: string
}

/** An ICC profile as it stands in the object, base64. */
export interface ColourProfileBytes {
  data: string
}

/** PS3.3 C.11.1.1 / C.7.6.3.1.5: `entries` values of `bits` bits, the first standing for input `first`; `data` = little-endian uint16, base64. */
export interface LookupTable {
  entries: number
  first: number
  bits: number
  data: string
  explanation?: string
}

/**
 * PS3.3 C.7.6.16.2.11: what the stored values from `first` to `last` stand for, by slope and intercept or one by one. Images may
 * have several, of other units or for other values.
 */
export interface RealWorldValueMapping {
  label: string
  /** As UCUM writes it; '' for a number without a unit. */
  unit: string
  first: number
  last: number
  slope: number
  intercept: number
  /** The value of `first`, of the next, …: in place of slope and intercept. */
  values?: number[]
}

/** PS3.3 C.8.5.5: one calibrated region; deltas are in the given physical units (3 = cm). */
export interface UltrasoundRegion {
  RegionLocationMinX0: number
  RegionLocationMinY0: number
  RegionLocationMaxX1: number
  RegionLocationMaxY1: number
  PhysicalUnitsXDirection: number
  PhysicalUnitsYDirection: number
  PhysicalDeltaX: number
  PhysicalDeltaY: number
}

/** How one frame's bytes are got from the stored data set (design: Frames). */
export type FrameAccessKind = 'range' | 'bits' | 'swap' | 'inflate' | 'stream' | 'whole'

export interface ManifestInstance {
  SOPInstanceUID: string
  SOPClassUID: string
  InstanceNumber?: number
  NumberOfFrames: number
  /** Of the bytes as stored; a `swap` or `inflate` access delivers them little endian and inflated. */
  TransferSyntaxUID: string
  /** The station's number for exactly these bytes: what the frame stream is asked by. */
  contentId: number
  access: FrameAccessKind
  /** Why there is no picture (no pixel data, a syntax without decoder, damaged); absent when it can be shown. */
  unshowable?: string
  /** What differs from the manifest's `common`. */
  attributes: ImageAttributes
  /** Enhanced multi-frame: what differs per frame (index 0 = frame 1), from the functional groups. */
  perFrame?: ImageAttributes[]
}

/** The compact series JSON: ready-made from the index, no file is parsed to answer it. Instances come by Instance Number; `displaySets` says in which stacks they are read. */
export interface SeriesManifest {
  StudyInstanceUID: string
  SeriesInstanceUID: string
  Modality: string
  SeriesNumber?: number
  SeriesDescription: string
  BodyPartExamined: string
  SeriesDate: string
  SeriesTime: string
  InstitutionName: string
  StationName: string
  Manufacturer: string
  /** The feed's position this answer is true for. */
  seq: number
  /** SYNTHETIC sample data: must be marked on the image. */
  synthetic: boolean
  common: ImageAttributes
  instances: ManifestInstance[]
}

/** The attributes of one frame: common, overridden by the instance's, overridden by the frame's. `frame` is 1-based. */
export function frameAttributes(manifest: SeriesManifest, instance: ManifestInstance, frame: number): ImageAttributes {
  return { ...manifest.common, ...instance.attributes, ...instance.perFrame?.[frame - 1] }
}
