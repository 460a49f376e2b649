import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { partsOf, regionsOf } from '../../shared/viewing/bodyParts.ts'
import { uprightBreast, wallCentre } from '../../shared/viewing/hanging/breast.ts'
import { layoutAt } from '../../shared/viewing/hanging/chosenLayouts.ts'
import { earlierStudies } from '../../shared/viewing/hanging/earlier.ts'
import type { PatientFacts, SetFacts, StudyFacts } from '../../shared/viewing/hanging/facts.ts'
import { judgeProtocols } from '../../shared/viewing/hanging/match.ts'
import { placeStage } from '../../shared/viewing/hanging/place.ts'
import { hangingProtocols, readProtocols } from '../../shared/viewing/hanging/rules.ts'
import { protocolOf, tryProtocol } from '../../shared/viewing/hanging/save.ts'
import { contrastSaid, planeSaid, wordsOf } from '../../shared/viewing/hanging/words.ts'

const FILE = path.resolve(import.meta.dirname, '../../resources/hangingProtocols.json')
const SHIPPED = hangingProtocols.parse(JSON.parse(readFileSync(FILE, 'utf8')))

type Given = Partial<SetFacts> & { says?: string }

/** A study of a generated patient: each set by its name, which is its id. */
function study(
  uid: string,
  date: string,
  description: string,
  Modality: string,
  sets: Record<string, Given>,
): StudyFacts {
  const words = wordsOf(description)
  return {
    StudyInstanceUID: uid,
    date,
    modalities: [...new Set([Modality, ...Object.values(sets).map(one => one.Modality ?? Modality)])],
    words,
    regions: regionsOf(words),
    sets: Object.entries(sets).map(([id, { says = id, ...given }]): SetFacts => {
      const own = wordsOf(says)
      return {
        StudyInstanceUID: uid,
        SeriesInstanceUID: id,
        id,
        Modality,
        words: own,
        regions: regionsOf(own),
        kind: 'stack',
        images: 100,
        several: false,
        known: true,
        plane: planeSaid(own),
        laterality: undefined,
        view: undefined,
        imageType: undefined,
        thickness: undefined,
        contrast: contrastSaid(own),
        ...given,
      }
    }),
  }
}

const patientOf = (current: StudyFacts, ...priors: StudyFacts[]): PatientFacts => ({
  current,
  priors,
  displays: 1,
  windows: 1,
})

/** The protocol that is hung, and what each of its stages that can be filled shows, by pane. */
function hung(patient: PatientFacts): Record<string, string[]> & { protocol?: never } {
  const [best] = judgeProtocols([], SHIPPED, patient)
  if (best === undefined || best.refusal !== '') return {}
  return Object.fromEntries(
    best.stages.map(at => {
      const stage = best.protocol.stages[at]!
      const tiles = placeStage(stage, patient).map(one => (one.kind === 'hang' ? one.set.id : one.kind))
      return [`${best.protocol.id}: ${stage.name}`, tiles]
    }),
  )
}

const breast = (uid: string, date: string, p: string) =>
  study(uid, date, 'Screening', 'MG', {
    [`${p}LMLO`]: { laterality: 'L', view: 'MLO', images: 1, says: '' },
    [`${p}RMLO`]: { laterality: 'R', view: 'MLO', images: 1, says: '' },
    [`${p}LCC`]: { laterality: 'L', view: 'CC', images: 1, says: '' },
    [`${p}RCC`]: { laterality: 'R', view: 'CC', images: 1, says: '' },
  })
const clips = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`clip${at + 1}`, { kind: 'cine' as const, says: '' }]))

