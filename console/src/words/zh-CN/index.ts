import campaigns from './campaigns'
import common from './common'
import nav from './nav'
import session from './session'

const words = { campaigns, common, nav, session }

export type Words = { [A in keyof typeof words]: Record<keyof (typeof words)[A], string> }

export default words satisfies Words
