import { says, wordsOf } from './hanging/words.ts'

/** What hanging protocols tell apart. */
export const REGIONS = ['head', 'neck', 'chest', 'abdomen', 'spine', 'breast', 'extremity', 'heart'] as const
export type Region = (typeof REGIONS)[number]

/**
 * Parts of the body as orders, scanners and Body Part Examined (0018,0015) name them, in the languages archives are written in. A word
 * of three letters or fewer must stand alone; a longer one may begin another ('thorakal', 'abdominal'). `part`: what priors are
 * compared by; '' = too wide for that. `region`: what protocols ask for; CT of chest, abdomen and pelvis is two.
 */
const PARTS: ReadonlyArray<{ part: string; region?: Region; words: string }> = [
  {
    part: 'head',
    region: 'head',
    words:
      'head brain skull cranium cranial cerebr neuro encephal kopf schadel schaedel hirn cct crane cerveau tete cabeza stroke orbit',
  },
  { part: 'sinus', words: 'sinus nnh paranasal' },
  { part: 'neck', region: 'neck', words: 'neck hals larynx thyroid schilddr cou cuello carotid carotis' },
  {
    part: 'chest',
    region: 'chest',
    words: 'chest thorax thorak lung pulmo mediast torax poumon pecho rib cap tap hrct',
  },
  // 'Thoracic' may be of the chest or of the spine: enough to compare, not to hang by.
  { part: 'chest', words: 'thora' },
  { part: 'heart', region: 'heart', words: 'heart cardia coronar herz kardi coeur corazon' },
  { part: 'breast', region: 'breast', words: 'breast mamm mama brust sein' },
  {
    part: 'abdomen',
    region: 'abdomen',
    words:
      'abd abdom abdo liver leber hepat foie higado pancrea pankrea kidney niere renal bauch mrcp kub cap tap thoraxabd',
  },
  {
    part: 'pelvis',
    region: 'abdomen',
    words: 'pelvis pelvic pelvi becken bassin prostat uterus rectum rektum bladder',
  },
  { part: 'cervical spine', region: 'spine', words: 'cspine cervical zervikal hws' },
  { part: 'thoracic spine', region: 'spine', words: 'tspine dorsal bws' },
  { part: 'lumbar spine', region: 'spine', words: 'lspine lsspine lumb lws lendenw' },
  { part: 'spine', region: 'spine', words: 'spine spinal wirbel columna rachis vertebr sacrum' },
  { part: 'shoulder', region: 'extremity', words: 'shoulder schulter epaule clavic hombro' },
  { part: 'elbow', region: 'extremity', words: 'elbow ellenbogen coude' },
  { part: 'hand', region: 'extremity', words: 'hand wrist finger thumb carp main poignet' },
  { part: 'hip', region: 'extremity', words: 'hip huft hueft hanche' },
  { part: 'knee', region: 'extremity', words: 'knee knie genou patell rodilla' },
  { part: 'foot', region: 'extremity', words: 'foot ankle fuss sprung pied cheville calcan toe tobillo' },
  { part: 'leg', region: 'extremity', words: 'femur tibia fibula oberschenkel unterschenkel leg' },
  { part: 'arm', region: 'extremity', words: 'humerus forearm radius oberarm unterarm arm' },
  // A knee joint is no hip joint.
  { part: '', region: 'extremity', words: 'extremity joint gelenk' },
  { part: 'whole body', words: 'wholebody ganzk trunk' },
]
const LISTED = PARTS.map(({ words, ...one }) => ({ ...one, words: words.split(' ') }))

function named(words: readonly string[]) {
  return LISTED.filter(one => one.words.some(word => says(words, word)))
}

/** The regions that the words of a description name, in their order; `words`: by `wordsOf`. */
export function regionsOf(words: readonly string[]): Region[] {
  const found = new Set(named(words).map(({ region }) => region))
  return REGIONS.filter(region => found.has(region))
}

/** The parts of the body that texts name; empty where they name none. */
export function partsOf(texts: readonly string[]): Set<string> {
  return new Set(named(wordsOf(...texts)).flatMap(({ part }) => (part === '' ? [] : [part])))
}