/** Every protocol that ships against a patient it is for: the tiles of each stage that can be filled. */
const CASES: Array<{ name: string; patient: PatientFacts; tiles: Record<string, string[]> }> = [
  {
    name: 'CT chest with a prior',
    patient: patientOf(
      study('now', '20260601', 'CT Thorax', 'CT', {
        scout: { kind: 'localizer' },
        soft: { says: 'AX 1.0 Br40', images: 300 },
        thick: { says: 'AX 5.0 Br40', images: 60 },
        lung: { says: 'AX Lungenfenster', images: 280 },
        coronal: { says: 'COR Br40', images: 120 },
      }),
      study('old', '20250601', 'Thorax-CT', 'CT', { oldLung: { says: 'ax lung' }, oldSoft: { says: 'ax 1.0 br40' } }),
    ),
    tiles: {
      'ct-chest: Soft tissue and lung': ['soft', 'lung'],
      'ct-chest: Axial': ['soft'],
      'ct-chest: With prior': ['soft', 'oldSoft'],
      'ct-chest: Three planes': ['soft', 'soft', 'soft', 'soft'],
    },
  },
  {
    name: 'CT abdomen',
    patient: patientOf(
      study('now', '20260601', 'Abdomen/Pelvis', 'CT', {
        native: { says: 'ax native' },
        venous: { says: 'ax venous', images: 90 },
        coronal: { says: 'cor venous' },
      }),
    ),
    tiles: {
      'ct-abdomen: Axial and coronal': ['venous', 'coronal'],
      'ct-abdomen: Axial': ['venous'],
      'ct-abdomen: Three planes': ['venous', 'venous', 'venous', 'venous'],
    },
  },
  {
    name: 'CT head',
    patient: patientOf(
      study('now', '20260601', 'Schädel nativ', 'CT', {
        brain: { says: 'ax J40s' },
        bone: { says: 'ax Knochen H70h' },
      }),
    ),
    tiles: {
      'ct-head: Brain and bone': ['brain', 'bone'],
      'ct-head: Axial': ['brain'],
      'ct-head: Three planes': ['brain', 'brain', 'brain', 'brain'],
    },
  },
  {
    name: 'CT spine',
    patient: patientOf(
      study('now', '20260601', 'CT LWS', 'CT', {
        axial: { says: 'ax bone' },
        sagittal: { says: 'sag bone' },
        coronal: { says: 'cor bone' },
      }),
    ),
    tiles: {
      'ct-spine: Sagittal, coronal and axial': ['sagittal', 'coronal', 'axial'],
      'ct-spine: Axial': ['axial'],
      'ct-spine: Three planes': ['axial', 'axial', 'axial', 'axial'],
    },
  },
  {
    name: 'MR brain',
    patient: patientOf(
      study('now', '20260601', 'MRT Kopf', 'MR', {
        t2: { says: 't2_tse_tra' },
        flair: { says: 't2_flair_tra' },
        dwi: { says: 'ep2d_diff_b1000' },
        adc: { says: 'ep2d_diff ADC' },
        t1: { says: 't1_mprage_sag' },
        t1km: { says: 't1_mprage_sag +KM' },
      }),
    ),
    tiles: {
      'mr-brain: T2, FLAIR, diffusion and T1': ['t2', 'flair', 'dwi', 't1km'],
      'mr-brain: FLAIR and diffusion': ['flair', 'dwi'],
      'mr-brain: T1 before and after contrast': ['t1', 't1km'],
    },
  },
  {
    name: 'MR spine with a prior',
    patient: patientOf(
      study('now', '20260601', 'Lumbar spine', 'MR', {
        t1: { says: 'Sag T1' },
        t2: { says: 'Sag T2' },
        stir: { says: 'Sag STIR' },
        axial: { says: 'Ax T2' },
      }),
      study('old', '20200101', 'MR lumbar spine', 'MR', { oldT1: { says: 'Sag T1' }, oldT2: { says: 'Sag T2' } }),
    ),
    tiles: {
      'mr-spine: Sagittal T2 and T1': ['t2', 't1'],
      'mr-spine: Sagittal T2, STIR and axial': ['t2', 'stir', 'axial'],
      'mr-spine: Sagittal and axial': ['t1', 'axial'],
      'mr-spine: With prior': ['t2', 'oldT2'],
    },
  },
  {
    name: 'MR knee',
    patient: patientOf(
      study('now', '20260601', 'Knee left', 'MR', {
        sag: { says: 'PD FS sag' },
        cor: { says: 'PD FS cor' },
        ax: { says: 'PD FS ax' },
        t1: { says: 'T1 cor' },
      }),
    ),
    tiles: {
      'mr-joint: Three planes': ['sag', 'cor', 'ax'],
      'mr-joint: T1 and fat suppressed': ['t1', 'sag'],
      'mr-joint: Sagittal and coronal': ['sag', 'cor'],
    },
  },
  {
    name: 'mammography with a prior that lacks a view',
    patient: patientOf(breast('now', '20260601', ''), {
      ...breast('old', '20240601', 'old '),
      sets: breast('old', '20240601', 'old ').sets!.filter(({ id }) => id !== 'old LCC'),
    }),
    tiles: {
      'mg-screening: CC with prior above': ['old RCC', 'none', 'RCC', 'LCC'],
      'mg-screening: MLO with prior above': ['old RMLO', 'old LMLO', 'RMLO', 'LMLO'],
      'mg-screening: Four views with prior above': [
        ...['old RCC', 'none', 'old RMLO', 'old LMLO'],
        ...['RCC', 'LCC', 'RMLO', 'LMLO'],
      ],
      'mg-screening: CC': ['RCC', 'LCC'],
      'mg-screening: MLO': ['RMLO', 'LMLO'],
      'mg-screening: Four views': ['RCC', 'LCC', 'RMLO', 'LMLO'],
    },
  },
  {
    name: 'chest radiograph with a prior of another machine',
    patient: patientOf(
      study('now', '20260601', 'Chest 2 views', 'DX', {
        lateral: { view: 'LL', images: 1, says: '' },
        pa: { view: 'PA', images: 1, says: '' },
      }),
      study('old', '20260101', 'Thorax', 'CR', { bedside: { images: 1, says: 'AP' } }),
    ),
    tiles: {
      'dx-chest: Frontal, prior and lateral': ['pa', 'bedside', 'lateral'],
      'dx-chest: Frontal and lateral': ['pa', 'lateral'],
      'dx-chest: Frontal and prior': ['pa', 'bedside'],
      'dx-chest: Frontal': ['pa'],
    },
  },
  {
    name: 'radiograph of a hand',
    patient: patientOf(study('now', '20260601', 'Hand links', 'CR', { dp: { images: 1 }, oblique: { images: 1 } })),
    tiles: { 'dx-bones: Two views': ['dp', 'oblique'], 'dx-bones: One view': ['dp'] },
  },
  {
    name: 'ultrasound',
    patient: patientOf(study('now', '20260601', 'Abdomen', 'US', clips(7))),
    tiles: {
      'us: Nine': ['clip1', 'clip2', 'clip3', 'clip4', 'clip5', 'clip6', 'clip7', 'none', 'none'],
      'us: Four': ['clip1', 'clip2', 'clip3', 'clip4'],
      'us: Two': ['clip1', 'clip2'],
      'us: One': ['clip1'],
    },
  },
  {
    name: 'angiography',
    patient: patientOf(
      study('now', '20260601', 'Coronary', 'XA', { still: { images: 1 }, run: { kind: 'cine', images: 60 } }),
    ),
    tiles: { 'xa: Runs': ['run'], 'xa: Two runs': ['still', 'run'] },
  },
  {
    name: 'PET/CT',
    patient: patientOf(
      study('now', '20260601', 'FDG PET-CT whole body', 'PT', {
        ct: { Modality: 'CT', says: 'CT WB 3.0' },
        nac: { says: 'PET NAC' },
        pet: { says: 'PET corrected' },
      }),
    ),
    tiles: {
      'pet-ct: PET, CT, fused and MIP': ['pet', 'ct', 'ct', 'pet'],
      'pet-ct: PET and CT': ['pet', 'ct'],
      'pet-ct: Fused': ['ct'],
    },
  },
]

