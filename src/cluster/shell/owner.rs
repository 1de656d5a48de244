//! Who owns a file and what others may do with it; who a process is.
//!
//! Models the mode bits of POSIX as the kernel reads them (`acl_permission_check` of Linux' `fs/namei.c`). Deviation: there are no
//! access control lists.

/// What somebody wants to do with a file, as a bit of its mode.
pub const READ: u16 = 4;
pub const WRITE: u16 = 2;
pub const EXECUTE: u16 = 1;
/// New files in such a folder belong to its group.
pub const SET_GROUP: u16 = 0o2000;
/// In such a folder everybody removes only what is their own.
pub const STICKY: u16 = 0o1000;

/// Owner, group and mode of a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    pub user: u32,
    pub group: u32,
    pub mode: u16,
}

impl Owner {
    /// Root's, with these bits.
    pub const fn root(mode: u16) -> Self {
        Self { user: 0, group: 0, mode }
    }

    /// What most files and folders of an image are.
    pub const fn plain(folder: bool) -> Self {
        Self::root(if folder { 0o755 } else { 0o644 })
    }

    /// `drwxr-sr-x`, of the kind that the first letter says.
    pub fn shown(self, kind: char) -> String {
        let mut out: Vec<char> = vec![kind];
        for (class, (special, letter)) in [(0o4000, 's'), (SET_GROUP, 's'), (STICKY, 't')].into_iter().enumerate() {
            let bits = self.mode >> (6 - 3 * class);
            out.push(if bits & READ == 0 { '-' } else { 'r' });
            out.push(if bits & WRITE == 0 { '-' } else { 'w' });
            out.push(match (self.mode & special != 0, bits & EXECUTE != 0) {
                (true, true) => letter,
                (true, false) => letter.to_ascii_uppercase(),
                (false, true) => 'x',
                (false, false) => '-',
            });
        }
        out.into_iter().collect()
    }

    /// The mode with what `chmod` was asked for: `755`, `u+x`, `go-w,a=r`; `None` where that is no mode.
    pub fn changed(self, text: &str, folder: bool) -> Option<u16> {
        if text.bytes().all(|b| matches!(b, b'0'..=b'7')) && (1..=4).contains(&text.len()) {
            return u16::from_str_radix(text, 8).ok();
        }
        let mut mode = self.mode;
        for clause in text.split(',') {
            let at = clause.find(['+', '-', '='])?;
            let (who, operator, letters) = (clause.get(..at)?, clause.get(at..=at)?, clause.get(at + 1..)?);
            let mut classes = 0;
            for letter in who.chars() {
                classes |= match letter {
                    'u' => 0o4700,
                    'g' => 0o2070,
                    'o' => 0o1007,
                    'a' => 0o7777,
                    _ => return None,
                };
            }
            // Without a class the umask keeps others from writing.
            let classes = if who.is_empty() { 0o7755 } else { classes };
            let mut bits = 0;
            for letter in letters.chars() {
                bits |= match letter {
                    'r' => 0o444,
                    'w' => 0o222,
                    'x' => 0o111,
                    'X' => (u16::from(folder || self.mode & 0o111 != 0)) * 0o111,
                    's' => 0o6000,
                    't' => STICKY,
                    _ => return None,
                };
            }
            bits &= classes;
            mode = match operator {
                "+" => mode | bits,
                "-" => mode & !bits,
                _ => mode & !(classes & 0o777) | bits,
            };
        }
        Some(mode)
    }
}

/// Whom the kernel takes a process for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    pub user: u32,
    pub group: u32,
    /// All its groups, the first one among them, in order.
    pub groups: Vec<u32>,
}

impl Credentials {
    /// Whether it may do this with a file; who overrides modes (root, as a rule) needs somebody's leave only to run one.
    pub fn may(&self, owner: Owner, folder: bool, want: u16, overrides: bool) -> bool {
        if overrides {
            return want != EXECUTE || folder || owner.mode & 0o111 != 0;
        }
        let class = if self.user == owner.user {
            6
        } else if self.groups.contains(&owner.group) {
            3
        } else {
            0
        };
        owner.mode >> class & want == want
    }
}

#[cfg(test)]
mod tests {
    use super::{Credentials, EXECUTE, Owner, READ, WRITE};

    #[test]
    fn modes_are_read_and_shown() {
        for (before, asked, after) in [
            (0o644, "755", "-rwxr-xr-x"),
            (0o644, "u+x", "-rwxr--r--"),
            (0o644, "+x", "-rwxr-xr-x"),
            (0o777, "go-w,o=", "-rwxr-x---"),
            (0o644, "a=r", "-r--r--r--"),
            (0o755, "g+s", "-rwxr-sr-x"),
            (0o600, "1777", "-rwxrwxrwt"),
            (0o640, "ug=rwX,+t", "-rw-rw---T"),
        ] {
            let owner = Owner::root(before);
            let mode = owner.changed(asked, false).expect(asked);
            assert_eq!(Owner { mode, ..owner }.shown('-'), after, "{asked}");
        }
        for asked in ["", "9", "u+q", "+x+", "77777", "x"] {
            assert_eq!(Owner::plain(false).changed(asked, false), None, "{asked}");
        }
    }

    #[test]
    fn the_first_class_that_fits_decides() {
        let owner = Owner { user: 1000, group: 2000, mode: 0o460 };
        let may = |user, groups: &[u32], want| Credentials { user, group: 0, groups: groups.to_vec() }.may(owner, false, want, user == 0);
        assert!(may(1000, &[2000], READ) && !may(1000, &[2000], WRITE), "the owner has the owner's bits, not the group's");
        assert!(may(1001, &[0, 2000], WRITE) && !may(1001, &[0], READ));
        assert!(may(0, &[0], WRITE) && !may(0, &[0], EXECUTE));
        let without = Credentials::default();
        assert!(!without.may(owner, false, WRITE, false), "root without its capabilities is a user like others");
    }
}
