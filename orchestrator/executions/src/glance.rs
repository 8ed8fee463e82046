//! A look at a row that does not read what stands in it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::stored::Extent;

/// Whether the execution of a row stands in its journal. Most do not, and are not looked at: what they lack, if they lack their
/// definition, is found before they are decided again. Of all that is written as a row, the place is the first to have that name.
pub(crate) fn may_be_elsewhere(row: &[u8]) -> bool {
    const PLACE: &[u8] = br#""p":{""#;
    let place = row.windows(PLACE.len()).position(|window| window == PLACE);
    place.is_some_and(|place| row.get(place + PLACE.len()) == Some(&b'j'))
}

/// Of a [`Row`](crate::Row), what tells what has to be read beside it.
#[derive(Deserialize)]
pub(crate) enum GlancedRow<'a> {
    #[serde(rename = "x", borrow)]
    Execution(Glance<'a>),
    #[serde(rename = "q")]
    Queue(IgnoredAny),
    #[serde(rename = "m")]
    MapRun(IgnoredAny),
    #[serde(rename = "f")]
    Forgotten(IgnoredAny),
}

/// Of a [`Stored`](crate::Stored), the same.
#[derive(Deserialize)]
pub(crate) struct Glance<'a> {
    #[serde(rename = "d")]
    pub(crate) definition: &'a str,
    #[serde(rename = "j")]
    pub(crate) journal: Extent,
    #[serde(rename = "p")]
    pub(crate) place: GlancedPlace,
}

/// Of a [`Place`](crate::stored::Place), which it is.
#[derive(Deserialize)]
pub(crate) enum GlancedPlace {
    #[serde(rename = "h")]
    Here(IgnoredAny),
    #[serde(rename = "j")]
    Journal(IgnoredAny),
}
