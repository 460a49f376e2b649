import type { DisplaySet, DisplaySetFrame } from './displaySet.ts'
import { type SetFrame, setFrames } from './displaySetFrames.ts'
import { compareContrasts, contrastOf, isMovie, type Part, type PlacedFrame, splitPhases } from './displaySetPhases.ts'
import { judgeSpacing, placesOf } from './displaySetSpacing.ts'
import { dot, type Point3, planeName } from './geometry.ts'
import type { ManifestInstance, SeriesManifest } from './image.ts'
import { isLocalizer } from './measure/scale.ts'
import { isLocalizerDescription, isSecondaryDescription, KIND_RANK } from './seriesOrder.ts'
import { WHOLE_SLIDE } from './slides/slide.ts'

/** Orientations within 1° count as the same: scanners write rounded cosines. */
const PARALLEL = Math.cos(Math.PI / 180)
/** 0.1 % of the pixel spacing is half a pixel over an image of 512: more is another scale. */
const SAME_SPACING = 0.001
/** From so many frames on, each turned about the same axis of the image, they are a turning object (projected MIPs) and read as one. */
const TURNING = 6
/** Nobody reads more orientations one by one. */
const MOST_ORIENTATIONS = 100

const SECONDARY_CAPTURE = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.|$)/
/** Pictures that are hung one by one, each a view of its own. */
const PROJECTION = new Set(['CR', 'DX', 'MG', 'IO', 'PX'])
const SECTIONS = new Set(['CT', 'MR', 'PT', 'NM'])
/** Value 3 and up of Image Type, as consoles write them. */
const SAVED_TYPE = /SCREEN ?SAVE|DOSE/
const KIND_LABEL: Record<DisplaySet['kind'], string> = {
  stack: '',
  cine: '',
  localizer: 'localizer',
  secondary: 'screen save',
  slide: 'slide',
  other: 'no picture',
}

/** A set before it has a name. */
type Draft = Omit<DisplaySet, 'id' | 'label' | 'SeriesInstanceUID'> & { parts: Part[] }

/**
 * The stacks a series is read as, in the order they are offered: split by kind, orientation, matrix, pixel spacing and frame of
 * reference, then by echo, b-value, phase and the like where each repeats the positions. Every frame with a picture stands in
 * exactly one, every instance without one in the last. In the time it takes to sort, times the number of orientations.
 */
export function displaySets(manifest: SeriesManifest): DisplaySet[] {
  const kindOf = kindsOf(manifest)
  const all = setFrames(manifest)
  const tiles = all.filter(frame => isTile(frame, manifest))
  const pictures = tiles.length === 0 ? all : all.filter(frame => !isTile(frame, manifest))
  const stacks = apart(pictures, [], traitsOf(manifest, kindOf)).flatMap(group =>
    arranged(group, kindOf(group.frames[0] as SetFrame), manifest),
  )
  const sets = [...slides(tiles, manifest), ...stacks]
  const pictureless = manifest.instances.flatMap(({ unshowable }, index) => (unshowable === undefined ? [] : [index]))
  if (pictureless.length > 0) {
    const parts = [{ name: 'kind', value: 'other', label: KIND_LABEL.other }]
    sets.push({ kind: 'other', parts, frames: [], pictureless, missing: 0, duplicated: 0, uneven: false })
  }
  sets.sort((a, b) => KIND_RANK[a.kind] - KIND_RANK[b.kind])
  return named(sets, manifest.SeriesInstanceUID)
}

// ── what never stands in one stack ──

type Kind = DisplaySet['kind']

interface Group {
  parts: Part[]
  frames: SetFrame[]
}

/** What frames of one stack have alike; frames of another value are another stack. `label` is for a person, '' where it says nothing. */
interface Trait {
  name: string
  value(frame: SetFrame): string | number
  label(frame: SetFrame): string
}

/** By all traits, in the order of their first frames. */
function apart(frames: SetFrame[], parts: Part[], traits: Trait[]): Group[] {
  const groups = new Map<string, Group>()
  for (const frame of frames) {
    let key = ''
    for (const trait of traits) key += `${trait.value(frame)}\n`
    const group = groups.get(key)
    if (group) group.frames.push(frame)
    else {
      const own = traits.map(({ name, value, label }) => ({ name, value: String(value(frame)), label: label(frame) }))
      groups.set(key, { parts: [...parts, ...own], frames: [frame] })
    }
  }
  return [...groups.values()]
}

