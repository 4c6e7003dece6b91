import type { Words } from '../zh-CN'
import account from './account'
import audiences from './audiences'
import audit from './audit'
import campaigns from './campaigns'
import common from './common'
import coupons from './coupons'
import gates from './gates'
import letters from './letters'
import members from './members'
import nav from './nav'
import notices from './notices'
import points from './points'
import reasons from './reasons'
import reports from './reports'
import session from './session'
import settings from './settings'
import staff from './staff'
import stores from './stores'
import tiers from './tiers'
import today from './today'

const words: Words = {
  account,
  audiences,
  audit,
  campaigns,
  common,
  coupons,
  gates,
  letters,
  members,
  nav,
  notices,
  points,
  reasons,
  reports,
  session,
  settings,
  staff,
  stores,
  tiers,
  today,
}

export default words
