//! What a script becomes: instructions in a row.

use std::rc::Rc;

use super::super::lexer::Word;

#[derive(Clone, Debug, PartialEq)]
pub struct Redirect {
    pub number: u32,
    pub how: How,
    pub target: Word,
}

/// Stands for the numbers of both standard output and standard error (`&>`).
pub const BOTH: u32 = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Read,
    Write,
    Append,
    /// `2>&1`
    Duplicate,
    Here,
    /// `<<<`: a word and a newline.
    HereString,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Instruction {
    Simple {
        assignments: Vec<(String, Word)>,
        words: Vec<Word>,
        redirects: Vec<Redirect>,
        /// From 0.
        line: usize,
    },
    Jump(usize),
    JumpIfFailed(usize),
    JumpIfOk(usize),
    Not,
    /// Stages that run at once; what one prints is the input of the next.
    Pipe(Vec<Rc<Program>>),
    Redirect(Vec<Redirect>),
    EndRedirect,
    Subshell,
    EndSubshell,
    ForBegin {
        words: Option<Vec<Word>>,
    },
    /// Takes the next value into `variable`, or jumps to `end`.
    ForNext {
        variable: String,
        end: usize,
    },
    Case(Word),
    /// Jumps where none of the patterns fits.
    CaseTest {
        patterns: Vec<Word>,
        otherwise: usize,
    },
    /// A loop's frame: where `break` and `continue` go.
    LoopBegin {
        end: usize,
        next: usize,
    },
    LoopEnd,
    /// Runs up to `end` as another process and goes on behind it.
    Background {
        end: usize,
    },
    /// Names the code up to `end`.
    Function {
        name: String,
        end: usize,
    },
    Return,
    /// `time`: what runs up to the end is measured.
    ClockBegin,
    ClockEnd,
    /// The status of an `if` of which nothing ran, of an empty loop.
    Succeed,
}

/// A script, ready to run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    pub code: Vec<Instruction>,
}
