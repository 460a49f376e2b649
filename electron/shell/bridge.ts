import { BrowserWindow, dialog, type IpcMainInvokeEvent, ipcMain } from 'electron'
import { z } from 'zod'
import { createDictation } from './dictation.ts'
import { isStationUrl } from './security.ts'

/** What each call of the bridge may be given: exactly this. Answers are typed by the preload's own words. */
const CALLS = {
  'desktop:chooseImport': z.tuple([]),
  'desktop:openDictation': z.tuple([z.string().max(8000)]),
} as const

/**
 * Answers the preload's calls. A call counts only from the top frame of a page of the station and with arguments that parse;
 * everything else is refused with an error that says nothing. `folder`: where the shell keeps
 * what it was allowed.
 */
export function answerBridge(origin: () => string | undefined, folder: string): void {
  const openDictation = createDictation(folder)
  ipcMain.handle('desktop:openDictation', (event, ...args: unknown[]): Promise<boolean> => {
    const window = senderWindow(event, origin())
    const [url] = CALLS['desktop:openDictation'].parse(args)
    return openDictation(window, url)
  })
  ipcMain.handle('desktop:chooseImport', async (event, ...args: unknown[]): Promise<string[]> => {
    const window = senderWindow(event, origin())
    CALLS['desktop:chooseImport'].parse(args)
    const { filePaths } = await dialog.showOpenDialog(window, {
      title: 'Import',
      buttonLabel: 'Import',
      // Only macOS can choose files and folders in one dialog.
      properties:
        process.platform === 'darwin'
          ? ['openFile', 'openDirectory', 'multiSelections']
          : ['openDirectory', 'multiSelections'],
    })
    return filePaths
  })
}

function senderWindow(event: IpcMainInvokeEvent, origin: string | undefined): BrowserWindow {
  const frame = event.senderFrame
  const window = BrowserWindow.fromWebContents(event.sender)
  if (!frame || !window || frame !== event.sender.mainFrame || !isStationUrl(frame.url, origin)) {
    throw new Error('refused')
  }
  return window
}
