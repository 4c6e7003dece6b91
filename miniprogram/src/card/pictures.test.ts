import jsQR from 'jsqr'
import { describe, expect, it } from 'vitest'
import { encode } from 'uqr'
import { code128 } from './code128'
import { barPicture, qrPicture } from './pictures'

const CODE = 'HK1.6000000000000007.58888888.042442361496'

describe('the picture of a code', () => {
  it('is a QR code that a reader reads back', () => {
    const { data, size } = encode(CODE, { ecc: 'M', border: 4 })
    const scale = 4
    const pixels = new Uint8ClampedArray(size * scale * size * scale * 4)
    for (let y = 0; y < size * scale; y += 1)
      for (let x = 0; x < size * scale; x += 1) pixels.fill(data[Math.floor(y / scale)]?.[Math.floor(x / scale)] ? 0 : 255, (y * size * scale + x) * 4, (y * size * scale + x) * 4 + 4)
    expect(jsQR(pixels, size * scale, size * scale)?.data).toBe(CODE)
  })

  it('is small, because the code is in the alphabet of QR’s alphanumeric mode', () => expect(encode(CODE, { ecc: 'M', border: 0 }).size).toBeLessThanOrEqual(29))

  it('says the same after half a second and another after a step', () => {
    expect(qrPicture(CODE)).toBe(qrPicture(CODE))
    expect(qrPicture(CODE)).not.toBe(qrPicture(CODE.replace('58888888', '58888889')))
    expect(barPicture(CODE)).toMatch(/^data:image\/svg\+xml,/)
  })
})

describe('the bars', () => {
  it('of every symbol are as wide as the standard says, and the check symbol fits', () => {
    const widths = code128(CODE)
    const total = widths.reduce((sum, width) => sum + width, 0)
    expect((total - 13) % 11).toBe(0)
    expect(widths.slice(-7)).toEqual([2, 3, 3, 1, 1, 1, 2])
  })

  // From the standard's own worked example: "PJJ123C" in set B has check symbol 55; digits alone go in pairs.
  it('follow the standard', () => {
    expect(code128('1234').reduce((sum, width) => sum + width, 0)).toBe(11 * 4 + 13)
    expect(code128('PJJ123C').slice(48, 54)).toEqual([3, 1, 1, 3, 2, 1])
  })
})
