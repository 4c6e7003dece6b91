import { describe, expect, it } from 'vitest'
import { isGranted, type Role } from '@/access'
import { firstPlaceFor, menuFor, places } from '@/routes'
import chinese from '@/words/zh-CN'

const menuOf = (role: Role) =>
  menuFor((permission) => isGranted(role, permission)).flatMap((entry) => entry.places.map((place) => place.name))

describe('routes', () => {
  it('names and addresses every page once', () => {
    expect(new Set(places.map((place) => place.name)).size).toBe(places.length)
    expect(new Set(places.map((place) => place.path)).size).toBe(places.length)
  })

  it('lights a menu entry for every page', () => {
    const entries = places.filter((place) => place.menu).map((place) => place.name)
    for (const place of places.filter((one) => !one.menu)) expect(entries, place.name).toContain(place.under)
  })

  it('has words for every page', () => {
    for (const place of places) {
      const [area, key] = place.title.split('.') as [keyof typeof chinese, string]
      expect(chinese[area][key as never], place.title).toBeTruthy()
    }
  })

  it('shows each role only what the API grants it', () => {
    for (const role of ['owner', 'marketer', 'store_manager', 'cashier'] as Role[]) {
      for (const name of menuOf(role)) {
        const place = places.find((one) => one.name === name)
        expect(place && isGranted(role, place.needs), `${role} ${name}`).toBe(true)
      }
    }
    expect(menuOf('owner')).toEqual(places.filter((place) => place.menu).map((place) => place.name))
  })

  it('begins somewhere for everybody but cashiers', () => {
    for (const role of ['owner', 'marketer', 'store_manager'] as Role[]) {
      expect(firstPlaceFor((permission) => isGranted(role, permission))).toBeDefined()
    }
  })
})
