import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { IconButton } from './IconButton.tsx'

export function CopyButton({ value, name }: { value: string; name: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value)
    } catch {
      // The desktop shell denies every permission, the clipboard's too: the old way asks for none.
      copySelection(value)
    }
    setCopied(true)
    setTimeout(() => setCopied(false), 1500)
  }
  return (
    <IconButton icon={copied ? Check : Copy} name={copied ? 'Copied' : `Copy ${name}`} onClick={() => void copy()} />
  )
}

function copySelection(value: string): void {
  const area = document.createElement('textarea')
  area.value = value
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}
