/** A table as a file that spreadsheets open: UTF-8 with a mark, so that Excel shows Chinese, and no cell that runs as a formula. */
import type { ChartTable } from './chart'

export function csvOf(table: ChartTable): string {
  return [table.head, ...table.rows].map((row) => row.map(cell).join(',')).join('\r\n')
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}

export function downloadCsv(name: string, table: ChartTable) {
  const file = new Blob(['\ufeff', csvOf(table)], { type: 'text/csv;charset=utf-8' })
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = `${name}.csv`
  link.click()
  URL.revokeObjectURL(address)
}
