//! XML documents as trees.

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};

/// How deep elements may lie in each other: far deeper than any answer of AWS.
const DEPTH: usize = 128;

/// An element, without the prefix of its namespace.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// With their prefixes (`xsi:type`).
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    /// All text that is directly in it.
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of a child.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    pub(crate) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    fn of(start: &BytesStart<'_>) -> Result<Self, String> {
        let mut element = Self { name: start.local_name().as_ref().to_owned(), ..Self::default() };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = unescape(&attribute.value).map_err(|error| error.to_string())?.into_owned();
            element.attributes.push((attribute.key.as_ref().to_owned(), value));
        }
        Ok(element)
    }
}

/// The root of a document.
///
/// # Errors
/// It is none, has a document type (which could make much of little), or its elements lie too deep in each other.
pub(crate) fn read(bytes: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut reader = Reader::from_str(text);
    // The document itself, whose only child is the root.
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let depth = open.len();
        let last = open.last_mut().ok_or("an end without a beginning")?;
        match event {
            Event::Start(start) if depth < DEPTH => open.push(Element::of(&start)?),
            Event::Start(_) => return Err(format!("more than {DEPTH} elements in each other")),
            Event::Empty(start) => last.children.push(Element::of(&start)?),
            Event::End(_) => {
                let done = open.pop().unwrap_or_default();
                open.last_mut().ok_or("an end without a beginning")?.children.push(done);
            }
            Event::Text(text) => last.text.push_str(&text.xml10_content()),
            Event::CData(data) => last.text.push_str(&data.xml10_content()),
            Event::GeneralRef(name) => {
                if let Some(letter) = name.resolve_char_ref().map_err(|error| error.to_string())? {
                    last.text.push(letter);
                } else {
                    let known = resolve_predefined_entity(&name);
                    last.text.push_str(known.ok_or("an entity that is not known")?);
                }
            }
            Event::DocType(_) => return Err("a document type".to_owned()),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    let [document] = &mut open[..] else { return Err("an element without an end".to_owned()) };
    if document.children.len() != 1 || !document.text.trim().is_empty() {
        return Err("no single root".to_owned());
    }
    document.children.pop().ok_or_else(|| "no root".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_with_its_entities_and_without_prefixes() {
        let root = read(b"<?xml version='1.0'?><a:R xmlns:a='u' x:t=\"&lt;\"><V>1 &amp; &#50;<![CDATA[<3>]]></V><E/></a:R>").unwrap();
        assert_eq!((root.name.as_str(), root.text_of("V")), ("R", Some("1 & 2<3>")));
        assert_eq!(root.attributes[1], ("x:t".to_owned(), "<".to_owned()));
        assert_eq!(root.text_of("E"), Some(""));
    }

    #[test]
    fn what_is_hostile_is_refused() {
        let deep = "<a>".repeat(100_000);
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><a>&b;</a>";
        for text in [
            "",
            "text",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a>&b;</a>",
            &deep,
            bomb,
            "<a b='1' b='2'/>",
            "<",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text:.40}");
        }
        assert!(read(b"<a>\xff</a>").is_err());
    }
}
