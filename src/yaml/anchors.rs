//! Which node each anchor names: looked up without hashing, whose code would weigh more than the rest of this.

use super::compose::NodeId;

/// Runs in the order of names, each longer than the next, so that a million anchors are put in and found without moving them all each time.
#[derive(Default)]
pub struct Anchors<'a> {
    runs: Vec<Vec<(&'a str, NodeId)>>,
}

impl<'a> Anchors<'a> {
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// An anchor may be given again; the last one counts from then on.
    pub fn insert(&mut self, name: &'a str, id: NodeId) {
        let mut run = vec![(name, id)];
        while let Some(older) = self.runs.pop_if(|older| older.len() <= run.len()) {
            let (mut older, mut newer) = (older.into_iter().peekable(), run.into_iter().peekable());
            run = std::iter::from_fn(|| match (older.peek(), newer.peek()) {
                (Some(old), new) if new.is_none_or(|new| old.0 <= new.0) => older.next(),
                _ => newer.next(),
            })
            .collect();
        }
        self.runs.push(run);
    }

    pub fn get(&self, name: &str) -> Option<NodeId> {
        self.runs.iter().rev().find_map(|run| {
            let after = run.partition_point(|(other, _)| *other <= name);
            let (other, id) = run.get(after.checked_sub(1)?)?;
            (*other == name).then_some(*id)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Anchors;

    #[test]
    fn the_last_of_a_name_counts() {
        let names: Vec<String> = (0..40).map(|n| format!("n{}", n * 7 % 13)).collect();
        let mut anchors = Anchors::default();
        for (id, name) in names.iter().enumerate() {
            anchors.insert(name, id as u32);
            for name in &names {
                let last = names[..=id].iter().rposition(|other| other == name);
                assert_eq!(anchors.get(name), last.map(|at| at as u32));
            }
        }
    }
}
