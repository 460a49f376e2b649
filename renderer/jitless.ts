import { z } from 'zod'

// The page's Content-Security-Policy forbids eval. zod decides when a schema is made whether it compiles it, so this
// module must be evaluated before shared/contract.ts: whoever imports the contract imports this first.
z.config({ jitless: true })
