import { BrowserWindow, dialog, type HIDDevice, type Session } from 'electron'

/** Philips (SpeechMike, foot controls): no other maker's devices are offered. */
const MAKERS = [0x0911]

/**
 * Microphones and pedals for the pages of the station: one device at a time, chosen in a dialog of the shell's own, and allowed until the
 * application ends. `isOurs`: whether an origin is the station's.
 */
export function allowDevices(workstation: Session, isOurs: (origin: string) => boolean): void {
  const chosen = new Set<string>()
  const idOf = ({ vendorId, productId, serialNumber = '' }: HIDDevice) => `${vendorId}:${productId}:${serialNumber}`

  workstation.setPermissionCheckHandler((_contents, permission, origin) => permission === 'hid' && isOurs(origin))
  workstation.setDevicePermissionHandler(
    ({ deviceType, origin, device }) =>
      deviceType === 'hid' && isOurs(origin) && 'productId' in device && chosen.has(idOf(device as HIDDevice)),
  )
  workstation.on('select-hid-device', (event, { deviceList, frame }, answer) => {
    event.preventDefault()
    const window = BrowserWindow.getFocusedWindow()
    const offered = deviceList.filter(({ vendorId }) => MAKERS.includes(vendorId)).slice(0, 8)
    if (frame === null || !isOurs(frame.origin) || window === null) return answer()
    const names = offered.map(({ name }, at) => name || `Device ${at + 1}`)
    const asked = dialog.showMessageBox(window, {
      type: 'question',
      message: offered.length > 0 ? 'Which device may be used?' : 'No known dictation device is plugged in.',
      buttons: [...names, 'Cancel'],
      defaultId: names.length,
      cancelId: names.length,
      noLink: true,
    })
    asked.then(
      ({ response }) => {
        const device = offered[response]
        if (device !== undefined) chosen.add(idOf(device))
        answer(device?.deviceId)
      },
      () => answer(),
    )
  })
}
