//! What an `awk` program is made of.

use crate::cluster::shell::regex::Regex;

pub(super) struct Rule {
    pub(super) when: When,
    /// Without one the line is printed.
    pub(super) body: Option<Vec<Statement>>,
}

pub(super) enum When {
    Begin,
    End,
    Always,
    If(Expression),
    /// From a line that fits to one that fits; the number of the range.
    Between(Expression, Expression, usize),
}

pub(super) enum Statement {
    Does(Expression),
    Print {
        formatted: bool,
        what: Vec<Expression>,
        to: Option<(bool, Expression)>,
    },
    If(Expression, Vec<Statement>, Vec<Statement>),
    /// `while`, `for (;;)`, `do`: what is asked before a turn, what is done behind it, whether the first turn is not asked for.
    Loop {
        asks: Option<Expression>,
        steps: Option<Expression>,
        body: Vec<Statement>,
        first: bool,
    },
    Each(String, String, Vec<Statement>),
    Delete(String, Option<Vec<Expression>>),
    Flow(Flow),
    Exit(Option<Expression>),
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Flow {
    On,
    Break,
    Continue,
    Next,
    Exit,
}

pub(super) enum Expression {
    Number(f64),
    Text(String),
    /// `/…/`: whether the line fits.
    Fits(Regex, String),
    Variable(String),
    Field(Box<Expression>),
    Element(String, Vec<Expression>),
    /// `x = y`, or `x op= y`.
    Assign(Box<Expression>, &'static str, Box<Expression>),
    /// `x++`, `--x`: whether the new value counts, and by how much.
    Step(Box<Expression>, bool, f64),
    Unary(&'static str, Box<Expression>),
    Binary(&'static str, Box<Expression>, Box<Expression>),
    Either(Box<Expression>, Box<Expression>, Box<Expression>),
    In(Vec<Expression>, String),
    Call(&'static str, Vec<Expression>),
}
