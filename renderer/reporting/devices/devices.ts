import { create } from 'zustand'
import { actionsOf, buttonsDown, type DeviceAction, KINDS, kindOf } from './decode.ts'

/** What is used of WebHID (W3C community draft); no browser but Chromium has it. */
interface Device extends EventTarget {
  readonly vendorId: number
  readonly productId: number
  readonly productName: string
  readonly opened: boolean
  open(): Promise<void>
  close(): Promise<void>
}
interface Hid extends EventTarget {
  getDevices(): Promise<Device[]>
  requestDevice(asked: { filters: object[] }): Promise<Device[]>
}

function hid(): Hid | undefined {
  // The types of the page do not know it yet.
  return (navigator as Navigator & { hid?: Hid }).hid
}

/** Names of those that are allowed and there. */
export const useDevices = create<{ names: string[] }>(() => ({ names: [] }))

/** Whether this browser has such devices at all. */
export const hasDevices = (): boolean => hid() !== undefined

/** Asks a person which device may be used; only after a press. What is chosen is used from now on. */
export async function allowDevice(): Promise<void> {
  const filters = KINDS.map(({ vendorId, productId, usagePage, usage }) => ({ vendorId, productId, usagePage, usage }))
  for (const device of (await hid()?.requestDevice({ filters })) ?? []) await take?.(device)
  await listDevices()
}

/** Those that were allowed before, here or in another window. */
export async function listDevices(): Promise<void> {
  const found = (await hid()?.getDevices()) ?? []
  const names = found.filter(device => kindOf(device)).map(({ productName }) => productName)
  useDevices.setState({ names: [...new Set(names)] })
}

/** Of the follower that listens now. */
let take: ((device: Device) => Promise<void>) | undefined

/**
 * Tells of presses on the devices that a person allowed, also of those that are plugged in later. Only of the window that has the
 * focus: every window of the station hears the same press. Returns what stops it.
 */
export function followDevices(does: (action: DeviceAction) => void): () => void {
  const source = hid()
  if (source === undefined) return () => {}
  const taken = new Map<Device, AbortController>()
  const follow = async (device: Device) => {
    const kind = kindOf(device)
    if (kind === undefined || taken.has(device)) return
    const stop = new AbortController()
    taken.set(device, stop)
    let before = 0
    const listen = (event: Event) => {
      const { data } = event as Event & { data: DataView }
      const now = buttonsDown(kind, data)
      if (now === undefined) return
      const actions = actionsOf(kind, before, now)
      before = now
      if (document.hasFocus()) for (const action of actions) does(action)
    }
    device.addEventListener('inputreport', listen, { signal: stop.signal })
    try {
      if (!device.opened) await device.open()
      if (stop.signal.aborted) await device.close()
    } catch {
      // Another program has it for itself: tried again when it is plugged in or allowed anew.
      stop.abort()
      taken.delete(device)
    }
  }
  const of = (event: Event) => (event as Event & { device: Device }).device
  const connected = (event: Event) => void follow(of(event)).then(listDevices)
  const gone = (event: Event) => {
    taken.get(of(event))?.abort()
    taken.delete(of(event))
    void listDevices()
  }
  source.addEventListener('connect', connected)
  source.addEventListener('disconnect', gone)
  take = follow
  void source.getDevices().then(
    devices => take === follow && devices.forEach(device => void follow(device)),
    () => {
      // Not permitted here: there are none.
    },
  )
  return () => {
    if (take === follow) take = undefined
    source.removeEventListener('connect', connected)
    source.removeEventListener('disconnect', gone)
    for (const [device, stop] of taken) {
      stop.abort()
      void device.close().catch(() => {})
    }
    taken.clear()
  }
}
