/**
 * Every page of the console, in the order of the menu: what it is called, who may see it, where its menu entry stands. Menu, guards
 * and titles are read from here and from nowhere else.
 */
import type { Component } from 'vue'
import type { Permission } from '@/access'
import type { WordKey } from '@/words'
import { CalendarIcon, ShopIcon, UserSafetyIcon } from 'tdesign-icons-vue-next'

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
    name: 'campaigns',
    path: '/campaigns',
    title: 'nav.campaigns',
    needs: 'ReadCampaigns',
    component: () => import('@/pages/campaigns/CampaignsPage.vue'),
    menu: { group: 'reach', icon: CalendarIcon },
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
