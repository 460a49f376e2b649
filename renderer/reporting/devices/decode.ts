/** What a microphone or pedal asks for. Signing is none of it: no single press signs. */
export type DeviceAction = 'dictate' | 'next-field' | 'previous-field' | 'next-image' | 'previous-image'

interface Kind {
  vendorId: number
  productId: number
  usagePage: number
  usage: number
  form: 'microphone' | 'pedal'
}

const PHILIPS = 0x0911
const vendorPage = { vendorId: PHILIPS, usagePage: 0xffa0, usage: 1, form: 'microphone' } as const
const joystick = { vendorId: PHILIPS, usagePage: 1, usage: 4, form: 'pedal' } as const

/** Devices whose reports are known, as the public WebHID library of Google and Philips lists them. */
export const KINDS: readonly Kind[] = [
  // SpeechMike LFH35xx, LFH36xx, SMP37xx, SMP38xx; SMP40xx; SpeechOne PSM6000: all in the event mode "HID".
  { ...vendorPage, productId: 0x0c1c },
  { ...vendorPage, productId: 0x0c1d },
  { ...vendorPage, productId: 0x0c1e },
  // Foot controls ACC2310 and ACC2320 with three pedals, ACC2330 with four.
  { ...joystick, productId: 0x1844 },
  { ...joystick, productId: 0x091a },
]

/** First byte of a microphone's report that is of buttons; others are of its motion, its battery, its answers. */
const BUTTONS = 0x80

/** By bit of the report. What has no row (stop, instruction, priority) does nothing here. */
const MICROPHONE: ReadonlyArray<readonly [bit: number, action: DeviceAction]> = [
  [8, 'dictate'],
  [11, 'next-field'],
  [12, 'previous-field'],
  [1, 'previous-image'],
  [2, 'next-image'],
]
const PEDAL: typeof MICROPHONE = [
  [0, 'previous-image'],
  [1, 'next-field'],
  [2, 'next-image'],
]

export function kindOf(device: { vendorId: number; productId: number }): Kind | undefined {
  return KINDS.find(one => one.vendorId === device.vendorId && one.productId === device.productId)
}

/** The bits of the buttons that are down; undefined: the report is of something else, or too short. */
export function buttonsDown({ form }: Pick<Kind, 'form'>, report: DataView): number | undefined {
  if (form === 'pedal') return report.byteLength < 1 ? undefined : report.getUint8(0)
  return report.byteLength < 9 || report.getUint8(0) !== BUTTONS ? undefined : report.getUint16(7, true)
}

/** What is asked for by buttons that went down since `before`: one that is held asks once. */
export function actionsOf({ form }: Pick<Kind, 'form'>, before: number, now: number): DeviceAction[] {
  const pressed = now & ~before
  return (form === 'pedal' ? PEDAL : MICROPHONE).flatMap(([bit, action]) => (pressed & (1 << bit) ? [action] : []))
}
