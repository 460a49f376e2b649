import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { t } from '../i18n/index.ts'
import { copyText } from './copyText.ts'
import { IconButton } from './IconButton.tsx'

export function CopyButton({ value, name }: { value: string; name: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await copyText(value)
    setCopied(true)
    setTimeout(() => setCopied(false), 1500)
  }
  return (
    <IconButton
      icon={copied ? Check : Copy}
      name={copied ? 'Copied' : t('Copy {{name}}', { name })}
      onClick={() => void copy()}
    />
  )
}