describe('what ships', () => {
  test.each(CASES)('$name', ({ patient, tiles }) => {
    expect(hung(patient)).toEqual(tiles)
  })

  test('every protocol is among them', () => {
    const seen = new Set(CASES.flatMap(({ tiles }) => Object.keys(tiles).map(name => name.split(':')[0])))
    expect(SHIPPED.map(({ id }) => id).filter(id => !seen.has(id))).toEqual([])
  })

  test('a study of one series is never hung in more panes than it fills', () => {
    const one = patientOf(study('now', '20260601', 'CT chest', 'CT', { only: { images: 10, says: 'chest' } }))
    expect(hung(one)).toEqual({})
    const axial = patientOf(study('now', '20260601', 'CT chest', 'CT', { only: { images: 10, says: 'ax chest' } }))
    expect(hung(axial)).toEqual({ 'ct-chest: Axial': ['only'] })
  })

  test('a study nothing is said of is hung as without protocols', () => {
    expect(hung(patientOf(study('now', '20260601', '', 'CT', { a: {}, b: {} })))).toEqual({})
    expect(hung(patientOf(study('now', '20260601', 'Slide', 'SM', { a: {} })))).toEqual({})
  })
})

describe('what is not known yet', () => {
  const unknown = { known: false, plane: undefined, says: '' }

  test('is asked for, the likely first, and never guessed', () => {
    const ct = study('now', '20260601', 'CT chest', 'CT', { few: { ...unknown, images: 30 }, many: { ...unknown } })
    const stage = SHIPPED.find(({ id }) => id === 'ct-chest')!.stages.find(({ name }) => name === 'Axial')!
    expect(placeStage(stage, patientOf(ct))).toEqual([{ kind: 'wait', study: 'now', series: 'many' }])
    ct.sets![1] = { ...ct.sets![1]!, known: true, plane: 'coronal' }
    expect(placeStage(stage, patientOf(ct))).toEqual([{ kind: 'wait', study: 'now', series: 'few' }])
    ct.sets![0] = { ...ct.sets![0]!, known: true, plane: 'axial' }
    expect(placeStage(stage, patientOf(ct))[0]).toMatchObject({ kind: 'hang', set: { id: 'few' } })
  })

  test('a view that is known hangs while the others are on their way, and stays', () => {
    const mg = breast('now', '20260601', '')
    mg.sets = mg.sets!.map(set =>
      set.id === 'LCC' ? set : { ...set, known: false, laterality: undefined, view: undefined },
    )
    const stage = SHIPPED.find(({ id }) => id === 'mg-screening')!.stages.find(({ name }) => name === 'CC')!
    const first = placeStage(stage, patientOf(mg))
    expect(first.map(({ kind }) => kind)).toEqual(['wait', 'hang'])
    const fixed = [undefined, first[1]?.kind === 'hang' ? first[1].set : undefined]
    const whole = placeStage(stage, patientOf(breast('now', '20260601', '')), fixed)
    expect(whole.map(one => one.kind === 'hang' && one.set.id)).toEqual(['RCC', 'LCC'])
  })

  test('a prior that is known by its study alone is waited for; without one the stage is not offered', () => {
    const now = study('now', '20260601', 'Thorax', 'CR', { pa: { images: 1, says: 'pa' } })
    const old = { ...study('old', '20250601', 'Thorax', 'CR', {}), sets: undefined }
    const [best] = judgeProtocols([], SHIPPED, patientOf(now, old))
    const stage = best!.protocol.stages[best!.stages[0]!]!
    expect(stage.name).toBe('Frontal and prior')
    expect(placeStage(stage, patientOf(now, old))[1]).toEqual({ kind: 'wait', study: 'old' })
    expect(Object.keys(hung(patientOf(now)))).toEqual(['dx-chest: Frontal'])
  })
})

