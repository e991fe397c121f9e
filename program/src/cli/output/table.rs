//! Tables in box drawing, as the original prints them.

use comfy_table::{CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, TableStyle};

use super::Style;
use super::escape::escape;

const UTF8: TableStyle = TableStyle::new()
    .top_border(LineStyle::new('┌', '─', '┬', '┐'))
    .header_lines(ContentLineStyle::new('│', '│', '│'))
    .header_separator(LineStyle::new('╞', '═', '╪', '╡'))
    .content_lines(ContentLineStyle::new('│', '│', '│'))
    .row_separator(LineStyle::new('├', '─', '┼', '┤'))
    .bottom_border(LineStyle::new('└', '─', '┴', '┘'));

const ASCII: TableStyle = TableStyle::new()
    .top_border(LineStyle::new('+', '-', '+', '+'))
    .header_lines(ContentLineStyle::new('|', '|', '|'))
    .header_separator(LineStyle::new('+', '=', '+', '+'))
    .content_lines(ContentLineStyle::new('|', '|', '|'))
    .row_separator(LineStyle::new('+', '-', '+', '+'))
    .bottom_border(LineStyle::new('+', '-', '+', '+'));

const BARE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction(' '))
    .content_lines(ContentLineStyle::none().junction(' '));

/// Rows under columns.
pub(in crate::cli) struct Table {
    columns: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(in crate::cli) fn new(columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
        Self { right: vec![false; columns.len()], columns, rows: Vec::new() }
    }

    /// Aligns a column to the right: numbers.
    pub(in crate::cli) fn align_right(&mut self, column: usize) {
        if let Some(right) = self.right.get_mut(column) {
            *right = true;
        }
    }

    /// Adds a row. Line ends in a cell stay; everything else that is harmful is escaped.
    pub(in crate::cli) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|cell| harmless(cell)).collect());
    }

    /// Columns of a terminal that the table needs if no cell is to be wrapped.
    pub(in crate::cli) fn natural_width(&self) -> usize {
        let longest = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).chain(self.columns.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        // a border and two blanks beside each cell, and one more border
        (0..self.columns.len()).map(|column| longest(column) + 3).sum::<usize>() + 1
    }

    /// The table as text; nothing when it has no rows.
    pub(in crate::cli) fn render(&self, style: &Style) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let mut table = comfy_table::Table::new();
        table.load_style(match (style.border, style.utf8) {
            (true, true) => UTF8,
            (true, false) => ASCII,
            (false, _) => BARE,
        });
        match style.width {
            Some(width) => {
                table.set_content_arrangement(ContentArrangement::Dynamic);
                table.set_width(width);
            }
            None => {
                table.set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        if style.header {
            table.set_header(self.columns.iter().map(|name| harmless(name)).collect::<Vec<_>>());
        }
        for row in &self.rows {
            table.add_row(row.clone());
        }
        for (column, right) in table.column_iter_mut().zip(&self.right) {
            if *right {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if !style.border {
                column.set_padding((0, 0));
            }
        }
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n") + "\n"
    }
}

fn harmless(cell: &str) -> String {
    let lines: Vec<_> = cell.trim_end_matches('\n').split('\n').map(escape).collect();
    lines.join("\n")
}
