import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type BrowserWindow, dialog, shell } from 'electron'
import { z } from 'zod'
import { dictationTarget } from '../../shared/reporting/dictation.ts'

const kept = z.object({ target: z.string().max(300) })

/**
 * Opens addresses outside for dictation: of one server or scheme, which a person has allowed in a dialog of the shell's own and which
 * is kept in `dictation.json` of the folder. What is opened says whose study it is, and goes into no log.
 */
export function createDictation(folder: string) {
  const file = path.join(folder, 'dictation.json')
  let asking = false

  const allowed = (): string | undefined => {
    try {
      return kept.parse(JSON.parse(readFileSync(file, 'utf8'))).target
    } catch {
      return undefined
    }
  }

  /** Resolves with false when it was not wanted. Rejects where such an address is never opened, or no program takes it. */
  return async (window: BrowserWindow, url: string): Promise<boolean> => {
    const target = dictationTarget(url)
    if (target === undefined) throw new Error('refused')
    if (target !== allowed()) {
      // A dialog is open: another study's must not be answered with it.
      if (asking) return false
      asking = true
      const { response } = await dialog
        .showMessageBox(window, {
          type: 'question',
          message: `Open “${target}” for dictation?`,
          detail: 'It is told which study is open. This is asked once, and again when another is set.',
          buttons: ['Open', 'Cancel'],
          defaultId: 1,
          cancelId: 1,
        })
        .finally(() => {
          asking = false
        })
      if (response !== 0) return false
      writeFileSync(file, JSON.stringify({ target }))
    }
    try {
      await shell.openExternal(url)
    } catch {
      // The system's own words have the address in them.
      throw new Error('no program of this machine takes it')
    }
    return true
  }
}
