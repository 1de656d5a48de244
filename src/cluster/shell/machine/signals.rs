//! Names and numbers of signals.

/// `15`, `SIGTERM`, `TERM`, `term` → `TERM`; `0` and `EXIT` → `EXIT`.
pub fn signal_name(text: &str) -> String {
    let name = match text.parse::<i32>() {
        Ok(0) => "EXIT",
        Ok(number) => SIGNALS.iter().find(|(known, _)| *known == number).map_or(text, |(_, name)| *name),
        Err(_) => text,
    };
    name.to_ascii_uppercase().trim_start_matches("SIG").to_owned()
}

pub fn signal_number(name: &str) -> i32 {
    SIGNALS.iter().find(|(_, known)| *known == name).map_or(15, |(number, _)| *number)
}

/// Linux's signals on amd64 (`signal(7)`), without those of real time.
pub(in crate::cluster::shell) const SIGNALS: [(i32, &str); 31] = [
    (1, "HUP"),
    (2, "INT"),
    (3, "QUIT"),
    (4, "ILL"),
    (5, "TRAP"),
    (6, "ABRT"),
    (7, "BUS"),
    (8, "FPE"),
    (9, "KILL"),
    (10, "USR1"),
    (11, "SEGV"),
    (12, "USR2"),
    (13, "PIPE"),
    (14, "ALRM"),
    (15, "TERM"),
    (16, "STKFLT"),
    (17, "CHLD"),
    (18, "CONT"),
    (19, "STOP"),
    (20, "TSTP"),
    (21, "TTIN"),
    (22, "TTOU"),
    (23, "URG"),
    (24, "XCPU"),
    (25, "XFSZ"),
    (26, "VTALRM"),
    (27, "PROF"),
    (28, "WINCH"),
    (29, "IO"),
    (30, "PWR"),
    (31, "SYS"),
];
