import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { WatchedFolder } from '../../../../shared/config.ts'
import type { WatchedFolderSummary } from '../../../../shared/contract.ts'
import { toIsocenterError } from '../../../../shared/errors.ts'
import { checkFolders } from './checkFolders.ts'
import { WatchedPlace, type WatchParts } from './watchedFolder.ts'

export { checkFolders } from './checkFolders.ts'

export interface WatchOptions {
  folders: WatchedFolder[]
  /** What is known of their files is kept there. */
  memoryFolder: string
  /** The station's own folders: none of them is ever watched. */
  ours: string[]
  report: WatchParts['report']
}

/** The watched folders of a station. */
export class Watch {
  #options: WatchOptions
  #parts: WatchParts
  #places: WatchedPlace[] = []
  /** As they were configured and cannot be watched, with the reason. */
  #refused: WatchedFolderSummary[] = []
  #last = Promise.resolve()

  constructor(options: WatchOptions, parts: Omit<WatchParts, 'report'>) {
    this.#options = options
    this.#parts = { ...parts, report: options.report }
    mkdirSync(options.memoryFolder, { recursive: true, mode: 0o700 })
    this.#forget(options.folders)
    try {
      checkFolders(options.folders, options.ours)
      this.#places = options.folders.map(folder => this.#start(folder))
    } catch (thrown) {
      // Somebody wrote it into the file: the station goes on, and says so.
      const { message } = toIsocenterError(thrown)
      options.report({ severity: 'attention', sentence: 'No folder is watched.', detail: message })
      this.#refused = options.folders.map(folder => ({ ...NOTHING, ...folder, trouble: message }))
    }
  }

  list(): WatchedFolderSummary[] {
    return [...this.#refused, ...this.#places.map(place => place.summary())]
  }

  /** These from now on; one that stays as it was is not disturbed. */
  set(folders: WatchedFolder[]): Promise<void> {
    const done = this.#last.then(async () => {
      const isKept = (place: WatchedPlace) => folders.some(folder => isDeepStrictEqual(folder, place.folder))
      const kept = this.#places.filter(isKept)
      await Promise.all(this.#places.filter(place => !isKept(place)).map(place => place.close()))
      this.#refused = []
      this.#forget(folders)
      this.#places = folders.map(
        folder => kept.find(place => isDeepStrictEqual(folder, place.folder)) ?? this.#start(folder),
      )
    })
    this.#last = done.catch(() => {})
    return done
  }

  async close(): Promise<void> {
    await this.#last
    await Promise.all(this.#places.map(place => place.close()))
  }

  #start(folder: WatchedFolder): WatchedPlace {
    const { memoryFolder, ours } = this.#options
    const eyes = {
      root: path.resolve(folder.path),
      movedTo: folder.onDone === 'move' && folder.movedTo !== undefined ? path.resolve(folder.movedTo) : undefined,
      memoryFile: path.join(memoryFolder, `${folder.id}.seen`),
      ours,
    }
    return new WatchedPlace(folder, eyes, this.#parts)
  }

  /** What is known of folders that are watched no more. */
  #forget(folders: WatchedFolder[]): void {
    const { memoryFolder } = this.#options
    const known = new Set(folders.flatMap(({ id }) => [`${id}.seen`, `${id}.seen.mount`]))
    for (const name of readdirSync(memoryFolder)) {
      if (/\.seen(\.mount)?$/.test(name) && !known.has(name)) rmSync(path.join(memoryFolder, name), { force: true })
    }
  }
}

const NOTHING = {
  taken: 0,
  duplicates: 0,
  refusedCount: 0,
  refused: [],
  waiting: 0,
  known: 0,
  lastFile: '',
  lastAt: null,
  busy: false,
}
