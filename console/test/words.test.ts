import { describe, expect, it } from 'vitest'
import english from '@/words/en'
import chinese from '@/words/zh-CN'
import { chooseLanguage, fill, t, tCode } from '@/words'

const areas = Object.keys(chinese) as (keyof typeof chinese)[]
const placesOf = (text: string) => [...new Set([...text.matchAll(/\{(\w+)/g)].map((match) => match[1]))].sort()

describe('words', () => {
  it('has the same areas in both languages', () => {
    expect(Object.keys(english)).toEqual(areas)
  })

  it.each(areas)('has the same keys and places for %s', (area) => {
    const here: Record<string, string> = chinese[area]
    const there: Record<string, string> = english[area]
    expect(Object.keys(there).sort()).toEqual(Object.keys(here).sort())
    for (const key of Object.keys(here)) {
      expect(placesOf(there[key] ?? ''), `${area}.${key}`).toEqual(placesOf(here[key] ?? ''))
    }
  })

  it('leaves no English in Chinese sentences and no Chinese in English ones', () => {
    for (const area of areas) {
      const there: Record<string, string> = english[area]
      for (const [key, text] of Object.entries(there)) {
        if (`${area}.${key}` === 'nav.language') continue
        expect(text.replaceAll(/「[^」]*」|【[^】]*】/g, ''), `${area}.${key}`).not.toMatch(/[\u4e00-\u9fff]/)
      }
    }
  })

  it('fills places, separates thousands and picks by number', () => {
    expect(fill('{n} {n|member|members}', { n: 1 })).toBe('1 member')
    expect(fill('{n} {n|member|members}', { n: 12_000 })).toBe('12,000 members')
    expect(fill('{missing}')).toBe('{missing}')
  })

  it('switches the language, and shows a code it has no words for', async () => {
    expect(t('common.save')).toBe('保存')
    await chooseLanguage('en')
    expect(t('common.save')).toBe('Save')
    expect(tCode('common', 'brand_new_code')).toBe('brand_new_code')
    await chooseLanguage('zh-CN')
  })
})
