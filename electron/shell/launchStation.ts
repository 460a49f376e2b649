import { type ChildProcess, spawn } from 'node:child_process'
import { utilityProcess } from 'electron'
import { z } from 'zod'

/** The line a station prints when it can be used. `attached`: it ran already, and what we started has only told us where. */
const readyLine = z.object({
  ready: z.literal(true),
  aet: z.string(),
  dimsePort: z.int(),
  httpPort: z.int(),
  url: z.url({ protocol: /^http$/, hostname: /^127\.0\.0\.1$/ }),
  attached: z.boolean().optional(),
})
export type Ready = z.infer<typeof readyLine>

/** A line longer than this is no ready line. */
const LONGEST_LINE = 64 * 1024

export interface StationProcess {
  /** Rejects when the process ends without having been ready. */
  readonly ready: Promise<Ready>
  /** How it ended: the exit code, or -1 when a signal did it. */
  readonly exited: Promise<number>
  /** Asks it to finish what is running and to end. */
  drain(): void
  kill(): void
}

export interface LaunchOptions {
  /** The bundled headless.js. */
  entry: string
  args: string[]
  env: NodeJS.ProcessEnv
  /** A Node beside the app; without one the station runs in a utility process of this Electron. */
  node: string | undefined
}

/** Starts the station as a process of its own; the two bodies differ only in who runs it and how it is told to drain. */
export function launchStation(options: LaunchOptions): StationProcess {
  return options.node === undefined ? launchUtility(options) : launchNode(options, options.node)
}

function launchUtility({ entry, args, env }: LaunchOptions): StationProcess {
  const child = utilityProcess.fork(entry, ['--attach', ...args], {
    serviceName: 'Isocenter station',
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  })
  const lastWords = passOn(child.stderr)
  const exited = new Promise<number>(resolve => child.once('exit', resolve))
  return {
    exited,
    ready: readReady(child.stdout, exited, lastWords),
    drain: () => child.postMessage('drain'),
    kill: () => void child.kill(),
  }
}

function launchNode({ entry, args, env }: LaunchOptions, node: string): StationProcess {
  // Closing stdin is the drain message, on Windows too; when we die the system closes it for us.
  const child: ChildProcess = spawn(node, [entry, '--attach', '--drain-on-stdin-close', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env,
    windowsHide: true,
  })
  const lastWords = passOn(child.stderr)
  const exited = new Promise<number>(resolve => {
    child.once('error', error => {
      console.error(`the station could not be started: ${error.message}`)
      resolve(-1)
    })
    child.once('exit', code => resolve(code ?? -1))
  })
  child.stdin?.on('error', () => {})
  return {
    exited,
    ready: readReady(child.stdout, exited, lastWords),
    drain: () => void child.stdin?.end(),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** The station's log goes on to ours; what it says in plain words (its log is JSON) is kept for the person at the screen. */
function passOn(stderr: NodeJS.ReadableStream | null): () => string {
  let words = ''
  stderr?.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk)
    const plain = chunk
      .toString('utf8')
      .split('\n')
      .filter(line => line && !line.startsWith('{'))
    words = [words, ...plain].join('\n').slice(-1000).trim()
  })
  return () => words
}

function readReady(
  stdout: NodeJS.ReadableStream | null,
  exited: Promise<number>,
  lastWords: () => string,
): Promise<Ready> {
  const ready = new Promise<Ready>((resolve, reject) => {
    let text = ''
    stdout?.on('data', (chunk: Buffer) => {
      if (text.length > LONGEST_LINE) return
      text += chunk.toString('utf8')
      const end = text.indexOf('\n')
      if (end < 0) return
      try {
        resolve(readyLine.parse(JSON.parse(text.slice(0, end))))
      } catch (error) {
        reject(error)
      }
    })
    // After the last byte of its stdout: the line and the end of a process that only attached arrive together.
    void exited.then(code => setTimeout(() => reject(new Error(lastWords() || `It ended with code ${code}.`)), 100))
  })
  ready.catch(() => {})
  return ready
}
