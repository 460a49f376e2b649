import { expect, test } from 'vitest'
import { actionsOf, buttonsDown, kindOf } from '../../renderer/reporting/devices/decode.ts'

/** Reports as the public WebHID library for these devices describes them; none was recorded from a device of ours. */
const microphone = kindOf({ vendorId: 0x0911, productId: 0x0c1c })
const pedal = kindOf({ vendorId: 0x0911, productId: 0x1844 })
const report = (...bytes: number[]) => new DataView(new Uint8Array(bytes).buffer)
const buttons = (low: number, high: number) => report(0x80, 0, 0, 0, 0, 0, 0, low, high)

/** What a sequence of reports asks for. */
function asked(kind: NonNullable<typeof microphone>, reports: DataView[]): string[] {
  let before = 0
  return reports.flatMap(one => {
    const now = buttonsDown(kind, one)
    if (now === undefined) return []
    const actions = actionsOf(kind, before, now)
    before = now
    return actions
  })
}

test('a microphone: a press asks once however long it is held, and letting go asks for nothing', () => {
  if (microphone === undefined) throw new Error('unknown')
  const held = [buttons(0, 0x01), buttons(0, 0x01), buttons(0, 0x09), buttons(0, 0x08), buttons(0, 0)]
  expect(asked(microphone, held)).toEqual(['dictate', 'next-field'])
  expect(asked(microphone, [buttons(0, 0x10), buttons(0, 0), buttons(0, 0x10)])).toEqual([
    'previous-field',
    'previous-field',
  ])
  expect(asked(microphone, [buttons(0x02, 0), buttons(0x04, 0)])).toEqual(['previous-image', 'next-image'])
})

test('a microphone that is laid down, answers or is cut short presses nothing, and holds what was held', () => {
  if (microphone === undefined) throw new Error('unknown')
  const motion = report(0x9e, 0, 0, 0, 0, 0, 0, 0xff, 0xff)
  expect(asked(microphone, [buttons(0, 1), motion, report(0x80), report(), buttons(0, 1)])).toEqual(['dictate'])
})

test('a pedal pages images and walks fields; the fourth does nothing', () => {
  if (pedal === undefined) throw new Error('unknown')
  expect(asked(pedal, [report(1), report(0), report(4), report(0), report(2), report(8), report()])).toEqual([
    'previous-image',
    'next-image',
    'next-field',
  ])
})

test('whatever is pressed, nothing signs, and other devices are none of ours', () => {
  for (const kind of [microphone, pedal]) {
    if (kind === undefined) throw new Error('unknown')
    expect(actionsOf(kind, 0, 0xffff).every(action => /^(dictate|(next|previous)-(field|image))$/.test(action))).toBe(
      true,
    )
  }
  expect(kindOf({ vendorId: 0x046d, productId: 0x0c1c })).toBeUndefined()
})
