//! From text to a filter, by recursive descent.

use super::{FilterError, Node, Test};

/// Deeper parentheses are refused.
const DEPTH: usize = 20;

/// Reads `text`.
pub(super) fn parse(text: &str) -> Result<Node, FilterError> {
    let mut reader = Reader {
        chars: text.chars().collect(),
        at: 0,
    };
    let node = reader.any(0)?;
    match reader.peek() {
        None => Ok(node),
        Some(_) => reader.fail(reader.at, "nothing is open here"),
    }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    #[expect(clippy::unused_self, reason = "it reads as part of the reader")]
    fn fail<T>(&self, at: usize, reason: &str) -> Result<T, FilterError> {
        Err(FilterError {
            at,
            reason: reason.to_owned(),
        })
    }

    /// Whether the word OR stands here.
    fn at_or(&self) -> bool {
        let word: String = self.chars.iter().skip(self.at).take(3).collect();
        word == "OR" || (word.starts_with("OR") && word.ends_with([' ', '\t', '(', ')']))
    }

    fn any(&mut self, depth: usize) -> Result<Node, FilterError> {
        let mut nodes = Vec::new();
        loop {
            let all = self.all(depth)?;
            let more = self.at_or();
            if all.is_empty() && (more || !nodes.is_empty()) {
                let side = if more { "before" } else { "after" };
                return self.fail(self.at, &format!("something is missing {side} OR"));
            }
            nodes.push(match all.len() {
                1 => all.into_iter().next().unwrap_or_default(),
                _ => Node::All(all),
            });
            if !more {
                break;
            }
            self.at += 2;
        }
        Ok(match nodes.len() {
            1 => nodes.into_iter().next().unwrap_or_default(),
            _ => Node::Any(nodes),
        })
    }

    fn all(&mut self, depth: usize) -> Result<Vec<Node>, FilterError> {
        let mut nodes = Vec::new();
        loop {
            self.skip_spaces();
            if matches!(self.peek(), None | Some(')')) || self.at_or() {
                return Ok(nodes);
            }
            nodes.push(self.one(depth)?);
        }
    }

    fn one(&mut self, depth: usize) -> Result<Node, FilterError> {
        let start = self.at;
        match self.peek() {
            Some('!') => {
                self.at += 1;
                if matches!(self.peek(), None | Some(')'))
                    || self.peek().is_some_and(char::is_whitespace)
                {
                    return self.fail(self.at, "something is missing after !");
                }
                if depth >= DEPTH {
                    return self.fail(start, "too deep");
                }
                Ok(Node::Not(Box::new(self.one(depth + 1)?)))
            }
            Some('(') => {
                if depth >= DEPTH {
                    return self.fail(start, "too deep");
                }
                self.at += 1;
                let node = self.any(depth + 1)?;
                if self.peek() != Some(')') {
                    return self.fail(start, "this parenthesis is not closed");
                }
                if node == Node::default() {
                    return self.fail(self.at, "nothing stands in these parentheses");
                }
                self.at += 1;
                Ok(node)
            }
            Some('"') => Ok(Node::Word(self.quoted()?)),
            Some(_) | None => self.word(),
        }
    }

    fn quoted(&mut self) -> Result<String, FilterError> {
        let start = self.at;
        let inner = self.chars.iter().skip(start + 1);
        let text: String = inner.take_while(|c| **c != '"').collect();
        self.at = start + 1 + text.chars().count();
        if self.peek().is_none() {
            return self.fail(start, "this quote is not closed");
        }
        self.at += 1;
        Ok(text.to_lowercase())
    }

    /// A bare word, or a field with its value.
    fn word(&mut self) -> Result<Node, FilterError> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            self.at += 1;
        }
        let name: String = self.chars.iter().take(self.at).skip(start).collect();
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
        let is_address = self.chars.get(self.at + 1) == Some(&'/');
        if is_name
            && !is_address
            && let Some(test) = self.test()
        {
            let value = if self.peek() == Some('"') {
                self.quoted()?
            } else {
                self.bare()
            };
            if value.is_empty() {
                return self.fail(self.at, "a value is missing");
            }
            let name = name.to_ascii_lowercase();
            return Ok(if name == "is" && test == Test::Holds {
                Node::Is(value)
            } else {
                Node::Field { name, test, value }
            });
        }
        self.at = start;
        Ok(Node::Word(self.bare()))
    }

    fn test(&mut self) -> Option<Test> {
        let equal = self.chars.get(self.at + 1) == Some(&'=');
        let (test, len) = match self.peek()? {
            ':' => (Test::Holds, 1),
            '=' => (Test::Equals, 1),
            '>' if equal => (Test::AtLeast, 2),
            '>' => (Test::Above, 1),
            '<' if equal => (Test::AtMost, 2),
            '<' => (Test::Below, 1),
            _ => return None,
        };
        self.at += len;
        Some(test)
    }

    /// Up to the next space or parenthesis.
    fn bare(&mut self) -> String {
        let rest = self.chars.iter().skip(self.at);
        let text: String = rest
            .take_while(|c| !c.is_whitespace() && !matches!(c, '(' | ')'))
            .collect();
        self.at += text.chars().count();
        text.to_lowercase()
    }
}
