/**
 * Parts of the body as words of descriptions and of Body Part Examined (0018,0015) name them, in the languages archives are written
 * in. A word of three letters or fewer must stand alone; a longer one may begin another ('thorakal', 'abdominal').
 */
const REGIONS: Record<string, readonly string[]> = {
  head: [
    'head',
    'brain',
    'skull',
    'cranium',
    'cerebr',
    'neuro',
    'kopf',
    'schaedel',
    'hirn',
    'cct',
    'tete',
    'crane',
    'orbit',
  ],
  sinus: ['sinus', 'nnh', 'paranasal'],
  neck: ['neck', 'hals', 'larynx', 'thyroid', 'schilddr', 'carotis', 'carotid', 'cou'],
  chest: ['chest', 'thorax', 'thora', 'lung', 'pulmo', 'mediast', 'poumon', 'rib'],
  heart: ['heart', 'cardia', 'coronar', 'herz', 'kardi'],
  breast: ['breast', 'mamm', 'brust', 'sein'],
  abdomen: [
    'abdom',
    'liver',
    'leber',
    'hepat',
    'pancrea',
    'pankrea',
    'kidney',
    'niere',
    'renal',
    'foie',
    'bauch',
    'mrcp',
  ],
  pelvis: ['pelvi', 'becken', 'prostat', 'uterus', 'rectum', 'rektum', 'bladder', 'bassin'],
  'cervical spine': ['cspine', 'cervical', 'hws', 'zervikal'],
  'thoracic spine': ['tspine', 'dorsal', 'bws'],
  'lumbar spine': ['lspine', 'lumb', 'lws', 'lendenw'],
  spine: ['spine', 'wirbels', 'rachis', 'vertebra'],
  shoulder: ['shoulder', 'schulter', 'epaule', 'clavic'],
  elbow: ['elbow', 'ellenbogen', 'coude'],
  hand: ['hand', 'wrist', 'finger', 'carp', 'main', 'poignet'],
  hip: ['hip', 'hueft', 'hanche'],
  knee: ['knee', 'knie', 'genou', 'patell'],
  foot: ['foot', 'ankle', 'fuss', 'sprung', 'pied', 'cheville', 'calcan', 'toe'],
  leg: ['femur', 'tibia', 'oberschenkel', 'unterschenkel', 'leg'],
  arm: ['humerus', 'forearm', 'radius', 'oberarm', 'unterarm', 'arm'],
  'whole body': ['wholebody', 'ganzk', 'trunk'],
}

function plain(text: string): string[] {
  return text
    .toLowerCase()
    .replaceAll('ä', 'ae')
    .replaceAll('ü', 'ue')
    .replaceAll('ö', 'oe')
    .replaceAll('ß', 'ss')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
}

/** The parts of the body that texts name; empty where they name none. */
export function regionsOf(texts: readonly string[]): Set<string> {
  const words = texts.flatMap(plain)
  const found = Object.entries(REGIONS).filter(([, begins]) =>
    begins.some(begin => words.some(word => (begin.length <= 3 ? word === begin : word.startsWith(begin)))),
  )
  return new Set(found.map(([region]) => region))
}
