import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

/**
 * The sync calls a process and its children make while `during` runs, by what is synced: 'fdatasync *.dcm', 'fsync folder' …
 * Traced, so nothing timed meanwhile means anything. Rejects where strace is missing or may not look.
 */
export async function syncCalls(pid: number, during: () => Promise<unknown>): Promise<Map<string, number>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'isocenter-strace-'))
  try {
    const output = path.join(folder, 'calls')
    const trace = ['-f', '-y', '-e', 'trace=fsync,fdatasync,sync_file_range', '-o', output, '-p', String(pid)]
    const strace = spawn('strace', trace, { stdio: ['ignore', 'ignore', 'pipe'] })
    const gone = once(strace, 'close').catch(() => {
      throw new Error('strace is missing: apt-get install strace')
    })
    const [said] = await Promise.race([once(strace.stderr, 'data'), gone.then(() => [''])])
    if (!String(said).includes('attached')) throw new Error(`strace does not look: ${said}`)
    await during()
    strace.kill('SIGINT')
    await gone
    return count(await readFile(output, 'utf8'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Lines as `1234 fdatasync(27</data/index.sqlite-wal>) = 0`; one whose end comes later says its path in its first half. */
function count(trace: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [, call, file = ''] of trace.matchAll(/^\d+\s+(f\w*sync|sync_file_range)\(\d+<([^>]*)>/gm)) {
    const what = `${call} ${kindOf(file)}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return counts
}

function kindOf(file: string): string {
  const extension = path.extname(file)
  if (extension) return `*${extension}`
  const found = statSync(file, { throwIfNoEntry: false })
  return found?.isDirectory() ? 'folder' : 'file'
}

const SLOW_SYNC = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
static void wait_a_little(void) {
  struct timespec t = { 0, SLOW_SYNC_MS * 1000000L };
  nanosleep(&t, 0);
}
int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int)) dlsym(RTLD_NEXT, "fsync");
  wait_a_little();
  return real(fd);
}
int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
  wait_a_little();
  return real(fd);
}
`

export interface SlowSync {
  /** What a process must have in its environment for its every sync to take that long. */
  env: Record<string, string>
  remove(): void
}

/** Makes a disk whose every fsync and fdatasync takes `ms` more. Rejects without gcc; Linux only. */
export async function slowSync(ms: number): Promise<SlowSync> {
  const folder = mkdtempSync(path.join(tmpdir(), 'isocenter-slow-'))
  const source = path.join(folder, 'slow.c')
  const library = path.join(folder, 'slow.so')
  writeFileSync(source, SLOW_SYNC)
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    await promisify(execFile)('gcc', ['-shared', '-fPIC', '-O', `-DSLOW_SYNC_MS=${ms}`, '-o', library, source, '-ldl'])
  } catch (error) {
    remove()
    throw error
  }
  return { env: { LD_PRELOAD: library }, remove }
}
