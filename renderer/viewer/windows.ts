import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { msg, t } from '../i18n/index.ts'

/** A window in modality units, as stored (PS3.3 C.11.2.1.2). */
export interface Window {
  center: number
  width: number
  label: string
}

/** The values shown black and white. All three VOI LUT functions are driven by it; LINEAR's half units are in it. */
export interface VoiRange {
  lower: number
  upper: number
}

/** PS3.3 C.11.2.1.2.1 for LINEAR; LINEAR_EXACT and SIGMOID span center ± width / 2 (C.11.2.1.3). */
export function windowToRange(
  { center, width }: Pick<Window, 'center' | 'width'>,
  VOILUTFunction = 'LINEAR',
): VoiRange {
  if (VOILUTFunction === 'LINEAR_EXACT' || VOILUTFunction === 'SIGMOID') {
    return { lower: center - width / 2, upper: center + width / 2 }
  }
  // A width below 1 is no LINEAR one (C.11.2.1.2.1); files of small real values have them and mean the exact function.
  if (width < 1) return { lower: center - width / 2, upper: center + width / 2 }
  return { lower: center - 0.5 - (width - 1) / 2, upper: center - 0.5 + (width - 1) / 2 }
}

export function rangeToWindow({ lower, upper }: VoiRange, VOILUTFunction = 'LINEAR'): Pick<Window, 'center' | 'width'> {
  if (VOILUTFunction === 'LINEAR_EXACT' || VOILUTFunction === 'SIGMOID') {
    return { center: (lower + upper) / 2, width: upper - lower }
  }
  return { center: (lower + upper) / 2 + 0.5, width: upper - lower + 1 }
}

/** What the file stores, by its own explanation; windows of no width are left out. */
export function storedWindows(attributes: ImageAttributes): Window[] {
  const { WindowCenter = [], WindowWidth = [], WindowCenterWidthExplanation = [] } = attributes
  return WindowCenter.flatMap((center, index) => {
    const width = WindowWidth[index]
    if (width === undefined || !(width > 0)) return []
    return [
      {
        center,
        width,
        label: WindowCenterWidthExplanation[index]?.trim() || t('Stored {{number}}', { number: index + 1 }),
      },
    ]
  })
}

/** The digits' windows for CT, in HU: values in common clinical use. */
const CT: Window[] = [
  { label: msg('Abdomen'), center: 60, width: 400 },
  { label: msg('Lung'), center: -600, width: 1500 },
  { label: msg('Bone'), center: 450, width: 1800 },
  { label: msg('Brain'), center: 40, width: 80 },
  { label: msg('Mediastinum'), center: 40, width: 400 },
  { label: msg('Liver'), center: 100, width: 150 },
  { label: msg('Stroke'), center: 35, width: 30 },
  { label: msg('Angio'), center: 300, width: 600 },
  { label: 'Wide', center: 0, width: 2000 },
]

/** What the digits 1 to 9 mean for a modality: CT has presets, everything else its stored windows. */
export function windowPresets(Modality: string, attributes: ImageAttributes): Window[] {
  return Modality === 'CT' ? CT : storedWindows(attributes).slice(0, 9)
}

/** The range an image opens with: as stored, else the whole of its values. */
export function initialRange(attributes: ImageAttributes, values: { min: number; max: number }): VoiRange {
  const [stored] = storedWindows(attributes)
  if (stored !== undefined) return windowToRange(stored, attributes.VOILUTFunction)
  return values.max > values.min
    ? { lower: values.min, upper: values.max }
    : { lower: values.min - 0.5, upper: values.max + 0.5 }
}

/** Right = wider, down = higher centre; a drag across the pane is the image's full range. */
export function dragWindow(range: VoiRange, full: number, dx: number, dy: number): VoiRange {
  const smallest = full > 16 ? 1 : full / 1000 || 1e-6
  const width = Math.max(smallest, range.upper - range.lower + dx * full)
  const center = (range.lower + range.upper) / 2 + dy * full
  return { lower: center - width / 2, upper: center + width / 2 }
}
