/** Hands a text file to the person: a download in a browser, a message to a chat of their own in WeChat. */

/** WeChat's own, which uni-app's types leave out. */
interface Sender {
  env: { USER_DATA_PATH: string }
  shareFileMessage: (message: { filePath: string; fileName: string; success: () => void; fail: () => void }) => void
}

/** Resolves with false when the person let it be. */
export function handOver(name: string, text: string): Promise<boolean> {
  // #ifdef H5
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
  return Promise.resolve(true)
  // #endif
  // #ifdef MP-WEIXIN
  const sender = uni as unknown as Sender
  const path = `${sender.env.USER_DATA_PATH}/${name}`
  return new Promise((resolve, reject) => {
    uni.getFileSystemManager().writeFile({
      filePath: path,
      data: text,
      encoding: 'utf8',
      success: () => sender.shareFileMessage({ filePath: path, fileName: name, success: () => resolve(true), fail: () => resolve(false) }),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    })
  })
  // #endif
}

/** Whether `handOver` sends to a chat rather than to the disk. WeChat allows that only in a tap. */
export const sendsToChat = (): boolean => {
  // #ifdef MP-WEIXIN
  return true
  // #endif
  // #ifndef MP-WEIXIN
  return false
  // #endif
}
