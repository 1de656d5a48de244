//! A stable sort of places instead of elements, so that its code is there once for all types.

use std::cmp::Ordering;

/// Which element comes to each place.
pub fn permutation(len: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut from: Vec<usize> = (0..len).collect();
    // The standard library's sort is up to three times as fast where the elements are very many, and several times the code.
    if cfg!(target_arch = "wasm32") {
        return merge_sort(from, compare);
    }
    from.sort_by(|a, b| compare(*a, *b));
    from
}

/// Stable: runs of a few are ordered in place, then merged two by two.
fn merge_sort(mut from: Vec<usize>, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let len = from.len();
    for run in from.chunks_mut(RUN) {
        for end in 1..run.len() {
            let (moved, mut at) = (run[end], end);
            while at > 0 && compare(run[at - 1], moved).is_gt() {
                run[at] = run[at - 1];
                at -= 1;
            }
            run[at] = moved;
        }
    }
    let (mut length, mut merged) = (RUN, Vec::new());
    while length < len {
        merged.resize(len, 0);
        for (from, to) in from.chunks(length * 2).zip(merged.chunks_mut(length * 2)) {
            let middle = length.min(from.len());
            let (mut left, mut right, mut at) = (0, middle, 0);
            while left < middle && right < from.len() {
                // Of equal ones the left one comes first.
                let is_right = compare(from[left], from[right]).is_gt();
                to[at] = from[if is_right { right } else { left }];
                left += usize::from(!is_right);
                right += usize::from(is_right);
                at += 1;
            }
            let rest = if left < middle { &from[left..middle] } else { &from[right..] };
            to[at..].copy_from_slice(rest);
        }
        std::mem::swap(&mut from, &mut merged);
        length *= 2;
    }
    from
}

/// So few are ordered faster by moving each to its place.
const RUN: usize = 16;

#[cfg(test)]
mod tests {
    use super::merge_sort;

    #[test]
    fn browsers_sort_as_the_standard_library_does() {
        let mut seed: u64 = 5;
        for len in (0..60).chain([64, 65, 500, 1000]) {
            let random = (0..len).map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (seed >> 33) % 9
            });
            let keys: Vec<u64> = random.collect();
            let mut places: Vec<usize> = (0..len).collect();
            assert_eq!(merge_sort(places.clone(), &mut |a, b| keys[a].cmp(&keys[b])), {
                places.sort_by_key(|at| keys[*at]);
                places
            });
        }
    }
}
