import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
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
    <IconButton icon={copied ? Check : Copy} name={copied ? 'Copied' : `Copy ${name}`} onClick={() => void copy()} />
  )
}
