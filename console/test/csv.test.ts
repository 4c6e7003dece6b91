import { describe, expect, it } from 'vitest'
import { csvOf } from '@/parts/csv'

describe('csv', () => {
  it('quotes what holds commas, quotes or breaks', () => {
    const rows = [
      ['南山,店', 3],
      ['说"好"', 1.5],
    ]
    expect(csvOf({ head: ['门店', '数'], rows })).toBe('门店,数\r\n"南山,店",3\r\n"说""好""",1.5')
  })

  it('lets no name run as a formula', () => {
    expect(csvOf({ head: ['名'], rows: [['=1+1'], ['@x'], ['-3']] })).toBe("名\r\n'=1+1\r\n'@x\r\n'-3")
  })
})
