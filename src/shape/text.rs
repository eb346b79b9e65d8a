//! Text put together while compiling.
//!
//! `panic!("{}", text)` in a `const` takes a `&str` but no numbers, so numbers are written by hand.

use super::Dims;

const CAPACITY: usize = 1024;

/// A string of at most 1,024 bytes, built by `const fn`s. A piece that does not fit ends it.
///
/// ```
/// use shapeproof::shape::text::Text;
/// const T: Text = Text::new().str("a kernel of ").number(5).str("×").number(3);
/// assert_eq!(T.as_str(), "a kernel of 5×3");
/// ```
#[derive(Clone, Copy)]
pub struct Text {
    bytes: [u8; CAPACITY],
    len: usize,
    full: bool,
}

impl Text {
    /// The empty text.
    #[allow(clippy::new_without_default)] // a `Default` could not be used in a `const`
    pub const fn new() -> Self {
        Text {
            bytes: [0; CAPACITY],
            len: 0,
            full: false,
        }
    }

    /// Appends a string.
    pub const fn str(mut self, s: &str) -> Self {
        let s = s.as_bytes();
        self.full |= self.len + s.len() > CAPACITY;
        if !self.full {
            let mut i = 0;
            while i < s.len() {
                self.bytes[self.len] = s[i];
                self.len += 1;
                i += 1;
            }
        }
        self
    }

    /// Appends a number in decimal digits.
    pub const fn number(self, n: usize) -> Self {
        self.digits(n, false)
    }

    /// Appends a number with `_` between groups of three digits, as Rust writes it.
    pub const fn grouped(self, n: usize) -> Self {
        self.digits(n, true)
    }

    const fn digits(mut self, n: usize, grouped: bool) -> Self {
        // The longest number has 20 digits and 6 separators.
        self.full |= self.len + 26 > CAPACITY;
        if self.full {
            return self;
        }
        let mut power = 1;
        let mut count = 1;
        while n / power >= 10 {
            power *= 10;
            count += 1;
        }
        while count > 0 {
            self.bytes[self.len] = b'0' + (n / power % 10) as u8;
            self.len += 1;
            count -= 1;
            power = if power >= 10 { power / 10 } else { 1 };
            if grouped && count > 0 && count % 3 == 0 {
                self = self.str("_");
            }
        }
        self
    }

    /// Appends a shape: `16×4×4`, or the features of a flat one.
    pub const fn dims(self, dims: Dims) -> Self {
        match dims {
            Dims::Chw {
                channels,
                height,
                width,
            } => self.number(channels).str("×").pair(height, width),
            Dims::Flat { features } => self.number(features),
        }
    }

    /// Appends `a×b`.
    pub const fn pair(self, a: usize, b: usize) -> Self {
        self.number(a).str("×").number(b)
    }

    /// The text so far.
    pub const fn as_str(&self) -> &str {
        let (written, _) = self.bytes.split_at(self.len);
        match std::str::from_utf8(written) {
            Ok(s) => s,
            // Only whole `&str`s and digits are ever appended.
            Err(_) => unreachable!(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_full() {
        for n in [0, 1, 9, 10, 99, 100, 1_000, 61_706, usize::MAX] {
            assert_eq!(Text::new().number(n).as_str(), n.to_string());
        }
        assert_eq!(Text::new().grouped(999).as_str(), "999");
        assert_eq!(Text::new().grouped(1_000).as_str(), "1_000");
        assert_eq!(Text::new().grouped(61_706_000).as_str(), "61_706_000");
    }

    #[test]
    fn a_text_that_is_too_long_stays_valid() {
        let mut text = Text::new();
        for _ in 0..CAPACITY {
            text = text.str("×").number(12);
        }
        assert!(text.as_str().starts_with("×12×12"));
        assert!(text.as_str().len() <= CAPACITY);
        let full = text.as_str().len();
        assert_eq!(text.str("").str("x").number(7).as_str().len(), full);
    }
}