function kindsOf({ instances, Modality, SeriesDescription }: SeriesManifest): (frame: SetFrame) => Kind {
  const isSaved = isSecondaryDescription(SeriesDescription)
  const isScout = SECTIONS.has(Modality) && isLocalizerDescription(SeriesDescription)
  return frame => {
    const { SOPClassUID = '', NumberOfFrames = 1 } = instances[frame.instance] ?? {}
    const ImageType = frame.value('ImageType')
    if (isLocalizer({ ImageType })) return 'localizer'
    if (isSaved || ImageType?.some(type => SAVED_TYPE.test(type))) return 'secondary'
    if (!frame.place && SECONDARY_CAPTURE.test(SOPClassUID)) return 'secondary'
    if (isScout) return 'localizer'
    return !frame.place && NumberOfFrames > 1 && Modality !== 'SM' ? 'cine' : 'stack'
  }
}

function traitsOf({ instances, Modality }: SeriesManifest, kindOf: (frame: SetFrame) => Kind): Trait[] {
  const views = PROJECTION.has(Modality)
  const instance = (frame: SetFrame) => instances[frame.instance] as ManifestInstance
  const standsAlone = (frame: SetFrame) => !frame.place && (views || instance(frame).NumberOfFrames > 1)
  const number = (frame: SetFrame) => instance(frame).InstanceNumber ?? ''
  const viewOf = ({ value }: SetFrame) => [value('ImageLaterality'), value('ViewPosition')].filter(Boolean).join(' ')
  // Screen saves have the size of whatever window was saved.
  const sizeOf = (frame: SetFrame) =>
    kindOf(frame) === 'secondary' ? '' : `${frame.value('Columns') ?? 0} × ${frame.value('Rows') ?? 0}`
  const colourOf = (frame: SetFrame) =>
    kindOf(frame) !== 'secondary' && (frame.value('SamplesPerPixel') ?? 1) > 1 ? 'colour' : ''
  const beside = (frame: SetFrame) => besideOf(frame, { instances })
  return [
    { name: 'kind', value: kindOf, label: frame => KIND_LABEL[kindOf(frame)] },
    { name: 'beside', value: beside, label: beside },
    { name: 'view', value: viewOf, label: viewOf },
    {
      name: 'single',
      value: frame => (standsAlone(frame) ? frame.instance : ''),
      label: frame =>
        standsAlone(frame) ? `${kindOf(frame) === 'cine' ? 'clip' : 'image'} ${number(frame)}`.trimEnd() : '',
    },
    {
      name: 'placed',
      value: frame => (frame.place ? 1 : 0),
      label: frame => (frame.place ? '' : 'without position'),
    },
    { name: 'size', value: sizeOf, label: sizeOf },
    { name: 'colour', value: colourOf, label: colourOf },
    {
      name: 'frame of reference',
      value: frame => (frame.place && frame.value('FrameOfReferenceUID')) ?? '',
      label: () => '',
    },
  ]
}

function arranged(group: Group, kind: Kind, manifest: SeriesManifest): Draft[] {
  const { frames, parts } = group
  const orientations = frames[0]?.place && clustered(frames, isSameOrientation)
  if (!orientations || isTurning(frames, orientations)) return [inSequence(group, kind)]
  const spacings = clustered(frames, isSameSpacing)
  const stacks = stackIDs(frames)
  const at = new Map(frames.map((frame, index) => [frame, index]))
  const of = <T>(values: T[] | undefined, frame: SetFrame) => values?.[at.get(frame) ?? 0]
  const stackOf = (frame: SetFrame) => of(stacks, frame) ?? ''
  return apart(frames, parts, [
    {
      name: 'orientation',
      value: frame => of(orientations, frame) ?? 0,
      label: ({ place }) => (place ? planeName(place.normal) : ''),
    },
    {
      name: 'spacing',
      value: frame => of(spacings, frame) ?? 0,
      label: frame => `${Number((frame.value('PixelSpacing')?.[0] ?? 0).toPrecision(3))} mm`,
    },
    { name: 'stack', value: stackOf, label: frame => (stackOf(frame) ? `stack ${stackOf(frame)}` : '') },
  ]).flatMap(same => parallel(same, kind, manifest))
}

/** For each frame the number of the first that is like it; undefined when more than MOST_ORIENTATIONS differ. */
function clustered(frames: SetFrame[], isSame: (a: SetFrame, b: SetFrame) => boolean): number[] | undefined {
  const firsts: SetFrame[] = []
  const numbers: number[] = []
  let latest = 0
  for (const frame of frames) {
    const known =
      firsts[latest] && isSame(firsts[latest] as SetFrame, frame)
        ? latest
        : firsts.findIndex(first => isSame(first, frame))
    latest = known < 0 ? firsts.push(frame) - 1 : known
    if (firsts.length > MOST_ORIENTATIONS) return undefined
    numbers.push(latest)
  }
  return numbers
}

