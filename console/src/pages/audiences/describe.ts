/** A rule as a sentence: for lists, and so that a builder's boxes can be checked by reading them. */
import { formatCount, formatDecimal, formatMoney } from '@/format/number'
import { formatDay } from '@/format/time'
import { language, t, tCode } from '@/words'
import { editorOf, EVENTS, nodeOf, type ApiRule, type AttributeAsk, type DayRange, type Deed, type Range, type RuleNode, type TestNode } from './rule'

/** What ids are called. */
export interface Names {
  store: (id: string) => string
  tier: (id: string) => string
  coupon: (id: string) => string
  attribute: (key: string) => { label: string; kind: string } | undefined
}

export function describeRule(rule: ApiRule, names: Names): string {
  return describe(nodeOf(rule), names, true)
}

function describe(node: RuleNode, names: Names, isOutermost = false): string {
  if (node.kind === 'unknown') return t('audiences.unknownCondition', { code: Object.keys(node.rule)[0] ?? '' })
  if (node.kind === 'test') return describeTest(node, names)
  if (node.children.length === 0) return t(node.operator === 'any' ? 'audiences.nobody' : 'audiences.everybody')
  const parts = node.children.map((child) => describe(child, names))
  const joined = parts.join(node.operator === 'all' ? t('audiences.joinAll') : t('audiences.joinAny'))
  if (node.operator === 'none') return t('audiences.not', { rule: parts.length > 1 ? inBrackets(joined) : joined })
  return isOutermost || parts.length === 1 ? joined : inBrackets(joined)
}

function inBrackets(text: string): string {
  return language.value === 'en' ? `(${text})` : `（${text}）`
}

export function describeTest(test: TestNode, names: Names): string {
  const name = tCode('audiences', test.property)
  const { value } = test
  switch (editorOf(test.property)) {
    case 'yesNo':
      return tCode('audiences', `${test.property}_${value ? 'yes' : 'no'}`)
    case 'gender':
      return `${name}${t('audiences.is')}${tCode('audiences', `gender_${String(value)}`)}`
    case 'identity':
      return `${name}${t('audiences.is')}${tCode('audiences', `identity_${String(value)}`)}`
    case 'store':
      return `${name}${t('audiences.is')}${names.store(String(value))}`
    case 'tier':
      return `${name}${t('audiences.is')}${names.tier(String(value))}`
    case 'ageBand':
      return `${name}${t('audiences.is')}${tCode('audiences', `age_band_${String(value)}`)}`
    case 'valueClass':
    case 'stage':
      return `${name}${t('audiences.is')}${tCode('audiences', `${test.property}_${String(value)}`)}`
    case 'coupon':
      return describeCoupon(value as Deed, names)
    case 'bought':
      return describeBought(value as Deed, names)
    case 'behaviour':
      return describeBehaviour(value as Deed)
    case 'attribute':
      return describeAttribute(value as AttributeAsk, names)
    case 'subscription':
    case 'text':
    case 'tag':
      return `${name}${t('audiences.is')}${String(value)}`
    case 'month':
      return `${name}${t('audiences.is')}${t('audiences.monthOf', { n: Number(value) })}`
    case 'dates': {
      const days = value as DayRange
      return `${name} ${between('day', days.from && formatDay(days.from), days.until && formatDay(days.until))}`
    }
    default: {
      const range = value as Range
      const show = test.property === 'purchase_total_fen' ? formatMoney : formatCount
      const unit = tCode('audiences', `unit_${test.property}`)
      const end = (number: number | null) => (number === null ? null : `${show(number)}${unit}`)
      return `${name} ${between('number', end(range.at_least), end(range.at_most))}`
    }
  }
}

/** An attribute that is no longer known goes by its key. */
function describeAttribute(asked: AttributeAsk, names: Names): string {
  const attribute = names.attribute(asked.key)
  const name = attribute?.label ?? asked.key
  if (asked.is !== null) {
    const said = (value: string) => (attribute?.kind === 'boolean' ? t(value === 'true' ? 'audiences.attributeYes' : 'audiences.attributeNo') : value)
    return `${name}${t('audiences.is')}${asked.is.map(said).join(' / ')}`
  }
  const number = (end: number | null) => (end === null ? null : formatDecimal(end))
  const day = (end: string | null) => end && formatDay(end)
  const isDate = asked.from !== null || asked.until !== null
  return `${name} ${isDate ? between('day', day(asked.from), day(asked.until)) : between('number', number(asked.at_least), number(asked.at_most))}`
}

function describeCoupon(deed: Deed, names: Names): string {
  const which = deed.template_id === null ? t('audiences.anyCoupon') : names.coupon(String(deed.template_id))
  const words = t(`audiences.says_coupon_${deed.has as 'unused' | 'used' | 'expired'}`, { coupon: which })
  return words + (deed.has === 'unused' ? ends(deed) : since(deed))
}

function describeBought(deed: Deed, names: Names): string {
  const goods = [deed.category, deed.product_code].filter((one) => one !== null).join(' ')
  const where = deed.store_id === null ? '' : t('audiences.saysAt', { store: names.store(String(deed.store_id)) })
  return t('audiences.saysBought', { goods: goods || t('audiences.anything') }) + where + since(deed)
}

function describeBehaviour(deed: Deed): string {
  const what = [eventName(String(deed.name)), deed.page].filter((one) => one !== null).join(' ')
  return t('audiences.saysDid', { what, n: Number(deed.at_least ?? 1) }) + since(deed)
}

export function eventName(name: string): string {
  return (EVENTS as readonly string[]).includes(name) ? tCode('audiences', `event_${name}`) : name
}

const since = (deed: Deed) => (deed.within_days === null ? '' : t('audiences.saysWithin', { n: Number(deed.within_days) }))
const ends = (deed: Deed) => (deed.within_days === null ? '' : t('audiences.saysEnds', { n: Number(deed.within_days) }))

function between(of: 'day' | 'number', low: string | null, high: string | null): string {
  if (low && high) return low === high ? low : t('audiences.fromTo', { low, high })
  if (low) return t(of === 'day' ? 'audiences.fromDay' : 'audiences.from', { low })
  return high ? t(of === 'day' ? 'audiences.upToDay' : 'audiences.upTo', { high }) : ''
}
