// @vitest-environment happy-dom
/** The WeChat package as it was built: what it declares, and that every page of it opens. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { built } from '../built'
import { launch, type Mini, type OpenPage } from './mini'

const root = join(import.meta.dirname, '../..')
const folder = built(process.env.MINI_PACKAGE ?? join(root, 'dist/build/mp-weixin'), 'npm run build:mp-weixin')

interface Asked {
  url: string
  method?: string
  success: (answer: { statusCode: number; data: string; header: object }) => void
}

describe('the WeChat package', () => {
  it('asks for code only as it is needed, and holds every page that the app has', () => {
    const app = JSON.parse(readFileSync(join(folder, 'app.json'), 'utf8')) as { lazyCodeLoading?: string; pages: string[]; subPackages?: Array<{ root: string; pages: string[] }> }
    expect(app.lazyCodeLoading).toBe('requiredComponents')
    for (const page of [...app.pages, ...(app.subPackages ?? []).flatMap((each) => each.pages.map((path) => `${each.root}/${path}`))]) {
      for (const ending of ['js', 'json', 'wxml']) expect(existsSync(join(folder, `${page}.${ending}`)), `${page}.${ending}`).toBe(true)
    }
  })

  describe('opened for a guest, with a server that answers nothing', () => {
    let mini: Mini
    let page: OpenPage | undefined
    beforeAll(() => {
      const request = ({ success }: Asked): object => {
        success({ statusCode: 503, data: JSON.stringify({ code: 'unavailable', title: '服务暂时不可用', status: 503, request_id: 'r' }), header: {} })
        return { abort: () => undefined }
      }
      const quiet = (): undefined => undefined
      mini = launch(folder, { request: request as never, login: quiet, redirectTo: quiet, navigateTo: quiet, switchTab: quiet })
    })
    afterEach(() => page?.close())

    it('every page opens without a problem', async () => {
      expect(mini.problems).toEqual([])
      for (const path of mini.paths) {
        page = await mini.open(path)
        expect(mini.problems, path).toEqual([])
        page.close()
      }
      page = undefined
    }, 60_000)
  })
})
