//! Text in columns.

/// Rows with their columns aligned, two blanks between them, each line behind `margin`. The last column may be of any
/// length; nothing is padded at the end of a line.
pub(super) fn table<const N: usize>(margin: &str, rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{margin}{}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_end_with_their_text() {
        let row = |a: &str, b: &str, c: &str| [a.to_owned(), b.to_owned(), c.to_owned()];
        let rows = [row("*", "hw:CARD=a", "The first"), row("", "größer:b", ""), row("", "c", "third")];
        assert_eq!(table("  ", &rows), "  *  hw:CARD=a  The first\n     größer:b\n     c          third\n");
    }
}
