/**
 * Where a user's data folder is when nobody names one: the platform's own place for application data. `home` is the user's
 * home folder; the path is absolute when `home` and the environment's are.
 */
export function defaultDataDir(platform: string, env: Record<string, string | undefined>, home: string): string {
  if (platform === 'win32') return `${env.APPDATA ?? `${home}\\AppData\\Roaming`}\\Isocenter`
  if (platform === 'darwin') return `${home}/Library/Application Support/Isocenter`
  // XDG Base Directory Specification: a relative path is to be ignored.
  const dataHome = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : `${home}/.local/share`
  return `${dataHome}/isocenter`
}
