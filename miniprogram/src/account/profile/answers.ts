/** What the brand asks beside the profile: the member's answers, by the question's key. Only changes are sent; null takes an answer back. */
import type { components } from '@/api/schema'

export type Question = components['schemas']['AttributeValueView']
export type Answer = string | number | boolean | null
export type Answers = Record<string, Answer>

const answerOf = ({ value }: Question): Answer => (['string', 'number', 'boolean'].includes(typeof value) ? (value as Answer) : null)

export const answersOf = (questions: Question[]): Answers => Object.fromEntries(questions.map((question) => [question.key, answerOf(question)]))

/** What only the shop writes is shown once there is something, what the member writes always. */
export const shown = (questions: Question[]): Question[] => questions.filter((question) => !question.archived && (question.editable_by_member || answerOf(question) !== null))

/** What was typed: a number as one, and nothing where nothing stands. */
export function typed(kind: Question['kind'], text: string): Answer {
  const plain = text.trim()
  if (plain === '') return null
  if (kind !== 'number') return plain
  return Number.isFinite(Number(plain)) ? Number(plain) : null
}

export function changedAnswers(questions: Question[], answers: Answers): Answers {
  const before = answersOf(questions)
  return Object.fromEntries(Object.entries(answers).filter(([key, answer]) => answer !== before[key]))
}
