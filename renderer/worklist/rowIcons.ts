const SVG = 'http://www.w3.org/2000/svg'

/** lucide's `check`, `circle-dot`, `triangle-alert`, `cloud-upload` and `pin` (ISC) as nodes: rows are written without React. */
export function check(): SVGElement {
  return icon('M20 6 9 17l-5-5')
}

export function circleDot(): SVGElement {
  return icon('M12 2a10 10 0 1 0 0 20 10 10 0 1 0 0-20m0 9a1 1 0 1 0 0 2 1 1 0 1 0 0-2')
}

export function triangleAlert(): SVGElement {
  return icon('m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3M12 9v4M12 17h.01')
}

export function cloudUpload(): SVGElement {
  return icon('M12 13v8M4 14.899A7 7 0 1 1 15.71 8h1.79a4.5 4.5 0 0 1 2.5 8.242m-12 .758 4-4 4 4')
}

export function pin(): SVGElement {
  return icon(
    'M12 17v5M9 10.76a2 2 0 0 1-1.11 1.79l-1.78.9A2 2 0 0 0 5 15.24V16a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-.76a2 2 0 0 0-1.11-1.79l-1.78-.9A2 2 0 0 1 15 10.76V7a1 1 0 0 1 1-1 2 2 0 0 0 0-4H8a2 2 0 0 0 0 4 1 1 0 0 1 1 1z',
  )
}

function icon(d: string): SVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', d)
  const attributes = {
    class: 'lucide',
    viewBox: '0 0 24 24',
    fill: 'none',
    stroke: 'currentColor',
    'stroke-width': '2',
    'stroke-linecap': 'round',
    'stroke-linejoin': 'round',
    'aria-hidden': 'true',
  }
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value)
  svg.append(path)
  return svg
}
