import { Api, PASSWORD, type Role } from './tools/api'
import { expect, open, signInByHand, test } from './tools/test'

const PAGES = ['/campaigns', '/audiences', '/members', '/stores', '/staff', '/dead-letters', '/audit', '/settings', '/account']

test('who is not signed in sees the sign-in page and nothing else', async ({ page }) => {
  const asked: string[] = []
  page.on('request', (request) => {
    if (new URL(request.url()).pathname.startsWith('/v1/console')) asked.push(request.url())
  })
  for (const path of PAGES) {
    await open(page, path)
    await expect(page.getByRole('heading', { name: '登录控制台' }), path).toBeVisible()
  }
  expect(asked, 'nothing is even asked for').toEqual([])
})

test('a crafted address leads to no other site', async ({ page }) => {
  await open(page, '/sign-in?to=//elsewhere.example/console')
  await signInByHand(page, 'marketer', PASSWORD)
  await expect(page.getByRole('navigation', { name: '主导航' })).toBeVisible()
  expect(new URL(page.url()).pathname).toMatch(/^\/console\//)
})

test('a cashier has no console', async ({ page }) => {
  await open(page, '/members')
  await signInByHand(page, 'cashier', PASSWORD)
  await expect(page.getByRole('heading', { name: '收银账号请使用小程序的员工页' })).toBeVisible()
  await open(page, '/stores')
  await expect(page.getByRole('heading', { name: '收银账号请使用小程序的员工页' })).toBeVisible()
})

test('a page that the role may not see is closed, and the API refuses what stands behind it', async ({ as }) => {
  const page = await as('marketer', '/staff')
  await expect(page.getByText('您的角色没有这项权限')).toBeVisible()
  await expect(page.getByRole('link', { name: '审计' })).toHaveCount(0)
  await open(page, '/audit')
  await expect(page.getByText('您的角色没有这项权限')).toBeVisible()

  const closed: [Role, string, string][] = [
    ['marketer', 'GET', '/v1/console/staff'],
    ['marketer', 'GET', '/v1/console/audit'],
    ['marketer', 'GET', '/v1/console/dead-letters'],
    ['marketer', 'PUT', '/v1/console/settings'],
    ['manager', 'POST', '/v1/console/campaigns'],
    ['manager', 'GET', '/v1/console/settings'],
    ['cashier', 'GET', '/v1/console/members'],
  ]
  for (const [role, method, path] of closed) {
    const api = await Api.staff(role)
    expect(await api.statusOf(method, path, method === 'GET' ? undefined : {}), `${role} ${method} ${path}`).toBeGreaterThanOrEqual(403)
  }
})

test('the page forbids what a script from elsewhere would need', async ({ page }) => {
  const answer = await page.goto('/console/')
  const policy = answer?.headers()['content-security-policy'] ?? ''
  expect(policy).toContain("script-src 'self'")
  expect(policy).not.toContain("'unsafe-eval'")
  expect(/script-src[^;]*'unsafe-inline'/.test(policy)).toBe(false)
  expect(policy).toMatch(/frame-ancestors 'none'/)
})
