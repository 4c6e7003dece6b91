/** One of the brand's own attributes as the dialog edits it, and the way to the API. Key and kind stay; choices are only added. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type Attribute = Schemas['UsedAttributeView']
export type Kind = Schemas['AttributeKind']

export const KINDS = ['text', 'number', 'date', 'boolean', 'choice'] as const satisfies readonly Kind[]

/** The API's own limits. */
export const LONGEST = 40
const MOST_CHOICES = 50
const KEY = /^[\w.@-]{1,40}$/

export interface AttributeDraft {
  key: string
  label: string
  kind: Kind
  /** New ones, beside those that the attribute has. */
  choices: string[]
  isForMembers: boolean
}

/** `taken` are the keys in use: a new attribute is offered one that is free. */
export function attributeDraft(attribute: Attribute | null, taken: readonly string[] = []): AttributeDraft {
  return {
    key: attribute?.key ?? freeKey(taken),
    label: attribute?.label ?? '',
    kind: attribute?.kind ?? 'text',
    choices: [],
    isForMembers: attribute?.editable_by_member ?? true,
  }
}

function freeKey(taken: readonly string[]): string {
  let number = taken.length + 1
  while (taken.includes(`attribute_${number}`)) number += 1
  return `attribute_${number}`
}

export type AttributeFault = 'key' | 'tooMany' | 'tooLong' | 'twice'

/** What keeps it from being saved, beside what was not filled in yet. */
export function faultOf(draft: AttributeDraft, attribute: Attribute | null): AttributeFault | null {
  if (!KEY.test(draft.key.trim())) return 'key'
  if (draft.kind !== 'choice') return null
  const all = allChoices(draft, attribute)
  if (all.length > MOST_CHOICES) return 'tooMany'
  if (all.some((choice) => choice.length > LONGEST)) return 'tooLong'
  return new Set(all).size < all.length ? 'twice' : null
}

export function isReady(draft: AttributeDraft, attribute: Attribute | null): boolean {
  const isFilled = draft.label.trim() !== '' && (draft.kind !== 'choice' || allChoices(draft, attribute).length > 0)
  return isFilled && faultOf(draft, attribute) === null
}

export function newAttribute(draft: AttributeDraft): Schemas['NewAttribute'] {
  return {
    key: draft.key.trim(),
    label: draft.label.trim(),
    kind: draft.kind,
    choices: draft.kind === 'choice' ? allChoices(draft, null) : [],
    editable_by_member: draft.isForMembers,
  }
}

export function changeOf(draft: AttributeDraft, attribute: Attribute): Schemas['ChangeAttribute'] {
  const added = draft.kind === 'choice' && draft.choices.some(Boolean)
  return {
    label: draft.label.trim(),
    editable_by_member: draft.isForMembers,
    ...(added && { choices: allChoices(draft, attribute) }),
  }
}

function allChoices(draft: AttributeDraft, attribute: Attribute | null): string[] {
  return [...(attribute?.choices ?? []), ...draft.choices.map((choice) => choice.trim()).filter(Boolean)]
}
