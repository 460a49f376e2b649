import { t } from '../../i18n/index.ts'
import { announce, announceFailure } from '../../ui/index.ts'
import { saveSegmentations, unsavedWorks } from '../segmenting/index.ts'

/** What is drawn in another window is that window's to save: a study is asked for by its UID. */
let channel: BroadcastChannel | undefined

function opened(): BroadcastChannel {
  if (channel !== undefined) return channel
  channel = new BroadcastChannel('isocenter-saving')
  channel.onmessage = ({ data }) => {
    if (typeof data === 'string' && unsavedWorks(data).length > 0) void saveDrawn(data)
  }
  return channel
}

async function saveDrawn(StudyInstanceUID: string): Promise<void> {
  try {
    const { length: count } = await saveSegmentations(StudyInstanceUID)
    if (count > 0) announce(t('Saved: {{what}}', { what: t('{{count}} segmentations', { count }) }))
  } catch (thrown) {
    announceFailure('It could not be saved; the marks are kept here.', thrown)
  }
}

/** Hears when another window saves a study, and saves what is drawn on it here. Returns what ends it. */
export function followSaving(): () => void {
  opened()
  return () => {
    channel?.close()
    channel = undefined
  }
}

/** A study is saved in this window: so is what is drawn on it in others. */
export function askOthersToSave(StudyInstanceUID: string): void {
  opened().postMessage(StudyInstanceUID)
}