function isSameOrientation({ place: a }: SetFrame, { place: b }: SetFrame): boolean {
  return a !== undefined && b !== undefined && dot(a.row, b.row) >= PARALLEL && dot(a.column, b.column) >= PARALLEL
}

function isTurning(frames: SetFrame[], orientations: number[]): boolean {
  if (frames.length < TURNING || new Set(orientations).size < frames.length) return false
  const first = frames[0]?.place
  return (['row', 'column'] as const).some(axis =>
    frames.every(
      ({ place }) => first !== undefined && place !== undefined && dot(place[axis], first[axis]) >= PARALLEL,
    ),
  )
}

function isSameSpacing(a: SetFrame, b: SetFrame): boolean {
  const [first = [], second = []] = [a.value('PixelSpacing'), b.value('PixelSpacing')]
  const isSame = (one = 0, other = 0) => Math.abs(one - other) <= SAME_SPACING * Math.max(one, other)
  return first.length === second.length && isSame(first[0], second[0]) && isSame(first[1], second[1])
}

/** PS3.3 C.7.6.16.2.2.4; a maker who names nearly every frame a stack of its own says nothing by it. */
function stackIDs(frames: SetFrame[]): string[] {
  const ids = frames.map(frame => frame.value('StackID') ?? '')
  return new Set(ids).size * 2 > frames.length ? ids.map(() => '') : ids
}

// ── within a stack ──

/** Frames without a common direction, as they were made. */
function inSequence({ parts, frames }: Group, kind: Kind): Draft {
  const listed = frames.map(({ instance, frame }): DisplaySetFrame => ({ instance, frame }))
  return { kind, parts, frames: listed, pictureless: [], missing: 0, duplicated: 0, uneven: false }
}

function parallel({ parts, frames }: Group, kind: Kind, manifest: SeriesManifest): Draft[] {
  const normal = frames[0]?.place?.normal ?? [0, 0, 1]
  const positions = frames.map(({ place }) => (place ? dot(place.position, normal) : 0))
  const places = placesOf(positions)
  const placed = frames.map(
    (frame, index): PlacedFrame => ({ frame, place: places[index] ?? 0, position: positions[index] ?? 0 }),
  )
  return splitPhases(placed).map(phase => ({
    ...stack(phase.frames, phase.repeated, normal, manifest),
    kind:
      kind === 'stack' && new Set(phase.frames.map(({ place }) => place)).size === 1 && isMovie(phase.frames)
        ? 'cine'
        : kind,
    parts: [...parts, ...phase.parts],
  }))
}

/** By place, then contrast, then turn; the end that was made first comes first. */
function stack(
  frames: PlacedFrame[],
  repeated: boolean,
  normal: Point3,
  { instances }: SeriesManifest,
): Omit<Draft, 'kind' | 'parts'> {
  const direction = madeUpwards(frames) ? 1 : -1
  const sorted = [...frames].sort(
    (a, b) =>
      (a.place - b.place) * direction ||
      compareContrasts(a, b) ||
      a.frame.turn - b.frame.turn ||
      compareUIDs(instances[a.frame.instance], instances[b.frame.instance]),
  )
  const firsts = sorted.filter((frame, index) => frame.place !== sorted[index - 1]?.place)
  const { spacing, missing, uneven, marks } = judgeSpacing(firsts.map(({ position }) => position))
  const gaps = new Map(firsts.map((frame, index) => [frame, marks[index]]))
  const twins = duplicates(repeated || firsts.length === sorted.length ? [] : sorted)
  return {
    frames: sorted.map(each => {
      const { frame, position } = each
      const found: DisplaySetFrame['marks'] = [
        ...(twins.all.has(each) ? (['duplicate'] as const) : []),
        ...[gaps.get(each) ?? []].flat(),
      ]
      return { instance: frame.instance, frame: frame.frame, position, ...(found.length > 0 && { marks: found }) }
    }),
    pictureless: [],
    normal: [...normal],
    ...(spacing !== undefined && { spacing }),
    missing,
    duplicated: twins.surplus,
    uneven,
  }
}

function compareUIDs(a: ManifestInstance | undefined, b: ManifestInstance | undefined): number {
  const [first = '', second = ''] = [a?.SOPInstanceUID, b?.SOPInstanceUID]
  return first < second ? -1 : first > second ? 1 : 0
}