test('words without accents, in the reader’s language; short ones only whole', () => {
  expect(regionsOf(wordsOf('CT SCHÄDEL'))).toEqual(['head'])
  expect(regionsOf(wordsOf('TAP +C'))).toEqual(['chest', 'abdomen'])
  expect(regionsOf(wordsOf('Hémithorax'))).toEqual([])
  expect(regionsOf(wordsOf('Légère'))).toEqual([])
  expect(regionsOf(wordsOf('MR thoracic spine'))).toEqual(['spine'])
  // One list: what protocols tell apart roughly, priors are compared by in parts.
  expect(regionsOf(wordsOf('MR Kniegelenk links'))).toEqual(['extremity'])
  expect([...partsOf(['MR Kniegelenk links'])]).toEqual(['knee'])
  expect([...partsOf(['MR HÜFTE', 'CT hueft'])]).toEqual(['hip'])
  expect([...partsOf(['CT TAP'])]).toEqual(['chest', 'abdomen'])
  expect(regionsOf(wordsOf('CT NNH'))).toEqual([])
  expect(partsOf(['CT thoracic angio'])).toEqual(partsOf(['CT chest']))
  expect(planeSaid(wordsOf('t2_tse_sag_fs'))).toBe('sagittal')
  expect(planeSaid(wordsOf('sag cor'))).toBeUndefined()
  expect(planeSaid(wordsOf('axillary'))).toBeUndefined()
  expect(contrastSaid(wordsOf('t1+gd'))).toBe(true)
  expect(contrastSaid(wordsOf('without contrast'))).toBe(false)
})

