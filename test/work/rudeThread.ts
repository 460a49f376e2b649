import { serveThread } from '../../electron/station/base/thread.ts'
import type { LookRequest } from '../../electron/station/work/look.ts'

/** Codecs at their worst: hangs on content 1, takes its thread down on content 2, is well otherwise. */
serveThread(() => ({
  lookInto({ object }: LookRequest) {
    if (object.contentId === 1) for (;;);
    if (object.contentId === 2) process.exit(1)
    return {}
  },
}))
