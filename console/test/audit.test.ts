import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ACTIONS, actOf, actionWords, reasonOf, type Entry } from '@/pages/audit/sentence'
import { chooseLanguage } from '@/words'

const entry = (part: Partial<Entry>): Entry => ({
  id: '1',
  actor_kind: 'staff',
  action: 'campaign.pause',
  subject_kind: 'campaign',
  subject_id: '2',
  detail: {} as Entry['detail'],
  created_at: '2026-11-27T06:00:00Z',
  ...part,
})

/** The Rust files of the folder and of those in it. */
function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((one) => {
    const path = join(folder, one.name)
    if (one.isDirectory()) return sources(path)
    return one.name.endsWith('.rs') ? [readFileSync(path, 'utf8')] : []
  })
}

describe('the audit log', () => {
  it('tells who did what as a sentence, with its name and reason', async () => {
    const told = entry({ detail: { name: '周六会员日', reason: '雨天改期' } as unknown as Entry['detail'] })
    expect(actOf(told)).toBe('暂停了活动「周六会员日」')
    expect(reasonOf(told)).toBe('原因：雨天改期')
    await chooseLanguage('en')
    expect(actOf(told)).toBe('paused campaign “周六会员日”')
    await chooseLanguage('zh-CN')
  })

  it('falls back on what the object is called now', () => {
    expect(actOf(entry({ subject_name: '周六会员日' }))).toBe('暂停了活动「周六会员日」')
  })

  it('leaves no place open where there is no name', () => {
    for (const action of ACTIONS) expect(actionWords(action), action).not.toContain('{')
  })

  it('shows the code of an act it has no words for', () => {
    expect(actOf(entry({ action: 'something.new' }))).toBe('something.new')
  })

  it('has words for every act that the service records', () => {
    const recorded = sources('../service/src').flatMap((source) => [
      ...[...source.matchAll(/action: "([a-z_]+\.[a-z_]+)"/g)].map((match) => match[1]),
      ...[...source.matchAll(/act\(caller, "([a-z_]+\.[a-z_]+)"/g)].map((match) => match[1]),
    ])
    expect(recorded.length).toBeGreaterThan(20)
    for (const action of recorded) expect(ACTIONS).toContain(action)
  })
})