test('a pane whose prior hangs in another pane says in which', () => {
  const prior = study('2', '20250101', 'CT chest', 'CT', { old: {} })
  const patient = patientOf(study('1', '20260101', 'CT chest', 'CT', { now: {} }), prior)
  const rule = { nth: 1, sameModality: true, sameRegion: true }
  const pane = { prior: rule, take: [{ modality: ['CT'] }] }
  const placed = placeStage(
    { name: 'two', rows: 1, columns: 3, panes: [{ take: [{ modality: ['CT'] }] }, pane, pane] },
    patient,
  )
  expect(placed.map(one => (one.kind === 'hang' ? one.set.id : one.kind))).toEqual(['now', 'old', 'none'])
  expect(placed[2]).toMatchObject({ words: expect.stringContaining('it hangs in pane 2') })
})

test('a protocol as text that is none is refused with the place, in words', () => {
  expect(readProtocols('{')).toEqual({ refusal: expect.stringContaining('This is no JSON') })
  const wrong = [{ ...SHIPPED[0], stages: [{ ...SHIPPED[0]!.stages[0], rows: 9 }] }]
  expect(readProtocols(JSON.stringify(wrong))).toEqual({
    refusal: expect.stringMatching(/^no\. 1 › stages › no\. 1 › rows: /),
  })
  expect(readProtocols(JSON.stringify({ ...SHIPPED[0], colour: 1 }))).toEqual({
    refusal: expect.stringContaining('colour'),
  })
  expect(readProtocols(JSON.stringify([SHIPPED[0], SHIPPED[0]]))).toEqual({
    refusal: expect.stringContaining('same id'),
  })
  expect(readProtocols(JSON.stringify(SHIPPED))).toEqual({ protocols: SHIPPED })
})

test('what is seen becomes a rule that hangs it again, and comes before what ships', () => {
  const { patient } = CASES[0]!
  const sets = [...patient.current.sets!, ...patient.priors![0]!.sets!]
  const seen = ['coronal', 'oldLung'].map(id => ({ set: sets.find(set => set.id === id)!, look: {} }))
  const wish = {
    id: 'mine',
    name: 'Mine',
    layout: { rows: 1, columns: 2 },
    linked: true,
    modality: true,
    region: true,
    words: [],
    seriesWords: true,
  }
  const protocol = protocolOf(seen, patient, wish)!
  expect(hangingProtocols.safeParse([protocol]).success).toBe(true)
  expect(protocol.match).toEqual({ modality: ['CT'], region: ['chest'] })
  expect(protocol.stages[0]?.panes[1]?.prior).toMatchObject({ nth: 1, sameModality: true })
  expect(tryProtocol(protocol, seen, patient)).toBe('')
  expect(judgeProtocols([protocol], SHIPPED, patient)[0]?.protocol.id).toBe('mine')
  // Of another body part it is not.
  expect(tryProtocol(protocol, seen, CASES[2]!.patient)).toContain('It is not for this study')
})

