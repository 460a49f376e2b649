import { app, Menu, type MenuItemConstructorOptions } from 'electron'

/**
 * The fewest entries a desktop expects. No zoom: it would scale pixels behind the viewer's back. No reload and no close key
 * beside what reading uses; the developer tools only in development.
 */
export function setMenu(openWindow: () => void): void {
  const isMac = process.platform === 'darwin'
  const file: MenuItemConstructorOptions[] = [
    { label: 'New Window', accelerator: 'CmdOrCtrl+Shift+N', click: openWindow },
    { type: 'separator' },
    isMac ? { role: 'close' } : { role: 'quit' },
  ]
  const view: MenuItemConstructorOptions[] = [{ role: 'togglefullscreen' }]
  if (!app.isPackaged) view.push({ role: 'toggleDevTools' })
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(isMac ? [{ role: 'appMenu' } as const] : []),
      { label: 'File', submenu: file },
      { role: 'editMenu' },
      { label: 'View', submenu: view },
      { role: 'windowMenu' },
    ]),
  )
}
