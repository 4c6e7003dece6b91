import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PERMISSIONS, isGranted, type Permission, type Role } from '@/access'

const source = readFileSync(resolve(__dirname, '../../service/src/staff/permission.rs'), 'utf8')

/** The names in the arm of one role of `granted_to`. */
function armOf(role: string): string[] {
  const arm = new RegExp(`StaffRole::${role} => matches!\\(([^)]*)\\)`).exec(source)?.[1]
  return arm?.match(/[A-Z][A-Za-z]+/g) ?? []
}

describe('access', () => {
  it('has every permission of the API and no other', () => {
    const list = /pub enum Permission \{([^}]*)\}/.exec(source)?.[1] ?? ''
    const names = list
      .split('\n')
      .filter((line) => !line.includes('///'))
      .flatMap((line) => line.match(/[A-Z][A-Za-z]+/g) ?? [])
    expect([...PERMISSIONS]).toEqual(names)
  })

  it.each([
    ['marketer', 'Marketer'],
    ['store_manager', 'StoreManager'],
    ['cashier', 'Cashier'],
  ] as [Role, string][])('grants %s what the API grants', (role, name) => {
    const granted = PERMISSIONS.filter((permission: Permission) => isGranted(role, permission))
    expect([...granted].sort()).toEqual(armOf(name).sort())
  })

  it('grants the owner everything', () => {
    expect(PERMISSIONS.every((permission) => isGranted('owner', permission))).toBe(true)
  })
})