describe('a mammogram at its wall', () => {
  test.each([
    // As stored for presentation: nothing to do (PS3.3 C.8.11.7 example orientations).
    ['R', 'CC', ['P', 'L'], 'right', { quarterTurns: 0, mirrored: false }],
    ['L', 'CC', ['A', 'R'], 'left', { quarterTurns: 0, mirrored: false }],
    ['R', 'MLO', ['P', 'FL'], 'right', { quarterTurns: 0, mirrored: false }],
    ['R', 'CC', ['A', 'L'], 'right', { quarterTurns: 0, mirrored: true }],
    ['R', 'CC', ['A', 'R'], 'right', { quarterTurns: 2, mirrored: false }],
    ['L', 'MLO', ['A', 'HR'], 'left', { quarterTurns: 2, mirrored: true }],
    ['L', 'MLO', undefined, 'left', { quarterTurns: 0, mirrored: false }],
  ] as const)('%s %s %o', (laterality, view, orientation, wall, wanted) => {
    const image = { laterality, view, ...(orientation && { PatientOrientation: [...orientation] }) }
    expect(uprightBreast(image, wall)).toEqual(wanted)
  })

  test('its edge lies at the edge of the pane, however it is turned', () => {
    const as = { quarterTurns: 0, mirrored: false } as const
    expect(wallCentre('left', 100, 160, as)).toBe(80)
    expect(wallCentre('right', 100, 160, as)).toBe(20)
    expect(wallCentre('right', 100, 160, { ...as, mirrored: true })).toBe(80)
    expect(wallCentre('right', 100, 160, { ...as, quarterTurns: 2 })).toBe(80)
    expect(wallCentre('left', 100, 160, { quarterTurns: 2, mirrored: true })).toBe(80)
  })
})

test('of one day the time says which study was before, and which of the earlier ones is the newest', () => {
  const at = (StudyInstanceUID: string, StudyDate: string, StudyTime: string) => ({
    StudyInstanceUID,
    StudyDate,
    StudyTime,
  })
  const study = at('open', '20260301', '080000')
  const others = [
    study,
    at('that night', '20260301', '235900'),
    at('old', '20260201', '090000'),
    at('old, evening', '20260201', '210000'),
    at('at no time', '20260301', ''),
    at('next day', '20260302', '070000'),
    at('that morning', '20260301', '060000'),
  ]
  const found = earlierStudies(study, others).map(one => one.StudyInstanceUID)
  expect(found).toEqual(['that morning', 'at no time', 'old, evening', 'old'])
})

describe('a layout chosen for a window on a display', () => {
  const small = { rows: 1, columns: 1 }
  const wide = { rows: 2, columns: 3 }
  const layouts = { 'CT 1 1920x1080': small, 'CT 1 2560x1600': wide, 'CT 2 1920x1080': small }

  test('is that of the display it stands on, not of the one that the window asking for it stands on', () => {
    expect(layoutAt(layouts, 'CT', 1, '2560x1600')).toEqual(wide)
    expect(layoutAt(layouts, 'CT', 1, '1920x1080')).toEqual(small)
  })

  test('is none on a display where none was chosen; of a display that nobody knows it is the last', () => {
    expect(layoutAt(layouts, 'CT', 1, '1200x1920')).toBeUndefined()
    expect(layoutAt(layouts, 'CT', 1, undefined)).toEqual(wide)
    expect(layoutAt(layouts, 'MR', 1, undefined)).toBeUndefined()
  })
})
