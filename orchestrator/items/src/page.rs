//! As many items of one kind as an answer may have.

use serde_json::Value;

use crate::error::ReadError;
use crate::source::{Item, Items};

/// Some items, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// So many as there was a place for.
    pub items: Vec<Value>,
    /// Whether they are members of an object: all of a page are, or none is.
    pub of_object: bool,
    /// Whether there are no more.
    pub is_last: bool,
}

/// The next items that are all of one kind: so many at most, and of so many bytes as JSON text, but at least one if there is one. `held` is the item that the page before
/// had no place for; the one of this page is left in it.
///
/// # Errors
/// An item cannot be read.
pub fn page(
    items: &mut Items,
    held: &mut Option<Item>,
    items_max: u64,
    bytes_max: usize,
) -> Result<Page, ReadError> {
    let mut page = Page { items: Vec::new(), of_object: false, is_last: false };
    let mut bytes = 0;
    loop {
        let Some(item) = held.take().map(Ok).or_else(|| items.next()).transpose()? else {
            return Ok(Page { is_last: true, ..page });
        };
        let size = item.value.to_string().len();
        let fits = bytes + size <= bytes_max && item.is_member == page.of_object || page.items.is_empty();
        if !fits || page.items.len() as u64 >= items_max {
            *held = Some(item);
            return Ok(page);
        }
        bytes += size;
        page.of_object = item.is_member;
        page.items.push(item.value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::plain;
    use serde_json::json;

    #[test]
    fn a_page_is_bounded_by_items_and_bytes_and_nothing_is_lost() {
        for (items_max, bytes_max, expected) in
            [(2, 100, vec![2, 2, 1]), (9, 6, vec![2, 2, 1]), (9, 1, vec![1; 5]), (5, 99, vec![5])]
        {
            let mut items: Items = plain((10..15).map(|n| Ok(json!(n * 10))));
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

    #[test]
    fn a_page_is_of_one_kind() {
        let kinds = [true, true, false, true];
        let item = |(n, is_member)| Ok(Item { value: json!(n), is_member });
        let mut items: Items = Box::new(kinds.into_iter().enumerate().map(item));
        let mut held = None;
        for (expected, of_object, is_last) in
            [(json!([0, 1]), true, false), (json!([2]), false, false), (json!([3]), true, true)]
        {
            let page = page(&mut items, &mut held, 9, 99).unwrap();
            assert_eq!((json!(page.items), page.of_object, page.is_last), (expected, of_object, is_last));
        }
    }
}
