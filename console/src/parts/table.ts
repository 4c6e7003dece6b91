/** What a table's column is: its `#cell-<key>` slot draws the cell, else the row's own field is shown. */
export interface Column<Row> {
  key: string
  title: string
  align?: 'left' | 'right'
  /** CSS width, e.g. `120px`. */
  width?: string
  /** The text of a cell without a slot, and in a CSV. */
  text?: (row: Row) => string
}
