import { call, onStationEvent } from '../../client.ts'
import { type DraftCounter, DraftKeeper } from './draftKeeper.ts'

const CHANNEL = 'isocenter-drafts'
/** Chromium lets requests that outlive their page carry 64 KiB in all: two of these, in whatever script. */
const KEEPALIVE_CHARACTERS = 20_000

const keepers = new Map<string, DraftKeeper>()
let channel: BroadcastChannel | undefined

const counter: DraftCounter = {
  get: StudyInstanceUID => call('draft.get', { StudyInstanceUID }),
  put: (StudyInstanceUID, draft, rev) => {
    const outlivesPage = JSON.stringify(draft).length <= KEEPALIVE_CHARACTERS
    return call('draft.put', { StudyInstanceUID, draft, rev }, undefined, outlivesPage)
  },
  tell: StudyInstanceUID => channel?.postMessage(StudyInstanceUID),
}

function listen(): void {
  if (channel !== undefined) return
  channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = ({ data }) => void keepers.get(String(data))?.read()
  onStationEvent('connection', online => {
    if (online) for (const keeper of keepers.values()) keeper.retry()
  })
  const flush = () => {
    for (const keeper of keepers.values()) keeper.flush()
  }
  window.addEventListener('pagehide', flush)
}

/** The draft of a study, the same for every pane of this window; read from the station when it is first asked for. */
export function draftOf(StudyInstanceUID: string): DraftKeeper {
  listen()
  let keeper = keepers.get(StudyInstanceUID)
  if (keeper === undefined) {
    keeper = new DraftKeeper(StudyInstanceUID, counter)
    keepers.set(StudyInstanceUID, keeper)
    void keeper.ready
  }
  return keeper
}
