import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { remedyFor } from '@/parts/remedies'
import { chooseLanguage } from '@/words'

/** The brand's own, which no platform gives. */
const OWN = /^(by_staff|error_rate|budget_\w+)$/
const read = (path: string) => readFileSync(resolve(__dirname, '../..', path), 'utf8')
const quoted = (source: string) => [...source.matchAll(/"([A-Za-z_]+(?:\.\w+)+|\d{5}|[a-z]+(?:_[a-z]+)+)"/g)].map((match) => match[1] ?? '')

/** What stands before the words of each hint. */
function hinted(): string[] {
  const table = /^hints! \{(.*?)^\}/ms.exec(read('service/src/delivery/hint.rs'))?.[1] ?? ''
  return quoted(table.replaceAll(/=>[^;]*;/g, '')).filter((code) => !OWN.test(code))
}

const refused = () => {
  const wechat = /fn verdict.*?\n {4}\}/s.exec(read('service/src/delivery/channel/wechat.rs'))?.[0] ?? ''
  return [...quoted(read('platform/src/sms/trouble.rs')), ...quoted(wechat)]
}

it('says what to do about every code that can stop a campaign or a message', async () => {
  expect(hinted().length).toBeGreaterThan(40)
  expect(refused().length).toBeGreaterThan(40)
  for (const code of [...hinted(), ...refused()]) expect(remedyFor(code), code).not.toBe('')
  expect(remedyFor('43101')).toContain('订阅次数')
  await chooseLanguage('en')
  expect(remedyFor('43101')).toContain('no subscription left')
  await chooseLanguage('zh-CN')
})

it('says nothing of a code that it does not know', () => {
  expect(remedyFor('99999')).toBe('')
  expect(remedyFor(null)).toBe('')
})
