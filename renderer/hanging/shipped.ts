import { type HangingProtocol, hangingProtocols } from '../../shared/viewing/hanging/rules.ts'

const [FILE] = Object.values(
  import.meta.glob<unknown>('../../resources/hangingProtocols.json', { import: 'default', eager: true }),
)

/** What ships, of `resources/`: bundled with the page. */
export const SHIPPED: readonly HangingProtocol[] = hangingProtocols.parse(FILE)
