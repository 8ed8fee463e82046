//! As many items as an answer may have.

use serde_json::Value;

use crate::error::ReadError;
use crate::source::Items;

/// Some items, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// So many as there was a place for.
    pub items: Vec<Value>,
    /// Whether there are no more.
    pub is_last: bool,
}

/// The next items: so many at most, and of so many bytes as JSON text, but at least one if there is one. `held` is the item that the page before
/// had no place for; the one of this page is left in it.
///
/// # Errors
/// An item cannot be read.
pub fn page(
    items: &mut Items,
    held: &mut Option<Value>,
    items_max: u64,
    bytes_max: usize,
) -> Result<Page, ReadError> {
    let (mut taken, mut bytes) = (Vec::new(), 0);
    loop {
        let Some(item) = held.take().map(Ok).or_else(|| items.next()).transpose()? else {
            return Ok(Page { items: taken, is_last: true });
        };
        let size = item.to_string().len();
        if taken.len() as u64 >= items_max || (bytes + size > bytes_max && !taken.is_empty()) {
            *held = Some(item);
            return Ok(Page { items: taken, is_last: false });
        }
        bytes += size;
        taken.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_is_bounded_by_items_and_bytes_and_nothing_is_lost() {
        for (items_max, bytes_max, expected) in
            [(2, 100, vec![2, 2, 1]), (9, 6, vec![2, 2, 1]), (9, 1, vec![1; 5]), (5, 99, vec![5])]
        {
            let mut items: Items = Box::new((10..15).map(|n| Ok(json!(n * 10))));
            let (mut held, mut sizes, mut all) = (None, Vec::new(), Vec::new());
            loop {
                let page = page(&mut items, &mut held, items_max, bytes_max).unwrap();
                sizes.push(page.items.len());
                all.extend(page.items);
                if page.is_last {
                    break;
                }
            }
            assert_eq!((sizes, all.len()), (expected, 5), "{items_max} {bytes_max}");
        }
    }
}
