//! Go's reading of RFC 3339 times, for the sake of its messages (`time.Parse`).

const RFC3339: &str = "2006-01-02T15:04:05Z07:00";
const RFC3339_MICRO: &str = "2006-01-02T15:04:05.000000Z07:00";

/// How the package `time` quotes: byte by byte where a letter is not plain.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' | 0x7f => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

/// Whether a text is a time as the API takes it; else Go's message.
pub fn check(text: &str, micro: bool) -> Result<(), String> {
    let layout = if micro { RFC3339_MICRO } else { RFC3339 };
    let cannot = |rest: &str, element: &str| format!("parsing time {} as {layout:?}: cannot parse {} as {element:?}", quote(text), quote(rest));
    let out_of_range = |what: &str| format!("parsing time {}: {what} out of range", quote(text));
    let mut rest = text;
    let mut fields = [0u32; 6];
    for (index, (element, separator)) in [("2006", ""), ("01", "-"), ("02", "-"), ("15", "T"), ("04", ":"), ("05", ":")].into_iter().enumerate() {
        rest = rest.strip_prefix(separator).ok_or_else(|| cannot(rest, separator))?;
        // Hours may have one digit.
        let least = if element == "15" { 1 } else { element.len() };
        let digits = rest.bytes().take(element.len()).take_while(u8::is_ascii_digit).count();
        if digits < least {
            return Err(cannot(rest, element));
        }
        fields[index] = rest[..digits].parse().map_err(|_| cannot(rest, element))?;
        rest = &rest[digits..];
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            rest = &fraction[digits..];
        }
    } else if micro {
        return Err(cannot(rest, ".000000"));
    }
    let zone = match rest.as_bytes() {
        [b'Z', ..] => 1,
        [b'+' | b'-', a, b, b':', c, d, ..] if [a, b, c, d].iter().all(|x| x.is_ascii_digit()) => 6,
        _ => return Err(cannot(rest, "Z07:00")),
    };
    if rest.len() > zone {
        return Err(format!("parsing time {}: extra text: {}", quote(text), quote(&rest[zone..])));
    }
    let [year, month, day, hour, minute, second] = fields;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=12).contains(&month) {
        return Err(out_of_range("month"));
    }
    if hour > 23 {
        return Err(out_of_range("hour"));
    }
    if minute > 59 {
        return Err(out_of_range("minute"));
    }
    if second > 59 {
        return Err(out_of_range("second"));
    }
    if !(1..=longest).contains(&day) {
        return Err(out_of_range("day"));
    }
    Ok(())
}
