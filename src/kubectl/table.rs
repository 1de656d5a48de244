//! The one table printer: columns that give way to their longest cell, as Go's text/tabwriter lays them out.

/// How cells are padded.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    pub min_width: usize,
    pub padding: usize,
}

/// `kubectl get`, `top`, `events`.
pub const GET: Layout = Layout { min_width: 6, padding: 3 };
/// `kubectl describe`.
pub const DESCRIBE: Layout = Layout { min_width: 0, padding: 2 };

/// Lays out text in which `\t` ends a cell. A column is a run of lines that have that cell; a line's last cell is not padded.
pub fn align(text: &str, layout: Layout) -> String {
    align_remembering(text, layout, &mut Vec::new())
}

/// The same, with columns at least as wide as they were before (a watch).
pub fn align_remembering(text: &str, layout: Layout, remembered: &mut Vec<usize>) -> String {
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let mut out = String::with_capacity(text.len() * 2);
    format(&lines, layout, &mut Vec::new(), remembered, &mut out);
    if !text.ends_with('\n') {
        out.pop();
    }
    out
}

/// tabwriter's `format`: finds the blocks of the next column and goes into each.
fn format(lines: &[Vec<&str>], layout: Layout, widths: &mut Vec<usize>, remembered: &mut Vec<usize>, out: &mut String) {
    let column = widths.len();
    let has = |line: &Vec<&str>| column + 1 < line.len();
    let mut at = 0;
    while at < lines.len() {
        if !has(&lines[at]) {
            write(&lines[at], widths, out);
            at += 1;
            continue;
        }
        let end = lines[at..].iter().position(|l| !has(l)).map_or(lines.len(), |n| at + n);
        let longest = lines[at..end].iter().map(|l| l[column].chars().count() + layout.padding).max().unwrap_or(0);
        let mut width = longest.max(layout.min_width);
        if let Some(before) = remembered.get_mut(column) {
            width = width.max(*before);
            *before = width;
        } else if layout.min_width > 0 {
            remembered.push(width);
        }
        widths.push(width);
        format(&lines[at..end], layout, widths, remembered, out);
        widths.pop();
        at = end;
    }
}

fn write(line: &[&str], widths: &[usize], out: &mut String) {
    for (i, cell) in line.iter().enumerate() {
        out.push_str(cell);
        if let Some(width) = widths.get(i).filter(|_| i + 1 < line.len()) {
            out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
        }
    }
    out.push('\n');
}

/// Rows of cells as text for [`align`]. What would break a table is shown on one line.
pub fn rows<S: AsRef<str>>(rows: impl IntoIterator<Item = impl IntoIterator<Item = S>>) -> String {
    let mut text = String::new();
    for row in rows {
        for (i, cell) in row.into_iter().enumerate() {
            if i > 0 {
                text.push('\t');
            }
            // `printers.WriteEscaped` and the first-line rule of the table printer.
            let cell = cell.as_ref();
            match cell.split_once(['\n', '\r', '\x0c']) {
                Some((first, _)) => {
                    text.push_str(&first.replace('\t', " "));
                    text.push_str("...");
                }
                None => text.push_str(&cell.replace('\t', " ")),
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_a_run_of_lines() {
        assert_eq!(align("Name:\tweb\nIPs:\n  IP:\t1\n", DESCRIBE), "Name:  web\nIPs:\n  IP:  1\n");
        assert_eq!(align("NAME\tAGE\na\t1s\n", GET), "NAME   AGE\na      1s\n");
    }
}
