import { contextBridge, ipcRenderer } from 'electron'

/** What only a desktop has. Named methods and plain values: the page never gets ipcRenderer or an event object. */
const desktop = {
  platform: process.platform,
  /** The system's dialog; the paths chosen, none when it was cancelled. */
  chooseImport: (): Promise<string[]> => ipcRenderer.invoke('desktop:chooseImport'),
  /** Opens an address in the dictation system; false: a person did not want that. */
  openDictation: (url: string): Promise<boolean> => ipcRenderer.invoke('desktop:openDictation', url),
}

contextBridge.exposeInMainWorld('desktop', desktop)
