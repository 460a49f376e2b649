import { expect, test } from 'vitest'
import { type Area, drawTestPattern, type TestPattern } from '../../renderer/display/testPattern.ts'

const at = ({ grey, width }: TestPattern, x: number, y: number) => grey[y * width + x]
const middle = ({ x, y, width, height }: Area): [number, number] => [x + (width >> 1), y + (height >> 1)]

const SIZES: Array<[number, number]> = [
  [1280, 640],
  [1920, 1000],
  [3840, 2000],
  [1024, 1200],
]

test.each(SIZES)('at %i × %i every part has its place, and the levels it is to show', (width, height) => {
  const pattern = drawTestPattern(width, height)
  expect(pattern.grey).toHaveLength(width * height)
  const levels = pattern.steps.map(step => step.level)
  expect(levels).toEqual([0, 8, 24, 40, 56, 72, 88, 104, 120, 136, 152, 168, 184, 200, 216, 232, 248, 255])
  const plain = pattern.steps.filter(({ level }) => level !== 0 && level !== 255)
  for (const step of plain) {
    expect(at(pattern, ...middle(step))).toBe(step.level)
    expect(at(pattern, step.x, step.y)).toBe(step.level + 4)
    expect(at(pattern, step.x + step.width - 1, step.y)).toBe(step.level - 4)
  }
  expect(pattern.inserts.map(({ level }) => level)).toEqual([13, 242])
  for (const insert of pattern.inserts) expect(at(pattern, ...middle(insert))).toBe(insert.level)
  expect(at(pattern, pattern.steps[0]!.x, pattern.steps[0]!.y)).toBe(0)
  expect(at(pattern, pattern.steps[17]!.x, pattern.steps[17]!.y)).toBe(255)
})

test.each(SIZES)('at %i × %i the bars stand in the middle and in all corners, pixel by pixel', (width, height) => {
  const pattern = drawTestPattern(width, height)
  expect(pattern.bars).toHaveLength(5 * 6)
  for (const bars of pattern.bars) {
    const { x, y, direction, period, levels } = bars
    for (let step = 0; step < 8; step++) {
      const level = direction === 'vertical' ? at(pattern, x + step, y + 3) : at(pattern, x + 3, y + step)
      expect(level).toBe(levels[Math.floor(step / period) % 2])
    }
  }
})

test('the gradients have every level, each no longer than its share; nothing lies over anything else', () => {
  const pattern = drawTestPattern(1920, 1000)
  for (const { x, y, height, upwards } of pattern.gradients) {
    const levels = Array.from({ length: height }, (_, row) => at(pattern, x + 2, y + row)!)
    expect(new Set(levels).size).toBe(256)
    expect([levels[0], levels.at(-1)]).toEqual(upwards ? [255, 0] : [0, 255])
  }
  const parts: Area[] = [...pattern.steps, ...pattern.bars, ...pattern.gradients]
  const apart = (a: Area, b: Area) =>
    a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
  parts.forEach((part, index) => {
    for (const other of parts.slice(index + 1)) expect(apart(part, other), JSON.stringify([part, other])).toBe(true)
    expect(part.x >= 0 && part.y >= 0 && part.x + part.width <= 1920 && part.y + part.height <= 1000).toBe(true)
  })
})

test('the outermost pixels are white: what is cut off is seen', () => {
  const pattern = drawTestPattern(1000, 700)
  expect([at(pattern, 0, 350), at(pattern, 999, 350), at(pattern, 500, 0), at(pattern, 500, 699)]).toEqual([
    255, 255, 255, 255,
  ])
})
