import { z } from 'zod'

/** Short words that become long ones: by name, without the dot they are called with. */
export const macroName = z.string().regex(/^[\p{L}\p{N}_-]{1,32}$/u)
export const macros = z.record(macroName, z.string().max(5000)).refine(all => Object.keys(all).length <= 500)
export type Macros = z.infer<typeof macros>

/** What everybody has until he makes it his own. */
export const DEFAULT_MACROS: Macros = {
  nl: 'Within normal limits.',
  na: 'No acute abnormality.',
  nc: 'No change since the prior study.',
  nf: 'There is no fracture or dislocation.',
  les: 'A lesion of [size] in the [right|left] [location].',
}

const CALL = /(?:^|[\s(])\.([\p{L}\p{N}_-]{1,32})$/u

/** The macro called just before the caret, as a span of the text and what it becomes; undefined where none is. */
export function macroAt(
  text: string,
  caret: number,
  all: Macros,
): { from: number; to: number; words: string } | undefined {
  const name = CALL.exec(text.slice(Math.max(0, caret - 40), caret))?.[1]
  if (name === undefined || !Object.hasOwn(all, name)) return undefined
  return { from: caret - name.length - 1, to: caret, words: all[name]! }
}

/** Lines `.name = words` as they are written in the settings; `\n` in words is a new line. What is not one is told by its number. */
export function parseMacros(lines: string): { macros: Macros } | { wrong: number } {
  const found: Macros = {}
  for (const [index, line] of lines.split('\n').entries()) {
    if (line.trim() === '') continue
    const [, name = '', words = ''] = /^\s*\.?([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? []
    if (!macroName.safeParse(name).success || words === '' || words.length > 5000) return { wrong: index + 1 }
    found[name] = words.replaceAll('\\n', '\n')
  }
  return macros.safeParse(found).success ? { macros: found } : { wrong: 501 }
}

export function macroLines(all: Macros): string {
  return Object.entries(all)
    .map(([name, words]) => `.${name} = ${words.replaceAll('\n', '\\n')}`)
    .join('\n')
}
