import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const TOKENS = readFileSync(path.resolve(import.meta.dirname, '../../renderer/ui/tokens.css'), 'utf8')

function tokensOf(selector: string): Record<string, string> {
  const at = TOKENS.indexOf(`${selector} {`)
  const block = TOKENS.slice(at, TOKENS.indexOf('}', at))
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]+);/g)].map(found => [found[1]!, found[2]!]))
}

/** Relative luminance (WCAG 2.2) of #rgb or #rrggbb. */
function luminance(hex: string): number {
  const digits = hex.length === 4 ? [...hex.slice(1)].map(one => one + one).join('') : hex.slice(1)
  const [red, green, blue] = [0, 2, 4].map(at => {
    const level = Number.parseInt(digits.slice(at, at + 2), 16) / 255
    return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}

function contrast(one: string, other: string): number {
  const [dark, bright] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (bright! + 0.05) / (dark! + 0.05)
}

const GROUNDS = ['app', 'panel', 'raised', 'hover', 'chosen']
const TEXTS = ['text', 'read', 'quiet', 'accent', 'attention', 'failure']
const usual = tokensOf(':root')
const high = tokensOf(':root[data-contrast="high"]')

test('the measure itself: white on black is 21', () => {
  expect(contrast('#fff', '#000000')).toBeCloseTo(21, 10)
})

test.each([
  ['as usual', usual, 4.5, 3],
  ['in high contrast', high, 7, 4.5],
] as const)('%s every text is read on every ground, every border seen', (_, tokens, ofText, ofBorder) => {
  const low = GROUNDS.flatMap(ground =>
    TEXTS.map(text => ({ text, ground, is: contrast(tokens[text]!, tokens[ground]!) })).filter(({ is }) => is < ofText),
  )
  expect(low).toEqual([])
  // Of a control at rest, and what has the focus.
  const faint = ['app', 'panel', 'raised'].flatMap(ground =>
    ['control', 'accent']
      .map(border => ({ border, ground, is: contrast(tokens[border]!, tokens[ground]!) }))
      .filter(({ is }) => is < ofBorder),
  )
  expect(faint).toEqual([])
})

test('high contrast says every colour anew', () => {
  expect(Object.keys(high)).toEqual(Object.keys(usual))
})
