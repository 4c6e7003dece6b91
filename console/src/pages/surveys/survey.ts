/** A survey as its dialog edits it. */
import type { components } from '@/api/schema'
import { dayOrNull, isReversed, openFrom, openUntil } from '@/parts/span'

type Schemas = components['schemas']
export type Survey = Schemas['SurveyView']

export interface QuestionDraft {
  key: number
  text: string
  isChoice: boolean
  choices: string[]
}

export interface SurveyDraft {
  name: string
  points: number | null
  questions: QuestionDraft[]
  state: Schemas['PublicationState']
  from: string | null
  until: string | null
}

let last = 0
export const newQuestion = (): QuestionDraft => ({ key: (last += 1), text: '', isChoice: true, choices: [] })

export function surveyDraft(survey: Survey | null): SurveyDraft {
  return {
    name: survey?.name ?? '',
    points: survey?.points ?? 0,
    questions: survey
      ? survey.questions.map((one) => ({
          key: (last += 1),
          text: one.text,
          isChoice: (one.choices ?? []).length > 0,
          choices: [...(one.choices ?? [])],
        }))
      : [newQuestion()],
    state: survey?.state ?? 'draft',
    from: dayOrNull(survey?.open_from),
    until: dayOrNull(survey?.open_until),
  }
}

export function surveyBody(draft: SurveyDraft): Schemas['SurveyBody'] {
  return {
    name: draft.name.trim(),
    points: draft.points ?? 0,
    questions: draft.questions.map((one) => ({ text: one.text.trim(), choices: one.isChoice ? one.choices.filter(Boolean) : [] })),
    state: draft.state,
    open_from: openFrom(draft.from),
    open_until: openUntil(draft.until),
  }
}

const FEWEST_CHOICES = 2

export function isSurveyReady(draft: SurveyDraft): boolean {
  const areGood = draft.questions.every(
    (one) => one.text.trim() !== '' && (!one.isChoice || one.choices.filter(Boolean).length >= FEWEST_CHOICES),
  )
  return draft.name.trim() !== '' && draft.questions.length > 0 && areGood && !isReversed(draft.from, draft.until)
}
