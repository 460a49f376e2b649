import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'

/**
 * Starts the built station, or finds the one that already runs on the data folder (`ready.attached`). Rejects when it ends without
 * a ready line. `end()` lets it drain and resolves to its exit code.
 */
export async function openStation(root, args) {
  const entry = path.join(root, 'out/station/headless.js')
  const child = spawn(process.execPath, [entry, '--attach', '--drain-on-stdin-close', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit').then(([code]) => code ?? 1)
  child.stdin.on('error', () => {})
  const line = once(createInterface({ input: child.stdout }), 'line').then(([text]) => text)
  const first = await Promise.race([line, exited.then(() => Promise.race([line, sleep(100)]))])
  if (first === undefined) throw new Error('The station could not be started (see above).')
  return {
    ready: JSON.parse(first),
    exited,
    end() {
      child.stdin.end()
      return exited
    },
  }
}

export function sleep(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}
