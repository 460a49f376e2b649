import { spawn } from 'node:child_process'

/**
 * Runs a program in our place: its streams are ours, the signals we get are passed on. Resolves to its exit code (128 when a signal
 * ended it). With `ipc` the child notices when we die without passing anything on. `timeout` is in ms.
 */
export function spawnThrough(command, args, { ipc = false, ...options } = {}) {
  const stdio = ipc ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit'
  const child = spawn(command, args, { stdio, ...options })
  const forward = signal => child.kill(signal)
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP']
  for (const signal of signals) process.on(signal, forward)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      for (const signal of signals) process.off(signal, forward)
      resolve(code ?? 128)
    })
  })
}
