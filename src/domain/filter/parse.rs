//! From text to a filter, by recursive descent.

use super::{
    FilterError, Holds, Node, Test, Vocabulary, fail,
    value::{Moment, Pattern, Sign, range},
    vocabulary::{is_slip, or_all, rank},
};
use crate::domain::spelling::near_miss;

/// Deeper parentheses are refused.
const DEPTH: usize = 20;

/// Reads `text` for rows that `vocabulary` describes.
pub(super) fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Node, FilterError> {
    let mut reader = Reader {
        chars: text.chars().collect(),
        at: 0,
        vocabulary,
    };
    let node = reader.any(0)?;
    match reader.peek() {
        None => Ok(node),
        Some(_) => fail(
            reader.at,
            "nothing is open here; take this parenthesis away, or quote it",
        ),
    }
}

struct Reader<'a> {
    chars: Vec<char>,
    at: usize,
    vocabulary: &'a Vocabulary,
}

/// What stands behind the sign.
enum Value {
    /// In lower case.
    Text(String),
    Like(Pattern),
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
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
                return fail(
                    self.at,
                    format!("something is missing {side} OR; write a word there, or quote \"OR\""),
                );
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
                    return fail(
                        self.at,
                        "something is missing after !; write what not to show right behind it",
                    );
                }
                if depth >= DEPTH {
                    return fail(start, "too deep; take some parentheses away");
                }
                Ok(Node::Not(Box::new(self.one(depth + 1)?)))
            }
            Some('(') => {
                if depth >= DEPTH {
                    return fail(start, "too deep; take some parentheses away");
                }
                self.at += 1;
                let node = self.any(depth + 1)?;
                if self.peek() != Some(')') {
                    return fail(start, "this parenthesis is not closed; end it with )");
                }
                if node == Node::default() {
                    return fail(
                        self.at,
                        "nothing stands in these parentheses; write a word in them",
                    );
                }
                self.at += 1;
                Ok(node)
            }
            Some('"') => Ok(Node::Word(self.quoted()?)),
            Some('/') => Ok(Node::Like(self.pattern()?)),
            Some('-') if self.is_fuzzy() => self.fuzzy(),
            Some(_) | None => self.word(),
        }
    }

    fn quoted(&mut self) -> Result<String, FilterError> {
        let start = self.at;
        let inner = self.chars.iter().skip(start + 1);
        let text: String = inner.take_while(|c| **c != '"').collect();
        self.at = start + 1 + text.chars().count();
        if self.peek().is_none() {
            return fail(start, "this quote is not closed; end it with \"");
        }
        self.at += 1;
        Ok(text.to_lowercase())
    }

    /// From one slash to the next that has no backslash before it.
    fn pattern(&mut self) -> Result<Pattern, FilterError> {
        let start = self.at;
        let mut source = String::new();
        let mut escaped = false;
        for c in self.chars.iter().skip(start + 1) {
            self.at += 1;
            match (c, escaped) {
                ('/', false) => {
                    self.at += 1;
                    return self.compile(start, &source);
                }
                ('/', true) => {
                    source.pop();
                    source.push('/');
                }
                (other, _) => source.push(*other),
            }
            escaped = *c == '\\' && !escaped;
        }
        fail(
            start,
            "this pattern is not closed; end it with /, or quote it to look for the text",
        )
    }

    fn compile(&self, start: usize, source: &str) -> Result<Pattern, FilterError> {
        if self.peek().is_some_and(|c| !c.is_whitespace() && c != ')') {
            return fail(
                self.at,
                "the pattern ended here; write \\/ for a slash in it, or quote a path",
            );
        }
        if source.is_empty() {
            return fail(
                start,
                "nothing stands in this pattern; write one between the slashes",
            );
        }
        Pattern::new(source).or_else(|reason| fail(start, reason))
    }

    /// Whether `-f` stands here as a word.
    fn is_fuzzy(&self) -> bool {
        let mut rest = self.chars.iter().skip(self.at + 1);
        rest.next() == Some(&'f') && rest.next().is_none_or(|c| c.is_whitespace())
    }

    fn fuzzy(&mut self) -> Result<Node, FilterError> {
        self.at += 2;
        self.skip_spaces();
        let term = self.bare();
        if term.is_empty() {
            return fail(
                self.at,
                "something is missing after -f; write some letters of it",
            );
        }
        Ok(Node::Spread(term))
    }

    /// A bare word, or a field with its value.
    fn word(&mut self) -> Result<Node, FilterError> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
        {
            self.at += 1;
        }
        let name: String = self.chars.iter().take(self.at).skip(start).collect();
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
        let mut rest = self.chars.iter().skip(self.at);
        let is_address = rest.by_ref().take(3).eq(&[':', '/', '/']);
        if is_name
            && !is_address
            && let Some(sign) = self.sign()
        {
            return self.field(start, &name.to_ascii_lowercase(), sign);
        }
        self.at = start;
        Ok(Node::Word(self.bare()))
    }

    /// What stands behind `name` and its `sign`; `start` is where the name begins.
    fn field(&mut self, start: usize, name: &str, sign: Sign) -> Result<Node, FilterError> {
        let timed = self.vocabulary.is_timed;
        let known = self.vocabulary.holds(name);
        let is_known = match name {
            "is" => true,
            "age" | "since" | "until" => timed || known.is_some(),
            _ => known.is_some(),
        };
        if !is_known {
            return self.unknown(start, name);
        }
        let at = self.at;
        let value = match self.peek() {
            Some('"') => Value::Text(self.quoted()?),
            Some('/') => Value::Like(self.pattern()?),
            Some(_) | None => Value::Text(self.bare()),
        };
        if let (Value::Text(text), Some(holds)) = (&value, known)
            && !text.is_empty()
            && let Some(slip) = holds.slip(name, sign, text)
        {
            return fail(at, slip);
        }
        match (value, known) {
            (Value::Text(text), _) if text.is_empty() => fail(
                at,
                format!("a value is missing; write one right behind `{name}`"),
            ),
            (Value::Text(text), Some(Holds::Ranked(ranks))) if sign.compares() => {
                let Some(place) = rank(ranks, &text) else {
                    let words = ranks.join(", ");
                    return fail(at, format!("`{text}` has no place in the order {words}"));
                };
                let asked = Test::Ranks(ranks, sign.beyond(place));
                Ok(Node::Field(name.to_owned(), asked))
            }
            (Value::Text(text), Some(Holds::Text | Holds::Ranked(_) | Holds::Closed(_))) => {
                texts(start, name, sign, text)
            }
            (Value::Text(text), Some(Holds::Number)) => {
                let range = range(at, sign, &text)?;
                Ok(Node::Field(name.to_owned(), Test::Within(range)))
            }
            (Value::Like(pattern), Some(Holds::Text | Holds::Ranked(_) | Holds::Closed(_)))
                if !sign.compares() =>
            {
                Ok(Node::Field(name.to_owned(), Test::Like(pattern)))
            }
            (Value::Text(text), None) => self.built_in(at, name, sign, text),
            (Value::Like(_), _) => fail(
                at,
                format!("`{name}` takes no pattern; fields of text do, behind a colon"),
            ),
        }
    }

    /// `is:`, `age`, `since:` and `until:`.
    fn built_in(
        &self,
        at: usize,
        name: &str,
        sign: Sign,
        text: String,
    ) -> Result<Node, FilterError> {
        if name == "age" {
            return range(at, sign, &text).map(Node::Age);
        }
        if !matches!(sign, Sign::Colon | Sign::Equal) {
            return fail(at, format!("write `{name}:` and a word"));
        }
        if name == "is" {
            return self.is(at, text);
        }
        let Some(moment) = Moment::parse(&text) else {
            return fail(
                at,
                format!("`{text}` is no moment; write 2h, 14:24 or 2026-11-24T14:24 (UTC)"),
            );
        };
        Ok(if name == "since" {
            Node::Since(moment)
        } else {
            Node::Until(moment)
        })
    }

    /// A word behind `is:`. Where a site may have words of its own, only one that is nearly ours is taken for a slip; the site's
    /// own is then asked for by its field.
    fn is(&self, at: usize, text: String) -> Result<Node, FilterError> {
        let known = self.vocabulary.words;
        match self.vocabulary.own {
            _ if known.contains(&text.as_str()) => Ok(Node::Is(text)),
            Some(field) if is_slip(&text, known) => {
                let near = near_miss(&text, known);
                let own = format!("a word of the site's own: {field}={text}");
                fail(at, format!("nothing here is ever `{text}`{near} {own}"))
            }
            Some(_) => Ok(Node::Is(text)),
            None => fail(
                at,
                format!(
                    "nothing here is ever `{text}`{}",
                    or_all(&text, known, "is")
                ),
            ),
        }
    }

    fn unknown<T>(&self, start: usize, name: &str) -> Result<T, FilterError> {
        let near = near_miss(name, &self.vocabulary.names());
        let payload = if name.starts_with("payload.") {
            "; lists hold no payloads, only their record and subject"
        } else {
            ""
        };
        fail(
            start,
            format!("no field `{name}` here{payload}{near}; quote it to look for the text"),
        )
    }

    fn sign(&mut self) -> Option<Sign> {
        let equal = self.chars.get(self.at + 1) == Some(&'=');
        let (sign, len) = match self.peek()? {
            ':' => (Sign::Colon, 1),
            '=' => (Sign::Equal, 1),
            '>' if equal => (Sign::AtLeast, 2),
            '>' => (Sign::Above, 1),
            '<' if equal => (Sign::AtMost, 2),
            '<' => (Sign::Below, 1),
            _ => return None,
        };
        self.at += len;
        Some(sign)
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

/// What is asked of a field of text, whose name begins at `start`.
fn texts(start: usize, name: &str, sign: Sign, text: String) -> Result<Node, FilterError> {
    match sign {
        Sign::Colon => Ok(Node::Field(name.to_owned(), Test::Holds(text))),
        Sign::Equal => Ok(Node::Field(name.to_owned(), Test::Equals(text))),
        Sign::Above | Sign::AtLeast | Sign::Below | Sign::AtMost => fail(
            start + name.chars().count(),
            format!("`{name}` holds text; write `{name}:` or `{name}=`"),
        ),
    }
}
