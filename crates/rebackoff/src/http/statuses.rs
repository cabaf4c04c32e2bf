//! A set of status codes.

use std::fmt;

use ::http::StatusCode;

/// A bit for each code below 1024; `StatusCode` ends at 999.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Statuses([u64; 16]);

impl Statuses {
    pub(super) const EMPTY: Self = Self([0; 16]);

    pub(super) const fn with(mut self, status: StatusCode) -> Self {
        let (word, bit) = place(status);
        self.0[word] |= bit;
        self
    }

    pub(super) const fn without(mut self, status: StatusCode) -> Self {
        let (word, bit) = place(status);
        self.0[word] &= !bit;
        self
    }

    pub(super) const fn contains(&self, status: StatusCode) -> bool {
        let (word, bit) = place(status);
        self.0[word] & bit != 0
    }
}

const fn place(status: StatusCode) -> (usize, u64) {
    let code = status.as_u16();
    ((code / 64) as usize, 1 << (code % 64))
}

impl fmt::Debug for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = (100..1000).filter_map(|code| StatusCode::from_u16(code).ok());
        f.debug_set().entries(all.filter(|status| self.contains(*status))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_the_first_code_and_the_last_and_nothing_between() {
        let ends = [100, 999].map(|code| StatusCode::from_u16(code).unwrap());
        let both = Statuses::EMPTY.with(ends[0]).with(ends[1]);
        assert_eq!(format!("{both:?}"), "{100, 999}");
        assert_eq!(both.without(ends[0]).without(ends[1]), Statuses::EMPTY);
    }
}
