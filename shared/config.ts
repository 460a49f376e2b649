import { z } from 'zod'

/** AE title: 1–16 characters of the default repertoire, no backslash or control characters, trimmed (PS3.5 §6.2, VR AE). */
export const aeTitle = z
  .string()
  .trim()
  .regex(/^[\x20-\x5b\x5d-\x7e]{1,16}$/, 'an AE title has 1 to 16 printable ASCII characters and no backslash')

const port = z.int().min(0).max(65535)

/** The station's configuration, version 1. Defaults < resources < file < environment < command line. */
export const configSchema = z.object({
  version: z.literal(1).default(1),
  aet: aeTitle.default('ISOCENTER'),
  /** 0 = any free port. */
  dimsePort: port.default(11112),
  /** Scanners must reach it: every interface unless told otherwise. */
  dimseHost: z.string().default('0.0.0.0'),
  /** 0 = any free port; fixed by default so that the browser's origin stays the same. */
  httpPort: port.default(11180),
})

export type Config = z.infer<typeof configSchema>
