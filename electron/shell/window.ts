import { app, BrowserWindow, dialog } from 'electron'
import type { Bounds } from './places.ts'
import { mayReload } from './restart.ts'
import { windowPreferences } from './security.ts'

/** The darkest grey of the palette: what shows before the page has painted. */
const BACKGROUND = '#0a0a0a'

/**
 * One window of the workstation, shown when it has painted. Its title never changes with the page: a patient's name must not
 * reach a task bar or a screen recorder's list.
 */
export function openWindow(preload: string, place: Partial<Bounds> = {}): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    ...place,
    minWidth: 800,
    minHeight: 600,
    title: app.getName(),
    backgroundColor: BACKGROUND,
    show: false,
    autoHideMenuBar: true,
    webPreferences: windowPreferences(preload),
  })
  window.once('ready-to-show', () => window.show())
  window.on('page-title-updated', event => event.preventDefault())
  reloadAfterCrash(window)
  askWhenUnresponsive(window)
  return window
}

function reloadAfterCrash(window: BrowserWindow): void {
  const crashes: number[] = []
  window.webContents.on('render-process-gone', async (_event, { reason }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return
    console.error(`the window's process is gone: ${reason}`)
    const now = Date.now()
    const again = mayReload(crashes, now) || (await askReload(window))
    crashes.push(now)
    if (again && !window.isDestroyed()) window.reload()
  })
}

async function askReload(window: BrowserWindow): Promise<boolean> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'error',
    message: 'The window has crashed several times.',
    detail: 'Images go on being received. Reload the window, or leave it and restart Isocenter.',
    buttons: ['Reload', 'Leave it'],
    cancelId: 1,
  })
  return response === 0
}

function askWhenUnresponsive(window: BrowserWindow): void {
  let asking: AbortController | undefined
  window.on('unresponsive', async () => {
    if (asking) return
    asking = new AbortController()
    const { response } = await dialog.showMessageBox(window, {
      type: 'warning',
      message: 'The window does not respond.',
      detail: 'Images go on being received.',
      buttons: ['Wait', 'Reload'],
      cancelId: 0,
      signal: asking.signal,
    })
    asking = undefined
    if (response === 1 && !window.isDestroyed()) window.webContents.forcefullyCrashRenderer()
  })
  window.on('responsive', () => asking?.abort())
}
