import { CopyButton } from './CopyButton.tsx'

/** A value that has to be typed elsewhere, with a button that copies it; `name` says what it is. */
export function CopyValue({ value, name }: { value: string; name: string }) {
  return (
    <span className="copied">
      <span className="id selectable">{value}</span>
      <CopyButton value={value} name={name} />
    </span>
  )
}
