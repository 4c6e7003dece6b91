/**
 * Every page of the console, in the order of the menu: what it is called, who may see it, where its menu entry stands. Menu, guards
 * and titles are read from here and from nowhere else.
 */
import type { Component } from 'vue'
import type { Permission } from '@/access'
import type { WordKey } from '@/words'
import {
  BulletpointIcon,
  CalendarIcon,
  ChartAnalyticsIcon,
  ChartBarIcon,
  ChatIcon,
  CouponIcon,
  FilterIcon,
  GiftIcon,
  HistoryIcon,
  HomeIcon,
  LayersIcon,
  MailIcon,
  NotificationIcon,
  QuestionnaireIcon,
  SealIcon,
  SettingIcon,
  ShopIcon,
  StarIcon,
  UserSafetyIcon,
  UsergroupIcon,
} from 'tdesign-icons-vue-next'

export const GROUPS = ['overview', 'reach', 'people', 'offers', 'operation'] as const
export type Group = (typeof GROUPS)[number]

export interface Place {
  name: string
  path: string
  title: WordKey
  needs: Permission
  component: () => Promise<unknown>
  /** Absent: it has no menu entry, and `under` names the one that is lit while it is open. */
  menu?: { group: Group; icon: Component }
  under?: string
}

export const places: Place[] = [
  {
    name: 'today',
    path: '/today',
    title: 'today.title',
    needs: 'ReadCampaigns',
    component: () => import('@/pages/today/TodayPage.vue'),
    menu: { group: 'overview', icon: HomeIcon },
  },
  {
    name: 'reports',
    path: '/reports',
    title: 'reports.title',
    needs: 'ReadReports',
    component: () => import('@/pages/reports/ReportsPage.vue'),
    menu: { group: 'overview', icon: ChartBarIcon },
  },
  {
    name: 'analyses',
    path: '/analyses',
    title: 'analyses.title',
    needs: 'AnalyseMembers',
    component: () => import('@/pages/analyses/AnalysesPage.vue'),
    menu: { group: 'overview', icon: ChartAnalyticsIcon },
  },
  {
    name: 'campaigns',
    path: '/campaigns',
    title: 'nav.campaigns',
    needs: 'ReadCampaigns',
    component: () => import('@/pages/campaigns/CampaignsPage.vue'),
    menu: { group: 'reach', icon: CalendarIcon },
  },
  {
    name: 'campaign-new',
    path: '/campaigns/new',
    title: 'campaigns.newTitle',
    needs: 'WriteCampaigns',
    component: () => import('@/pages/campaigns/composer/ComposerPage.vue'),
    under: 'campaigns',
  },
  {
    name: 'campaign',
    path: '/campaigns/:id',
    title: 'campaigns.one',
    needs: 'ReadCampaigns',
    component: () => import('@/pages/campaigns/CampaignPage.vue'),
    under: 'campaigns',
  },
  {
    name: 'campaign-edit',
    path: '/campaigns/:id/edit',
    title: 'campaigns.editTitle',
    needs: 'WriteCampaigns',
    component: () => import('@/pages/campaigns/composer/ComposerPage.vue'),
    under: 'campaigns',
  },
  {
    name: 'audiences',
    path: '/audiences',
    title: 'audiences.title',
    needs: 'ReadCampaigns',
    component: () => import('@/pages/audiences/AudiencesPage.vue'),
    menu: { group: 'reach', icon: FilterIcon },
  },
  {
    name: 'audience-new',
    path: '/audiences/new',
    title: 'audiences.create',
    needs: 'WriteCampaigns',
    component: () => import('@/pages/audiences/AudiencePage.vue'),
    under: 'audiences',
  },
  {
    name: 'audience',
    path: '/audiences/:id',
    title: 'audiences.title',
    needs: 'ReadCampaigns',
    component: () => import('@/pages/audiences/AudiencePage.vue'),
    under: 'audiences',
  },
  {
    name: 'members',
    path: '/members',
    title: 'members.title',
    needs: 'ReadMembers',
    component: () => import('@/pages/members/MembersPage.vue'),
    menu: { group: 'people', icon: UsergroupIcon },
  },
  {
    name: 'duplicates',
    path: '/members/duplicates',
    title: 'members.duplicates',
    needs: 'MergeMembers',
    component: () => import('@/pages/members/DuplicatesPage.vue'),
    under: 'members',
  },
  {
    name: 'member',
    path: '/members/:id',
    title: 'members.one',
    needs: 'ReadMembers',
    component: () => import('@/pages/members/MemberPage.vue'),
    under: 'members',
  },
  {
    name: 'attributes',
    path: '/attributes',
    title: 'attributes.title',
    needs: 'ReadMembers',
    component: () => import('@/pages/attributes/AttributesPage.vue'),
    menu: { group: 'people', icon: BulletpointIcon },
  },
  {
    name: 'tiers',
    path: '/tiers',
    title: 'tiers.title',
    needs: 'ReadMembers',
    component: () => import('@/pages/tiers/TiersPage.vue'),
    menu: { group: 'people', icon: LayersIcon },
  },
  {
    name: 'feedback',
    path: '/feedback',
    title: 'feedback.title',
    needs: 'HandleFeedback',
    component: () => import('@/pages/feedback/FeedbackPage.vue'),
    menu: { group: 'people', icon: ChatIcon },
  },
  {
    name: 'coupons',
    path: '/coupons',
    title: 'coupons.title',
    needs: 'ReadCoupons',
    component: () => import('@/pages/coupons/CouponsPage.vue'),
    menu: { group: 'offers', icon: CouponIcon },
  },
  {
    name: 'coupon-new',
    path: '/coupons/new',
    title: 'coupons.create',
    needs: 'WriteCoupons',
    component: () => import('@/pages/coupons/CouponFormPage.vue'),
    under: 'coupons',
  },
  {
    name: 'coupon',
    path: '/coupons/:id',
    title: 'coupons.template',
    needs: 'ReadCoupons',
    component: () => import('@/pages/coupons/CouponPage.vue'),
    under: 'coupons',
  },
  {
    name: 'coupon-edit',
    path: '/coupons/:id/edit',
    title: 'coupons.edit',
    needs: 'WriteCoupons',
    component: () => import('@/pages/coupons/CouponFormPage.vue'),
    under: 'coupons',
  },
  {
    name: 'points',
    path: '/points',
    title: 'points.title',
    needs: 'ReadReports',
    component: () => import('@/pages/points/PointsPage.vue'),
    menu: { group: 'offers', icon: StarIcon },
  },
  {
    name: 'mall',
    path: '/mall',
    title: 'mall.title',
    needs: 'ReadCoupons',
    component: () => import('@/pages/mall/MallPage.vue'),
    menu: { group: 'offers', icon: GiftIcon },
  },
  {
    name: 'stamps',
    path: '/stamp-cards',
    title: 'stamps.title',
    needs: 'ReadCoupons',
    component: () => import('@/pages/stamps/StampsPage.vue'),
    menu: { group: 'offers', icon: SealIcon },
  },
  {
    name: 'surveys',
    path: '/surveys',
    title: 'surveys.title',
    needs: 'ReadReports',
    component: () => import('@/pages/surveys/SurveysPage.vue'),
    menu: { group: 'offers', icon: QuestionnaireIcon },
  },
  {
    name: 'stores',
    path: '/stores',
    title: 'stores.title',
    needs: 'ReadStores',
    component: () => import('@/pages/stores/StoresPage.vue'),
    menu: { group: 'operation', icon: ShopIcon },
  },
  {
    name: 'staff',
    path: '/staff',
    title: 'staff.title',
    needs: 'ReadStaff',
    component: () => import('@/pages/staff/StaffPage.vue'),
    menu: { group: 'operation', icon: UserSafetyIcon },
  },
  {
    name: 'notices',
    path: '/notices',
    title: 'notices.title',
    needs: 'ReadCampaigns',
    component: () => import('@/pages/notices/NoticesPage.vue'),
    menu: { group: 'operation', icon: NotificationIcon },
  },
  {
    name: 'letters',
    path: '/dead-letters',
    title: 'letters.title',
    needs: 'HandleDeadLetters',
    component: () => import('@/pages/letters/LettersPage.vue'),
    menu: { group: 'operation', icon: MailIcon },
  },
  {
    name: 'letter-cause',
    path: '/dead-letters/:cause',
    title: 'letters.title',
    needs: 'HandleDeadLetters',
    component: () => import('@/pages/letters/CausePage.vue'),
    under: 'letters',
  },
  {
    name: 'audit',
    path: '/audit',
    title: 'audit.title',
    needs: 'ReadAudit',
    component: () => import('@/pages/audit/AuditPage.vue'),
    menu: { group: 'operation', icon: HistoryIcon },
  },
  {
    name: 'settings',
    path: '/settings',
    title: 'settings.title',
    needs: 'ReadSettings',
    component: () => import('@/pages/settings/SettingsPage.vue'),
    menu: { group: 'operation', icon: SettingIcon },
  },
]

/** The menu of somebody with these permissions. */
export function menuFor(may: (permission: Permission) => boolean): { group: Group; places: Place[] }[] {
  return GROUPS.map((group) => ({
    group,
    places: places.filter((place) => place.menu?.group === group && may(place.needs)),
  })).filter((entry) => entry.places.length > 0)
}

/** Where somebody with these permissions begins; undefined: nothing of the console is for them. */
export function firstPlaceFor(may: (permission: Permission) => boolean): Place | undefined {
  return menuFor(may)[0]?.places[0]
}
