import pino from 'pino'

/** UIDs yes, AE titles yes, patient names never. `obj` carries what a machine filters by, `msg` is for a person. */
export interface Log {
  debug(obj: object, msg: string): void
  info(obj: object, msg: string): void
  warn(obj: object, msg: string): void
  error(obj: object, msg: string): void
  /** The same log with fields every line of it carries. */
  child(bindings: { [name: string]: unknown }): Log
}

/** JSON lines on stderr: stdout belongs to the ready line. Written synchronously, so the last words of a crash arrive. */
export function createLog(level: 'debug' | 'info' | 'warn' | 'error' | 'silent' = 'info'): Log {
  return pino({ level, base: null }, pino.destination({ fd: 2, sync: true }))
}
