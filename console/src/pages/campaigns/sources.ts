/** What the campaign pages read from elsewhere: segments, coupon templates, WeChat's templates, the policy. Each is read once. */
import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { answered, api } from '@/api/client'
import { may } from '@/session/session'
import { templateLines } from './message/render'

const MANY = 200
const MINUTE = 60_000

export function useSegments() {
  return useQuery({
    queryKey: ['segments', 'all'],
    queryFn: () => answered(api.GET('/v1/console/segments', { params: { query: { limit: MANY } } })),
    staleTime: MINUTE,
    enabled: may('ReadCampaigns'),
  })
}

export function useCouponTemplates() {
  return useQuery({
    queryKey: ['coupon-templates', 'published', 'all'],
    queryFn: () =>
      answered(api.GET('/v1/console/coupon-templates', { params: { query: { state: 'published', limit: MANY } } })),
    staleTime: MINUTE,
    enabled: may('ReadCoupons'),
  })
}

/** Asked of WeChat itself, so it may be away while the rest is not. */
export function useWechatTemplates(enabled: Ref<boolean> = computed(() => true)) {
  return useQuery({
    queryKey: ['wechat-templates'],
    queryFn: () => answered(api.GET('/v1/console/settings/wechat-templates')),
    select: (answer) => answer.items.map((one) => ({ ...one, lines: templateLines(one.content) })),
    staleTime: 5 * MINUTE,
    enabled: computed(() => enabled.value && may('ReadSettings')),
  })
}

/** The approved wordings of text messages. */
export function useSmsTemplates() {
  return useQuery({
    queryKey: ['sms-templates'],
    queryFn: () => answered(api.GET('/v1/console/settings/sms-templates')),
    staleTime: 5 * MINUTE,
    enabled: may('ReadSettings'),
  })
}

export function usePolicy() {
  return useQuery({
    queryKey: ['settings'],
    queryFn: () => answered(api.GET('/v1/console/settings')),
    staleTime: MINUTE,
    enabled: may('ReadSettings'),
  })
}

export function useCampaign(id: Ref<string>) {
  return useQuery({
    queryKey: computed(() => ['campaigns', id.value]),
    queryFn: () => answered(api.GET('/v1/console/campaigns/{id}', { params: { path: { id: id.value } } })),
    enabled: computed(() => id.value !== ''),
  })
}

/** How many members a rule picks now, and a few of them. */
export function useSegmentCount(segmentId: Ref<string>, segments: ReturnType<typeof useSegments>) {
  const rule = computed(() => segments.data.value?.items.find((one) => one.id === segmentId.value)?.rule)
  return useQuery({
    queryKey: computed(() => ['segments', segmentId.value, 'count']),
    queryFn: () => answered(api.POST('/v1/console/segments/count', { body: { rule: rule.value! } })),
    enabled: computed(() => rule.value !== undefined),
    staleTime: MINUTE,
  })
}
