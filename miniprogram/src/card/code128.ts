/** Code 128 for scanners that read only bars: digits two at a time (set C), anything else one by one (set B). */
const WIDTHS =
  '212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112'.split(' ')
const START_B = 104
const START_C = 105
const TO_B = 100
const TO_C = 99
const STOP = 106
const CHECK = 103
/** From so many digits in a row on, changing to set C is shorter. */
const WORTH = 4

const digitsFrom = (text: string, from: number): number => /^\d*/.exec(text.slice(from))?.[0].length ?? 0

function symbols(text: string): number[] {
  const list: number[] = []
  let inC = digitsFrom(text, 0) >= WORTH
  list.push(inC ? START_C : START_B)
  let at = 0
  while (at < text.length) {
    const run = digitsFrom(text, at)
    if (inC && run < 2) {
      list.push(TO_B)
      inC = false
    } else if (!inC && run >= WORTH && run % 2 === 0) {
      list.push(TO_C)
      inC = true
    } else if (inC) {
      list.push(Number(text.slice(at, at + 2)))
      at += 2
    } else {
      list.push(text.charCodeAt(at) - 32)
      at += 1
    }
  }
  return list
}

/** Widths of bars and gaps in turn, a bar first. */
export function code128(text: string): number[] {
  const list = symbols(text)
  const check = list.reduce((sum, symbol, index) => sum + symbol * Math.max(index, 1), 0) % CHECK
  return [...list, check, STOP].flatMap((symbol) => [...(WIDTHS[symbol] ?? '')].map(Number))
}
