//! The allocator of the native program: mimalloc, asked the short way.
//!
//! The crate `mimalloc` asks for every block with its alignment, which takes three times the instructions of asking without. Nearly all blocks of a
//! verdict (texts, lists, maps) are aligned to a word at most, and so is every block that mimalloc gives.

// `GlobalAlloc` cannot be had without.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};

use libmimalloc_sys::{mi_free, mi_malloc, mi_malloc_aligned, mi_realloc, mi_realloc_aligned, mi_zalloc, mi_zalloc_aligned};

pub struct Allocator;

/// mimalloc aligns every block to a word, whatever its size.
const WORD: usize = size_of::<usize>();

// SAFETY: as the trait asks: blocks of at least the size and the alignment of the layout, null where there is no more memory, no unwinding. Blocks of
// both ways may be given back and made larger by either.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: any size and any power of two are fine.
        unsafe { if layout.align() <= WORD { mi_malloc(layout.size()) } else { mi_malloc_aligned(layout.size(), layout.align()) } }.cast()
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { if layout.align() <= WORD { mi_zalloc(layout.size()) } else { mi_zalloc_aligned(layout.size(), layout.align()) } }.cast()
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the caller has the block from here.
        unsafe { mi_free(block.cast()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller has the block from here.
        unsafe { if layout.align() <= WORD { mi_realloc(block.cast(), size) } else { mi_realloc_aligned(block.cast(), size, layout.align()) } }.cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_keep_what_they_hold_and_begin_as_zeros() {
        for align in [1, 2, 4, 8, 16, 64, 4096] {
            for size in [1, 7, 8, 9, 24, 100, 1 << 20] {
                let layout = Layout::from_size_align(size, align).expect("a power of two");
                // SAFETY: the blocks are used within their sizes and given back once.
                unsafe {
                    let zeros = Allocator.alloc_zeroed(layout);
                    assert!(zeros.addr().is_multiple_of(align) && *zeros.add(size - 1) == 0);
                    let block = Allocator.alloc(layout);
                    assert!(block.addr().is_multiple_of(align));
                    block.add(size - 1).write(7);
                    let larger = Allocator.realloc(block, layout, size * 3);
                    assert!(larger.addr().is_multiple_of(align) && *larger.add(size - 1) == 7);
                    Allocator.dealloc(larger, Layout::from_size_align(size * 3, align).expect("a power of two"));
                    Allocator.dealloc(zeros, layout);
                }
            }
        }
    }
}
