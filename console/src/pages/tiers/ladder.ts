/** The ladder as the planner edits it, and the arithmetic of who would move. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type Held = Schemas['HeldTierView']
export type Plan = Schemas['PlanView']
export type Right = Schemas['Right']
export type Policy = Schemas['TierPolicy']

export interface Step {
  /** Its place in the form, whatever its name. */
  key: number
  id: string | null
  /** As the saved ladder calls it; null for a new one. */
  savedName: string | null
  name: string
  spend_fen: number | null
  visits: number | null
  points_percent: number | null
  birthday_percent: number | null
  coupon_template_ids: string[]
  rights: Right[]
  members: number
}

const NORMAL = 100
export const MOST_STEPS = 20

let last = 0
const nextKey = () => (last += 1)

export function stepsOf(ladder: readonly Held[]): Step[] {
  return ladder.map(({ tier, members }) => ({
    key: nextKey(),
    id: tier.id,
    savedName: tier.name,
    name: tier.name,
    spend_fen: tier.spend_fen ?? null,
    visits: tier.visits ?? null,
    points_percent: tier.points_percent,
    birthday_percent: tier.birthday_percent,
    coupon_template_ids: [...tier.coupon_template_ids],
    rights: tier.rights.map((right) => ({ ...right })),
    members,
  }))
}

export function newStep(): Step {
  return {
    key: nextKey(),
    id: null,
    savedName: null,
    name: '',
    spend_fen: null,
    visits: null,
    points_percent: NORMAL,
    birthday_percent: NORMAL,
    coupon_template_ids: [],
    rights: [],
    members: 0,
  }
}

export function bodyOf(steps: readonly Step[]): Schemas['LadderBody'] {
  return {
    tiers: steps.map((step) => ({
      id: step.id,
      name: step.name.trim(),
      spend_fen: step.spend_fen,
      visits: step.visits,
      points_percent: step.points_percent ?? NORMAL,
      birthday_percent: step.birthday_percent ?? NORMAL,
      coupon_template_ids: step.coupon_template_ids,
      rights: step.rights,
    })),
  }
}

export function planBodyOf(steps: readonly Step[]): Schemas['PlanBody'] {
  return { tiers: steps.map((step) => ({ name: step.name.trim(), spend_fen: step.spend_fen, visits: step.visits })) }
}

export type Fault = 'name' | 'twice' | 'nothing' | 'notAbove' | 'right'

/** What is wrong with each step, by its key. Each asks for more than the one below, of what both ask for. */
export function faultsOf(steps: readonly Step[]): Map<number, Fault> {
  const faults = new Map<number, Fault>()
  const names = new Set<string>()
  steps.forEach((step, index) => {
    const name = step.name.trim()
    const below = steps[index - 1]
    if (!name) faults.set(step.key, 'name')
    else if (names.has(name)) faults.set(step.key, 'twice')
    else if (below && step.spend_fen === null && step.visits === null) faults.set(step.key, 'nothing')
    else if (below && (isNotAbove(step.spend_fen, below.spend_fen) || isNotAbove(step.visits, below.visits))) {
      faults.set(step.key, 'notAbove')
    } else if (step.rights.some((right) => !right.code.trim() || !right.name.trim())) faults.set(step.key, 'right')
    names.add(name)
  })
  return faults
}

const isNotAbove = (here: number | null, below: number | null) => here !== null && below !== null && here <= below

export interface Move {
  from: string | null
  to: string
  members: number
  isUp: boolean
}

/**
 * Who would move, the largest group first. The plan tells old names on the left and new ones on the right: a tier that is only
 * called otherwise is the same one, and its members stay.
 */
export function movesOf(plan: Plan, steps: readonly Step[]): Move[] {
  const nowCalled = new Map(steps.flatMap((step) => (step.savedName ? [[step.savedName, step.name.trim()]] : [])))
  const rank = (name: string | null) => steps.findIndex((step) => step.name.trim() === name)
  return plan.moves
    .map((move) => {
      const from = move.from == null ? null : (nowCalled.get(move.from) ?? move.from)
      return { from, to: move.to, members: move.members, isUp: rank(move.to) > rank(from) }
    })
    .filter((move) => move.from !== move.to && move.members > 0)
    .sort((a, b) => b.members - a.members)
}

export function movedBy(moves: readonly Move[]): { up: number; down: number } {
  const sum = (isUp: boolean) => moves.filter((move) => move.isUp === isUp).reduce((all, move) => all + move.members, 0)
  return { up: sum(true), down: sum(false) }
}

const HUNDREDTHS = 10_000

/** The share of all members that each planned tier would hold, 0 to 1. */
export function sharesOf(plan: Plan): number[] {
  return plan.tiers.map((tier) => tier.share_per_10000 / HUNDREDTHS)
}

/** A tier may go only while nobody holds it, and the lowest never. */
export function mayRemove(steps: readonly Step[], step: Step): boolean {
  return step.members === 0 && steps[0] !== step
}
