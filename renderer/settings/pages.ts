/** The pages of the settings, in their order; their names are what they are called in English. */
export const SETTINGS_PAGES = [
  'Keys',
  'Display',
  'Storage',
  'Network',
  'Central',
  'Folders',
  'Access',
  'Audit',
  'Reading',
  'Hanging',
  'Reporting',
] as const
export type SettingsPage = (typeof SETTINGS_PAGES)[number]
