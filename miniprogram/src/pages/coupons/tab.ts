/** Which list of the coupons' page is shown. A tab page can't be opened with a query, so whoever links to a list says it here. */
import { ref } from 'vue'
import { isMember } from '@/api/session'
import { open } from '@/page'

export type Tab = 'claimable' | 'usable' | 'used' | 'expired'

export const tab = ref<Tab>(isMember.value ? 'usable' : 'claimable')

export function openClaimCentre(): void {
  tab.value = 'claimable'
  open('pages/coupons/index')
}
