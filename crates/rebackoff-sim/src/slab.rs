//! Records of what is in flight, by number.

/// The number of no record.
pub(crate) const NONE: u32 = u32::MAX;

/// Records by number; the number of a removed record is used again.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    records: Vec<T>,
    free: Vec<u32>,
    blank: T,
}

impl<T: Copy> Slab<T> {
    /// No records. A new number has the record `blank`, so that each record is written to its place alone.
    pub(crate) fn with_capacity(capacity: usize, blank: T) -> Self {
        Self { records: Vec::with_capacity(capacity), free: Vec::new(), blank }
    }

    /// The number of records.
    pub(crate) fn len(&self) -> usize {
        self.records.len() - self.free.len()
    }

    /// The records, removed ones included.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.records.iter()
    }

    #[inline]
    pub(crate) fn insert(&mut self, record: T) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| self.grow());
        self.records[number as usize] = record;
        number
    }

    #[cold]
    fn grow(&mut self) -> u32 {
        self.records.push(self.blank);
        u32::try_from(self.records.len() - 1).unwrap_or(NONE)
    }

    #[inline]
    pub(crate) fn remove(&mut self, number: u32) {
        self.free.push(number);
    }

    #[inline]
    pub(crate) fn get(&self, number: u32) -> &T {
        &self.records[number as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, number: u32) -> &mut T {
        &mut self.records[number as usize]
    }
}
