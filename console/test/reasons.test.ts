import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import english from '@/words/en/reasons'
import chinese from '@/words/zh-CN/reasons'

it('says of a delivery what the API says', () => {
  const source = readFileSync(resolve(__dirname, '../../service/src/delivery/reason.rs'), 'utf8')
  const rows = [...source.matchAll(/= "(\w+)", "([^"]*)", "([^"]*)";/g)]
  expect(rows.length).toBeGreaterThan(10)
  expect(chinese).toEqual(Object.fromEntries(rows.map((row) => [row[1], row[2]])))
  const plain = (text: string) => text.replaceAll('’', "'")
  const told = Object.fromEntries(Object.entries(english).map(([code, text]) => [code, plain(text)]))
  expect(told).toEqual(Object.fromEntries(rows.map((row) => [row[1], (row[3] ?? '').replace(/\.$/, '')])))
})
