/**
 * The rule of a segment as the builder edits it, and the way to the API's form and back. A condition that this console doesn't know
 * stays in the rule as it came: an older console must not lose what a newer one saved.
 */
import type { components } from '@/api/schema'

export type ApiRule = components['schemas']['Rule']
export type Operator = 'all' | 'any' | 'none'

export interface Range {
  at_least: number | null
  at_most: number | null
}

export interface DayRange {
  from: string | null
  until: string | null
}

/** How a property is asked for. */
export type Editor =
  | 'gender'
  | 'ageBand'
  | 'text'
  | 'store'
  | 'tag'
  | 'tier'
  | 'identity'
  | 'subscription'
  | 'month'
  | 'yesNo'
  | 'number'
  | 'money'
  | 'days'
  | 'age'
  | 'dates'
  | 'attribute'
  | 'valueClass'
  | 'stage'
  | DeedEditor

/** What asks for several things at once. */
export type DeedEditor = 'coupon' | 'bought' | 'behaviour'

/** What the mini-program tells of a member who agreed to it. */
export const EVENTS = ['page_view', 'coupon_view'] as const

/** A rule that an address carries; anything else is nothing. */
export function ruleIn(text: unknown): ApiRule | null {
  if (typeof text !== 'string') return null
  try {
    const told: unknown = JSON.parse(text)
    return told !== null && typeof told === 'object' && !Array.isArray(told) && Object.keys(told).length === 1 ? (told as ApiRule) : null
  } catch {
    return null
  }
}

/** What is asked of a deed; null is not asked. */
export type Deed = Record<string, string | number | null>

/** What is asked of one of the brand's own attributes, by its kind: some values, a range of numbers or of days; null is not asked. */
export interface AttributeAsk extends Range, DayRange {
  key: string
  is: string[] | null
}

/** Of buyers; the API's own words. */
export const VALUE_CLASSES = [
  'important_value',
  'important_growth',
  'important_keep',
  'important_win_back',
  'general_value',
  'general_growth',
  'general_keep',
  'general_win_back',
  'bought_once',
] as const
export const STAGES = ['new', 'active', 'slowing', 'asleep', 'lost'] as const

export const GROUPS = ['profile', 'standing', 'purchases', 'activity', 'reach'] as const

export interface Property {
  key: string
  editor: Editor
  group: (typeof GROUPS)[number]
}

export const PROPERTIES = [
  { key: 'gender', editor: 'gender', group: 'profile' },
  { key: 'age', editor: 'age', group: 'profile' },
  { key: 'age_band', editor: 'ageBand', group: 'profile' },
  { key: 'birthday_month', editor: 'month', group: 'profile' },
  { key: 'home_store', editor: 'store', group: 'profile' },
  { key: 'occupation', editor: 'text', group: 'profile' },
  { key: 'enrolled', editor: 'dates', group: 'profile' },
  { key: 'attribute', editor: 'attribute', group: 'profile' },
  { key: 'tag', editor: 'tag', group: 'standing' },
  { key: 'tier', editor: 'tier', group: 'standing' },
  { key: 'points', editor: 'number', group: 'standing' },
  { key: 'dormant_days', editor: 'days', group: 'purchases' },
  { key: 'last_purchase', editor: 'dates', group: 'purchases' },
  { key: 'never_bought', editor: 'yesNo', group: 'purchases' },
  { key: 'purchase_count', editor: 'number', group: 'purchases' },
  { key: 'purchase_total_fen', editor: 'money', group: 'purchases' },
  { key: 'value_class', editor: 'valueClass', group: 'purchases' },
  { key: 'lifecycle_stage', editor: 'stage', group: 'purchases' },
  { key: 'bought', editor: 'bought', group: 'purchases' },
  { key: 'coupon', editor: 'coupon', group: 'activity' },
  { key: 'behaviour', editor: 'behaviour', group: 'activity' },
  { key: 'marketing_consent', editor: 'yesNo', group: 'reach' },
  { key: 'identity', editor: 'identity', group: 'reach' },
  { key: 'subscribed', editor: 'subscription', group: 'reach' },
] as const satisfies readonly Property[]

export type PropertyKey = (typeof PROPERTIES)[number]['key']
export type TestValue = string | number | boolean | Range | DayRange | Deed | AttributeAsk

export interface GroupNode {
  kind: 'group'
  id: number
  operator: Operator
  children: RuleNode[]
}

export interface TestNode {
  kind: 'test'
  id: number
  property: PropertyKey
  value: TestValue
}

export interface UnknownNode {
  kind: 'unknown'
  id: number
  rule: ApiRule
}

export type RuleNode = GroupNode | TestNode | UnknownNode

/** The API's own limits. */
export const MAX_DEPTH = 6
export const MAX_NODES = 100

let last = 0
const nextId = () => (last += 1)

export function newGroup(operator: Operator = 'all', children: RuleNode[] = []): GroupNode {
  return { kind: 'group', id: nextId(), operator, children }
}

export function newTest(property: PropertyKey): TestNode {
  return { kind: 'test', id: nextId(), property, value: blankOf(editorOf(property)) }
}

export function editorOf(property: PropertyKey): Editor {
  return PROPERTIES.find((one) => one.key === property)?.editor ?? 'number'
}

