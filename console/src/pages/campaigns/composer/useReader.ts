/** The member for whom the phone shows the message: one of the segment that was picked. */
import { computed, type Ref } from 'vue'
import { useSegmentCount, useSegments } from '../sources'
import type { Reader } from '../message/render'
import { brandName, publicUrl } from '@/session/shop'

/** As long as every receiver's own. */
const TOKEN_LENGTH = 22

export function useReader(segmentId: Ref<string>) {
  const count = useSegmentCount(segmentId, useSegments())
  return computed<Reader>(() => {
    const sample = count.data.value?.sample.find((one) => one.name) ?? count.data.value?.sample[0]
    const token = 'x'.repeat(TOKEN_LENGTH)
    return {
      name: sample?.name ?? null,
      cardNumber: sample?.card_number ?? '6200000000000000',
      brand: brandName.value,
      optOutLink: `${publicUrl.value ?? ''}/u/${token}`,
      optOutToken: token,
    }
  })
}
