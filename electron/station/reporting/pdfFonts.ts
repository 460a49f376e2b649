import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

/** A file of a bundled font, for the characters it has. */
export interface FontFile {
  /** Unique; also what pdfkit knows it by. */
  name: string
  path: string
  /** Its lightest cut is what a file without an instance shows: drawn with a stroke, to be as dark as the others. */
  thin: boolean
}

interface Family {
  folder: string
  name: string
  thin: boolean
  files: Array<{ ranges: Array<[number, number]>; key: string }>
}

const require = createRequire(import.meta.url)
const HAN: Record<string, string> = { ja: 'noto-sans-jp', ko: 'noto-sans-kr', zh: 'noto-sans-sc' }
const FIRST = ['inter', 'noto-sans-arabic', 'noto-sans-hebrew', 'noto-sans-thai', 'noto-sans-devanagari']
const families = new Map<string, Family>()

function familyOf(name: string): Family {
  const known = families.get(name)
  if (known) return known
  const folder = path.dirname(require.resolve(`@fontsource-variable/${name}/package.json`))
  // By unicode-range, as style sheets have them: {"latin": "U+0000-00FF,U+0131"}.
  const unicode = JSON.parse(readFileSync(path.join(folder, 'unicode.json'), 'utf8')) as Record<string, string>
  const files = Object.entries(unicode).map(([key, ranges]) => ({
    key: key.replaceAll(/[[\]]/g, ''),
    ranges: ranges.split(',').map((range): [number, number] => {
      const [from = '', to = from] = range.trim().slice(2).split('-')
      return [Number.parseInt(from.replaceAll('?', '0'), 16), Number.parseInt(to.replaceAll('?', 'F'), 16)]
    }),
  }))
  const family = { folder, name, files, thin: /-(jp|kr|sc|hebrew)$/.test(name) }
  families.set(name, family)
  return family
}

/** Which bundled file draws a character; of Han forms those of `lang` (ja, ko, zh) first. Inter where none has it. */
export function fontFor(character: string, lang: string): FontFile {
  const point = character.codePointAt(0) ?? 0
  const own = HAN[lang.slice(0, 2)]
  const order = [...FIRST, ...(own ? [own] : []), ...Object.values(HAN).filter(name => name !== own)]
  for (const name of order) {
    const { folder, files, thin } = familyOf(name)
    const file = files.find(({ ranges }) => ranges.some(([from, to]) => point >= from && point <= to))
    if (file) return fileOf(folder, name, file.key, thin)
  }
  return fileOf(familyOf('inter').folder, 'inter', 'latin', false)
}

function fileOf(folder: string, family: string, key: string, thin: boolean): FontFile {
  const name = `${family}-${key}`
  return { name, path: path.join(folder, 'files', `${name}-wght-normal.woff2`), thin }
}
