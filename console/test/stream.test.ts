import { describe, expect, it } from 'vitest'
import { EventParser } from '@/api/stream'

describe('server-sent events', () => {
  it('gives an event once its end has arrived, however it was cut', () => {
    const parser = new EventParser()
    expect(parser.push('data: {"a"')).toEqual([])
    expect(parser.push(':1}\n')).toEqual([])
    expect(parser.push('\ndata: {"b":2}\n\n')).toEqual(['{"a":1}', '{"b":2}'])
  })

  it('leaves out comments, and joins the lines of one event', () => {
    const parser = new EventParser()
    expect(parser.push(': alive\n\nevent: progress\ndata: one\ndata: two\n\n')).toEqual(['one\ntwo'])
  })
})