export function blankOf(editor: Editor): TestValue {
  switch (editor) {
    case 'gender':
      return 'female'
    case 'ageBand':
      return 'young'
    case 'valueClass':
      return 'important_value'
    case 'stage':
      return 'active'
    case 'month':
      return 1
    case 'coupon':
      return { has: 'unused', template_id: null, within_days: null }
    case 'bought':
      return { category: null, product_code: null, store_id: null, within_days: null }
    case 'behaviour':
      return { name: 'page_view', page: null, at_least: null, within_days: null }
    case 'attribute':
      return { key: '', is: null, at_least: null, at_most: null, from: null, until: null }
    case 'yesNo':
      return true
    case 'identity':
      return 'wechat_openid'
    case 'dates':
      return { from: null, until: null }
    case 'number':
    case 'money':
    case 'days':
    case 'age':
      return { at_least: null, at_most: null }
    default:
      return ''
  }
}

const isOperator = (key: string): key is Operator => key === 'all' || key === 'any' || key === 'none'
const isProperty = (key: string): key is PropertyKey => PROPERTIES.some((one) => one.key === key)

export function nodeOf(rule: ApiRule): RuleNode {
  const [key, value] = (Object.entries(rule) as [string, unknown][])[0] ?? ['', null]
  if (isOperator(key)) return newGroup(key, (value as ApiRule[]).map(nodeOf))
  if (!isProperty(key)) return { kind: 'unknown', id: nextId(), rule }
  const blank = blankOf(editorOf(key))
  const whole = typeof blank === 'object' ? { ...blank, ...(value as object) } : value
  return { kind: 'test', id: nextId(), property: key, value: whole as TestValue }
}

/** The builder's root is a group: a single test is put into one. */
export function rootOf(rule: ApiRule): GroupNode {
  const node = nodeOf(rule)
  return node.kind === 'group' ? node : newGroup('all', [node])
}

export function ruleOf(node: RuleNode): ApiRule {
  if (node.kind === 'unknown') return node.rule
  if (node.kind === 'group') {
    return { [node.operator]: node.children.map(ruleOf) } as unknown as ApiRule
  }
  return { [node.property]: filled(node.value) } as unknown as ApiRule
}

/** Open ends are left out. */
function filled(value: TestValue): unknown {
  if (typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).filter(([, end]) => end !== null))
}

export type Fault = 'empty' | 'missing' | 'order' | 'range' | 'tooDeep' | 'tooMany'

const MOST: Partial<Record<Editor, number>> = { age: 150, days: 36_500 }
const MOST_DEED_DAYS = 3_650
/** Of an attribute; the API's own limit. */
const MOST_VALUES = 50

/** What keeps a node from being asked, by its id. Groups without conditions are told too: "any of nothing" picks nobody. */
export function faultsOf(root: GroupNode): Map<number, Fault> {
  const faults = new Map<number, Fault>()
  let nodes = 0
  const visit = (node: RuleNode, depth: number) => {
    nodes += 1
    if (depth > MAX_DEPTH) faults.set(node.id, 'tooDeep')
    if (nodes > MAX_NODES) faults.set(node.id, 'tooMany')
    if (node.kind === 'group') {
      if (node.children.length === 0 && !(node === root && node.operator === 'all')) faults.set(node.id, 'empty')
      node.children.forEach((child) => visit(child, depth + 1))
    } else if (node.kind === 'test') {
      const fault = faultOf(node)
      if (fault) faults.set(node.id, fault)
    }
  }
  visit(root, 1)
  return faults
}

function faultOf(test: TestNode): Fault | null {
  const { value } = test
  if (value === '') return 'missing'
  if (typeof value !== 'object') return null
  if (isDeed(test.property)) return faultOfDeed(value as Deed)
  if (test.property === 'attribute') return faultOfAttribute(value as AttributeAsk)
  const { at_least, at_most, from, until } = value as Partial<Range & DayRange>
  const ends = 'at_least' in value ? [at_least, at_most] : [from, until]
  const [low, high] = ends as [number | string | null, number | string | null]
  if (low === null && high === null) return 'missing'
  if (low !== null && high !== null && low > high) return 'order'
  const most = MOST[editorOf(test.property)]
  const isOver = (end: number | string | null) => typeof end === 'number' && most !== undefined && end > most
  return isOver(low) || isOver(high) ? 'range' : null
}

export function isDeed(property: PropertyKey): boolean {
  return ['coupon', 'bought', 'behaviour'].includes(editorOf(property))
}

function faultOfAttribute({ key, is, at_least, at_most, from, until }: AttributeAsk): Fault | null {
  if (key === '') return 'missing'
  if (is !== null) return is.length === 0 ? 'missing' : is.length > MOST_VALUES ? 'range' : null
  if ([at_least, at_most, from, until].every((end) => end === null)) return 'missing'
  const isReversed = (low: number | string | null, high: number | string | null) => low !== null && high !== null && low > high
  return isReversed(at_least, at_most) || isReversed(from, until) ? 'order' : null
}

/** Something has to be asked, and the days have to be days that were. */
function faultOfDeed(deed: Deed): Fault | null {
  if (Object.values(deed).every((asked) => asked === null) || deed.name === '') return 'missing'
  return Number(deed.within_days) > MOST_DEED_DAYS || deed.at_least === 0 ? 'range' : null
}

/** The parent of each node, and what stands beside it: to remove and to move. */
export function withoutNode(group: GroupNode, id: number): GroupNode {
  return {
    ...group,
    children: group.children
      .filter((child) => child.id !== id)
      .map((child) => (child.kind === 'group' ? withoutNode(child, id) : child)),
  }
}

export function depthOf(node: RuleNode): number {
  if (node.kind !== 'group') return 1
  return 1 + Math.max(0, ...node.children.map(depthOf))
}
