import { type App, type Session, session, type WebContents, type WebPreferences } from 'electron'
import { allowDevices } from './devices.ts'

/** No `persist:` prefix: cookie, cache and storage live in memory and go with the process. */
const PARTITION = 'workstation'

/** What every window gets, and no window more. */
export function windowPreferences(preload: string): WebPreferences {
  return {
    preload,
    partition: PARTITION,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    spellcheck: false,
    // A stack that scrolls on the second display must not stop because the first has the focus.
    backgroundThrottling: false,
  }
}

/**
 * The session of the windows, with every permission denied but a dictation microphone or pedal that a person chose: Electron's default
 * is to grant. A file is saved only from the station itself, and where the user says: Electron asks for a place each time.
 */
export function workstationSession(origin: () => string | undefined): Session {
  const workstation = session.fromPartition(PARTITION)
  workstation.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  allowDevices(workstation, asking => isStationUrl(asking, origin()))
  workstation.on('will-download', (event, item) => {
    if (!isStationUrl(item.getURL(), origin())) event.preventDefault()
  })
  return workstation
}

/** The key as the station's cookie, set before the page is loaded so that no address with a key is ever navigated to. */
export async function setStationCookie(workstation: Session, url: URL): Promise<void> {
  await workstation.cookies.set({
    url: url.origin,
    name: `isocenter-${url.port}`,
    value: encodeURIComponent(url.searchParams.get('key') ?? ''),
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
  })
}

/** May a window be where this URL leads? Only at the station's own origin. */
export function isStationUrl(url: string, origin: string | undefined): boolean {
  return origin !== undefined && URL.canParse(url) && new URL(url).origin === origin
}

/**
 * The number of the window that a page of the station asks for (`/?window=2&group=…`); undefined: it is no such address, and nothing
 * opens.
 */
export function anotherWindow(url: string, origin: string | undefined): number | undefined {
  if (!isStationUrl(url, origin)) return undefined
  const { pathname, search, hash } = new URL(url)
  const [, number] = /^\?window=(\d{1,2})&group=[0-9a-f-]{36}$/.exec(search) ?? []
  const asked = Number(number)
  return pathname === '/' && hash === '' && asked >= 2 && asked <= 16 ? asked : undefined
}

/**
 * Holds for every page there will ever be: stays at the station, opens no window itself, attaches no webview. A page of the station
 * may ask for another of its own, which `onWindow` opens.
 */
export function confineContents(
  app: App,
  origin: () => string | undefined,
  onWindow: (url: string, number: number) => void,
): void {
  app.on('web-contents-created', (_event, contents: WebContents) => {
    const confine = (event: { preventDefault(): void; url: string }) => {
      if (!isStationUrl(event.url, origin())) event.preventDefault()
    }
    contents.on('will-navigate', confine)
    contents.on('will-redirect', confine)
    contents.on('will-frame-navigate', confine)
    contents.on('will-attach-webview', event => event.preventDefault())
    contents.setWindowOpenHandler(({ url }) => {
      const number = isStationUrl(contents.getURL(), origin()) ? anotherWindow(url, origin()) : undefined
      if (number !== undefined) onWindow(url, number)
      return { action: 'deny' }
    })
  })
}
