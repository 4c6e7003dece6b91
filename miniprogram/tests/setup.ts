/** A stand-in for the platform: storage in memory, a Chinese phone. Tests that send give `uni.request` themselves. */
import { beforeEach, vi } from 'vitest'

const stored = new Map<string, unknown>()

vi.stubGlobal('navigator', { language: 'zh-CN', onLine: true })
vi.stubGlobal('uni', {
  getAppBaseInfo: () => ({ language: 'zh_CN' }),
  getStorageSync: (key: string) => stored.get(key) ?? '',
  setStorageSync: (key: string, value: unknown) => stored.set(key, value),
  removeStorageSync: (key: string) => stored.delete(key),
  setTabBarItem: () => undefined,
  showToast: () => undefined,
  request: () => {
    throw new Error('this test did not expect a request')
  },
})

beforeEach(() => stored.clear())
