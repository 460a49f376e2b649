import { contextBridge, ipcRenderer } from 'electron'

/** What only a desktop has. Named methods and plain values: the page never gets ipcRenderer or an event object. */
const desktop = {
  platform: process.platform,
  /** The system's dialog; the paths chosen, none when it was cancelled. */
  chooseImport: (): Promise<string[]> => ipcRenderer.invoke('desktop:chooseImport'),
}

contextBridge.exposeInMainWorld('desktop', desktop)
