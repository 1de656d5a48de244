//! Commands that hold others: `if`, `while`, `for`, `case`, functions.

use super::*;

impl Parser {
    pub(super) fn conditional(&mut self) -> Result<(), Fault> {
        self.at += 1;
        let mut ends = Vec::new();
        loop {
            self.block("then")?;
            let jump = self.code.len();
            self.code.push(Instruction::Succeed);
            self.body(&["else", "elif", "fi"])?;
            ends.push(self.code.len());
            self.code.push(Instruction::Succeed);
            self.code[jump] = Instruction::JumpIfFailed(self.code.len());
            match self.word().as_deref() {
                Some("elif") => self.at += 1,
                Some("else") => {
                    self.at += 1;
                    self.body(&["fi"])?;
                    break;
                }
                _ => {
                    self.code.push(Instruction::Succeed);
                    break;
                }
            }
        }
        self.expect("fi")?;
        let end = self.code.len();
        for at in ends {
            self.code[at] = Instruction::Jump(end);
        }
        Ok(())
    }

    pub(super) fn repeat(&mut self, until: bool) -> Result<(), Fault> {
        self.at += 1;
        let begin = self.code.len();
        self.code.push(Instruction::Succeed);
        let condition = self.code.len();
        self.block("do")?;
        let jump = self.code.len();
        self.code.push(Instruction::Succeed);
        self.block("done")?;
        self.code.push(Instruction::Jump(condition));
        let end = self.code.len();
        self.code[jump] = if until { Instruction::JumpIfOk(end) } else { Instruction::JumpIfFailed(end) };
        self.code[begin] = Instruction::LoopBegin { end, next: condition };
        self.code.push(Instruction::LoopEnd);
        Ok(())
    }

    /// `((…))`: bash's `let`.
    pub(super) fn sum(&mut self, sum: Word) {
        let words = vec![vec![Part::Quoted("let".into())], sum];
        self.code.push(Instruction::Simple { assignments: Vec::new(), words, redirects: Vec::new(), line: self.line });
    }

    /// `for ((…; …; …))`, behind `for`.
    fn count(&mut self, sums: &Word) -> Result<(), Fault> {
        let mut parts = split(sums).into_iter();
        if parts.len() != 3 {
            return Err("syntax error: bad for loop variable".into());
        }
        let mut next = || parts.next().filter(|sum| sum.iter().any(|part| !matches!(part, Part::Quoted(text) if text.trim().is_empty())));
        let (first, condition, step) = (next(), next(), next());
        self.take(";");
        self.newlines();
        self.expect("do")?;
        if let Some(first) = first {
            self.sum(first);
        }
        let begin = self.code.len();
        self.code.push(Instruction::Succeed);
        let jump = condition.map(|condition| {
            self.sum(condition);
            self.code.push(Instruction::Succeed);
            self.code.len() - 1
        });
        self.block("done")?;
        let step_at = self.code.len();
        if let Some(step) = step {
            self.sum(step);
        }
        self.code.push(Instruction::Jump(begin + 1));
        let end = self.code.len();
        if let Some(jump) = jump {
            self.code[jump] = Instruction::JumpIfFailed(end);
        }
        self.code[begin] = Instruction::LoopBegin { end, next: step_at };
        self.code.push(Instruction::LoopEnd);
        Ok(())
    }

    pub(super) fn each(&mut self) -> Result<(), Fault> {
        self.at += 1;
        if let Some(Token::Sum(sums)) = self.tokens.get(self.at).cloned() {
            self.at += 1;
            return self.count(&sums);
        }
        let variable = self.word().filter(|word| is_name(word)).ok_or("syntax error: bad for loop variable")?;
        self.at += 1;
        self.newlines();
        let mut words = None;
        if self.word().as_deref() == Some("in") {
            self.at += 1;
            let mut list = Vec::new();
            while let Some(Token::Word(word)) = self.tokens.get(self.at) {
                list.push(word.clone());
                self.at += 1;
            }
            words = Some(list);
            if !(self.is(";") || self.is("\n")) {
                return Err(unexpected(self.tokens.get(self.at)));
            }
        }
        self.take(";");
        self.newlines();
        self.expect("do")?;
        self.code.push(Instruction::ForBegin { words });
        let begin = self.code.len();
        self.code.push(Instruction::Succeed);
        let next = self.code.len();
        self.code.push(Instruction::Succeed);
        self.block("done")?;
        self.code.push(Instruction::Jump(next));
        let end = self.code.len();
        self.code[next] = Instruction::ForNext { variable, end };
        self.code[begin] = Instruction::LoopBegin { end, next };
        self.code.push(Instruction::LoopEnd);
        Ok(())
    }

    pub(super) fn case(&mut self) -> Result<(), Fault> {
        self.at += 1;
        let Some(Token::Word(word)) = self.tokens.get(self.at).cloned() else { return Err(unexpected(self.tokens.get(self.at))) };
        self.at += 1;
        self.newlines();
        self.expect("in")?;
        self.code.push(Instruction::Case(word));
        let mut ends = Vec::new();
        loop {
            self.newlines();
            if self.word().as_deref() == Some("esac") {
                self.at += 1;
                break;
            }
            self.take("(");
            let mut patterns = Vec::new();
            while let Some(Token::Word(word)) = self.tokens.get(self.at).cloned() {
                patterns.push(word);
                self.at += 1;
                if !self.take("|") {
                    break;
                }
            }
            self.expect(")")?;
            let test = self.code.len();
            self.code.push(Instruction::Succeed);
            self.list(&["esac"])?;
            ends.push(self.code.len());
            self.code.push(Instruction::Succeed);
            self.code[test] = Instruction::CaseTest { patterns, otherwise: self.code.len() };
            if !self.take(";;") && self.word().as_deref() != Some("esac") {
                return Err(self.wants(";;"));
            }
        }
        let end = self.code.len();
        for at in ends {
            self.code[at] = Instruction::Jump(end);
        }
        Ok(())
    }

    pub(super) fn function(&mut self, word: &Word) -> Result<(), Fault> {
        let name = plain(word).ok_or_else(|| unexpected(self.tokens.get(self.at)))?;
        // Without brackets only behind `function`.
        if self.take("(") {
            self.expect(")")?;
        }
        self.newlines();
        let at = self.code.len();
        self.code.push(Instruction::Succeed);
        self.command()?;
        self.code.push(Instruction::Return);
        self.code[at] = Instruction::Function { name, end: self.code.len() };
        Ok(())
    }
}

/// The sums of a word, which semicolons part.
fn split(sums: &Word) -> Vec<Word> {
    let mut found = vec![Word::new()];
    for part in sums {
        let mut pieces: Vec<Part> = match part {
            Part::Quoted(text) => text.split(';').map(|piece| Part::Quoted(piece.to_owned())).collect(),
            other => vec![other.clone()],
        };
        let last = found.len() - 1;
        found[last].push(pieces.remove(0));
        found.extend(pieces.into_iter().map(|piece| vec![piece]));
    }
    found
}
