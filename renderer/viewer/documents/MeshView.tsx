import { useEffect, useRef, useState } from 'react'
import { readEncapsulated } from '../../../shared/viewing/documents/encapsulated.ts'
import { type Mesh, readStl } from '../../../shared/viewing/documents/stl.ts'
import { t } from '../../i18n/index.ts'
import type { ObjectAddress } from '../objects/readObject.ts'
import { drawMesh } from './drawMesh.ts'
import { reading, useRead } from './useObject.ts'
import { Waiting } from './Waiting.tsx'

const read = reading((dataSet): Mesh | undefined => readStl(readEncapsulated(dataSet)?.bytes ?? new Uint8Array()))
/** Radians for a pixel of a drag. */
const TURN = 0.01

/** A surface, turned by a drag. */
export function MeshView({ address, zoom }: { address: ObjectAddress; zoom: number }) {
  const loaded = useRead(address, read)
  const mesh = loaded.state === 'here' ? loaded.value : undefined
  const canvas = useRef<HTMLCanvasElement>(null)
  const [angles, setAngles] = useState({ around: 0.5, over: 0.3 })
  useEffect(() => {
    const element = canvas.current
    if (element === null || mesh === undefined) return
    let due = 0
    const draw = () => {
      due = 0
      drawMesh(element, mesh, { ...angles, zoom })
    }
    const observer = new ResizeObserver(() => {
      due ||= requestAnimationFrame(draw)
    })
    observer.observe(element)
    return () => {
      cancelAnimationFrame(due)
      observer.disconnect()
    }
  }, [mesh, angles, zoom])
  if (loaded.state !== 'here') return <Waiting loaded={loaded} />
  if (mesh === undefined) return <p className="document-note quiet">{t('There is no surface in this object.')}</p>
  return (
    <div className="mesh">
      <canvas
        ref={canvas}
        onPointerDown={event => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={event => {
          if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
          const { movementX, movementY } = event
          setAngles(({ around, over }) => ({
            around: around + movementX * TURN,
            over: Math.max(-Math.PI / 2, Math.min(Math.PI / 2, over + movementY * TURN)),
          }))
        }}
      />
      <span className="mesh-words quiet">
        {t('{{number}} triangles', { number: mesh.corners.length / 9 })}
        {mesh.cut && t(', not all of the file')}
        {t(' · drag turns')}
      </span>
    </div>
  )
}