/** Whether place and turn grow together; so too when nothing is known of the turns. */
function madeUpwards(frames: readonly PlacedFrame[]): boolean {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [place, turn] = [mean(frames.map(each => each.place)), mean(frames.map(each => each.frame.turn))]
  return frames.reduce((sum, each) => sum + (each.place - place) * (each.frame.turn - turn), 0) >= 0
}

/** Frames that show the same in the same place, and how many too many they are. */
function duplicates(sorted: PlacedFrame[]): { all: Set<PlacedFrame>; surplus: number } {
  const all = new Set<PlacedFrame>()
  let surplus = 0
  const seen = new Map<string, PlacedFrame>()
  let place: number | undefined
  for (const each of sorted) {
    if (each.place !== place) seen.clear()
    place = each.place
    const contrast = contrastOf(each.frame)
    const twin = seen.get(contrast)
    if (twin) {
      all.add(twin).add(each)
      surplus++
    } else seen.set(contrast, each)
  }
  return { all, surplus }
}

// ── slides ──

/** PS3.3 C.8.12.4.1.1: pictures beside the slide's own. In one piece they are hung as such. */
const BESIDE = new Set(['LABEL', 'OVERVIEW', 'LOCALIZER'])

/** 'label', 'overview'; '' of the slide itself, and of what is no slide. */
function besideOf(frame: SetFrame, { instances }: Pick<SeriesManifest, 'instances'>): string {
  const flavour = instances[frame.instance]?.SOPClassUID === WHOLE_SLIDE ? frame.value('ImageType')?.[2] : undefined
  return flavour !== undefined && BESIDE.has(flavour) ? flavour.toLowerCase() : ''
}

function isTile(frame: SetFrame, manifest: SeriesManifest): boolean {
  const { SOPClassUID, NumberOfFrames } = manifest.instances[frame.instance] as ManifestInstance
  return SOPClassUID === WHOLE_SLIDE && (NumberOfFrames > 1 || besideOf(frame, manifest) === '')
}

/** Levels of one frame of reference are one slide; a label in tiles is one of its own. */
function slides(tiles: SetFrame[], manifest: SeriesManifest): Draft[] {
  const { instances } = manifest
  const beside = (frame: SetFrame) => besideOf(frame, manifest)
  const traits: Trait[] = [
    { name: 'kind', value: () => 'slide', label: () => KIND_LABEL.slide },
    { name: 'beside', value: beside, label: beside },
    { name: 'frame of reference', value: frame => frame.value('FrameOfReferenceUID') ?? '', label: () => '' },
  ]
  const tilesOf = (index: number) => instances[index]?.NumberOfFrames ?? 0
  return apart(tiles, [], traits).map(({ parts, frames }): Draft => {
    const levels = [...new Set(frames.map(({ instance }) => instance))].sort((a, b) => tilesOf(b) - tilesOf(a))
    return { kind: 'slide', parts, frames: [], pictureless: levels, missing: 0, duplicated: 0, uneven: false }
  })
}

// ── names ──

/** So many characters of a part are told; the rest is a maker's prose. */
const LABEL_LENGTH = 40

/** Each set by the fewest words that tell it from its neighbours, else by a number; one set alone by the series' UID. */
function named(drafts: Draft[], SeriesInstanceUID: string): DisplaySet[] {
  const names = [...new Set(drafts.flatMap(({ parts }) => parts.map(({ name }) => name)))]
  const partOf = (draft: Draft, name: string) => draft.parts.find(part => part.name === name)
  const telling = new Set<string>()
  let keys = drafts.map(() => '')
  // What reads differently first; then what is different although it reads alike.
  for (const field of ['label', 'value'] as const) {
    for (const name of names) {
      const longer = drafts.map((draft, index) => `${keys[index]}|${partOf(draft, name)?.[field] ?? ''}`)
      if (new Set(longer).size === new Set(keys).size) continue
      keys = longer
      telling.add(name)
    }
  }
  const taken = new Map<string, number>()
  return drafts.map(({ parts: _parts, ...set }, index) => {
    const draft = drafts[index] as Draft
    const words = names
      .filter(name => telling.has(name))
      .flatMap(name => partOf(draft, name)?.label.slice(0, LABEL_LENGTH) || [])
    const plain = words.join(' · ')
    const count = (taken.get(plain) ?? 0) + 1
    taken.set(plain, count)
    const label = count === 1 ? plain : plain ? `${plain} (${count})` : `part ${count}`
    const id = drafts.length === 1 ? SeriesInstanceUID : `${SeriesInstanceUID}#${label || set.kind}`
    return { id, SeriesInstanceUID, ...set, label: drafts.length === 1 ? '' : label }
  })
}
