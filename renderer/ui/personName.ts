import { msg, t } from '../i18n/index.ts'
import { showControls } from './format.ts'

function display(group: string): string {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group.split('^').map(part => part.trim())
  const rest = [prefix, given, middle, suffix].filter(part => part !== '').join(' ')
  return showControls([family, rest].filter(part => part !== '').join(', '))
}

/**
 * The name as a reader of its script expects it: the ideographic group for Chinese, Japanese and Korean where there
 * is one, followed by the alphabetic one; otherwise the first group that says anything (PS3.5 §6.2.1).
 */
export function shownName(value: string, lang: string): string {
  const [alphabetic = '', ideographic = '', phonetic = ''] = value.split('=').map(display)
  if (ideographic !== '' && /^(ja|ko|zh)/.test(lang || 'ja')) {
    const ideographicName = ideographic.replace(', ', ' ')
    return alphabetic === '' ? ideographicName : `${ideographicName} · ${alphabetic}`
  }
  return alphabetic || ideographic || phonetic
}

export function describeGroups(value: string): string {
  const labels = [msg('Alphabetic'), msg('Ideographic'), msg('Phonetic')]
  return value
    .split('=')
    .map((group, index) => ({ label: t(labels[index] ?? msg('More')), text: display(group) }))
    .filter(({ text }) => text !== '')
    .map(({ label, text }) => `${label}: ${text}`)
    .join('\n')
}
