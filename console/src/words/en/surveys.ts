import type { Words } from '../zh-CN'

const words: Words['surveys'] = {
  title: 'Surveys',
  lead: 'A few questions, and points for the answers.',
  create: 'New survey',
  edit: 'Edit survey',
  empty: 'No surveys yet',
  emptyHint: 'Two or three questions are enough: the fewer, the more answer.',
  questions: 'Questions',
  question: 'Question',
  kind: 'Kind',
  choice: 'One of',
  freeText: 'Free text',
  choices: 'Choices',
  choicesPlaceholder: 'Choices with commas between, two at least',
  choicesHint: 'Choices with commas between.',
  addQuestion: 'Add a question',
  points: 'Points for it',
  pointsHint: '0: none.',
  answers: 'Answered by',
  answered: 'Somebody has answered: the questions stay.',
}

export default words
