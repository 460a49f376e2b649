/** Throws with the reason when there is no Electron to test with. */
export function electronRuntime(): { dist: string; version: string; executable: string }
