/** Codes as pictures: an SVG in the address itself, sharp at any size and without a canvas. */
import { encode } from 'uqr'
import { code128 } from './code128'

const svg = (width: number, height: number, path: string): string =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" shape-rendering="crispEdges"><path d="${path}"/></svg>`)}`

/** Black on nothing; whoever shows it gives the white and the quiet zone. */
export function qrPicture(text: string): string {
  const { data, size } = encode(text, { ecc: 'M', border: 0 })
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return svg(size, size, path)
}

export function barPicture(text: string): string {
  const widths = code128(text)
  let x = 0
  let path = ''
  widths.forEach((width, index) => {
    if (index % 2 === 0) path += `M${x} 0h${width}v1h-${width}z`
    x += width
  })
  return svg(x, 1, path)
}
