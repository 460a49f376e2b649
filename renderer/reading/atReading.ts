let saves: (StudyInstanceUID: string) => void = () => {}

/** Who saves what was marked in a study that is marked as read, wherever that is done. */
export function savesAtReading(save: (StudyInstanceUID: string) => void): () => void {
  saves = save
  return () => {
    saves = () => {}
  }
}

/** A study is being marked as read. */
export function saveMarked(StudyInstanceUID: string): void {
  saves(StudyInstanceUID)
}
