//! Documentation in lines of a terminal's width.

/// Wrapped at 76 columns and indented. A line that begins with blanks, or is short enough, stays as it is.
pub fn wrapped(text: &str, indent: usize) -> String {
    const WIDTH: usize = 76;
    let pad = " ".repeat(indent);
    let mut out = String::new();
    for line in text.lines() {
        if line.chars().count() <= WIDTH {
            out.push_str(&format!("{pad}{line}\n"));
            continue;
        }
        let mut current = String::new();
        let lead: String = line.chars().take_while(|c| *c == ' ').collect();
        current.push_str(&lead);
        let mut length = lead.len();
        let mut empty = true;
        for word in line.trim_start_matches(' ').split(' ') {
            let width = word.chars().count();
            if !empty && length + 1 + width > WIDTH {
                out.push_str(&format!("{pad}{}\n", current.trim_end()));
                current.clear();
                length = 0;
                empty = true;
            }
            // Blanks at a break go.
            if empty && word.is_empty() {
                continue;
            }
            if !empty {
                current.push(' ');
                length += 1;
            }
            current.push_str(word);
            length += width;
            empty = false;
        }
        out.push_str(&format!("{pad}{}\n", current.trim_end()));
    }
    out
}
