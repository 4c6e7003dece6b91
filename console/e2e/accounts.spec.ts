import { Api, judgeSignature, refuse } from './tools/api'
import { expect, open, test } from './tools/test'

test.afterEach(() => refuse({}))

test('an account says that it works, or what is wrong and how to mend it, in the language of the page', async ({ as }) => {
  const page = await as('owner', '/settings?tab=accounts')
  const wechat = page.getByRole('listitem', { name: '微信小程序' })
  await expect(wechat).toContainText('还没有检查过')
  await wechat.getByRole('button', { name: '检查' }).click()
  await expect(wechat).toContainText(/可用，\d+ 毫秒/)
  await expect(wechat).toContainText('个模板可用')
  for (const name of ['阿里云短信', '支付宝小程序']) {
    const account = page.getByRole('listitem', { name })
    await account.getByRole('button', { name: '检查' }).click()
    await expect(account).toContainText(/可用，\d+ 毫秒/)
  }

  await refuse({ '/cgi-bin/stable_token': '40125', '/aliyun/QuerySmsTemplateList': 'isp.RAM_PERMISSION_DENY' })
  await wechat.getByRole('button', { name: '再检查一次' }).click()
  await expect(wechat).toContainText('AppID 或 AppSecret 不正确：更正设置后重启。')
  await expect(wechat).toContainText('平台代码 40125')
  const aliyun = page.getByRole('listitem', { name: '阿里云短信' })
  await aliyun.getByRole('button', { name: '再检查一次' }).click()
  await expect(aliyun).toContainText('检查账号、密钥权限和 IP 限制')

  await refuse({})
  await wechat.getByRole('button', { name: '再检查一次' }).click()
  await expect(wechat).toContainText(/可用，\d+ 毫秒/)
  await page.reload()
  await expect(wechat).toContainText(/可用，\d+ 毫秒/)
})

test('an account that works tells of a signature that was refused, with the reason', async ({ as }) => {
  const owner = await Api.staff('owner')
  const { items } = await owner.get<{ items: { platform: string; sign_name: string }[] }>('/v1/console/settings/accounts')
  const name = items.find(({ platform }) => platform === 'aliyun')?.sign_name ?? ''
  const page = await as('owner', '/settings?tab=accounts')
  const aliyun = page.getByRole('listitem', { name: '阿里云短信' })
  await judgeSignature(name, 'refused')
  await aliyun.getByRole('button', { name: /检查/ }).click()
  await expect(aliyun).toContainText('可用，有待处理')
  await expect(aliyun).toContainText(`签名「${name}」未通过审核：通过资质信息，不能判断是否可以申请此签名`)
  await judgeSignature(name, 'approved')
  await aliyun.getByRole('button', { name: '再检查一次' }).click()
  await expect(aliyun).toContainText(`签名「${name}」审核通过`)
})

test('the SMS templates stand with what the supplier thinks of them; a campaign can choose the approved ones', async ({ as }) => {
  const page = await as('marketer', '/settings?tab=templates')
  const table = page.getByRole('table', { name: '短信模板' })
  await expect(table.getByRole('row', { name: /SMS_400000103/ })).toContainText('审核通过')
  await expect(table.getByRole('row', { name: /SMS_400000104/ })).toContainText('审核中')
  const refused = table.getByRole('row', { name: /SMS_400000105/ })
  await expect(refused).toContainText('未通过')
  await expect(refused).toContainText('模板内容含有联系方式')

  await refuse({ '/aliyun/QuerySmsTemplateList': 'isp.RAM_PERMISSION_DENY' })
  await page.getByRole('region', { name: '短信模板' }).getByRole('button', { name: '重新读取' }).click()
  await expect(page.getByText('阿里云短信没有答复')).toBeVisible()
  await expect(table.getByRole('row', { name: /SMS_400000103/ })).toContainText('审核通过')
  await open(page, '/settings')
})
