//! Rows that are read again and again, never all at once.

use std::io;

/// Rows read one after another.
pub type Rows<'a, T> = Box<dyn Iterator<Item = io::Result<T>> + Send + 'a>;

/// Rows that can be read from the beginning as often as needed, the same rows each time. A closure that returns
/// [`Rows`] is one.
pub trait Source<T>: Send + Sync {
    /// Starts at the first row.
    ///
    /// # Errors
    /// The rows cannot be had; each row may fail as well.
    fn read(&self) -> io::Result<Rows<'_, T>>;
}

impl<T: Clone + Send + Sync> Source<T> for Vec<T> {
    fn read(&self) -> io::Result<Rows<'_, T>> {
        Ok(Box::new(self.iter().cloned().map(Ok)))
    }
}

impl<T, F> Source<T> for F
where
    F: Fn() -> io::Result<Rows<'static, T>> + Send + Sync,
{
    fn read(&self) -> io::Result<Rows<'_, T>> {
        self()
    }
}
