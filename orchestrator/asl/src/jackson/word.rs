//! Words without quotes: `true`, `false`, `null`, and what stands where a value should be.

use super::fault::Fault;
use super::scan::{Read, Scanner, VALUES};

/// Longest part of an unknown word that is quoted.
const WORD_MAX: usize = 256;

impl Scanner {
    /// The rest of a word, whose first unit was read.
    pub(super) fn word(&mut self, word: &str) -> Read<()> {
        self.rest_of_word(word, 1)
    }

    /// The rest of a word from that unit on. It ends where no name could go on.
    pub(super) fn rest_of_word(&mut self, word: &str, from: usize) -> Read<()> {
        for (place, unit) in word.encode_utf16().enumerate().skip(from) {
            if self.peek() != Some(unit) {
                return Err(self.unknown_word(&word[..place]));
            }
            self.next += 1;
        }
        match self.peek() {
            Some(unit) if unit >= 48 && is_part(unit) => Err(self.unknown_word(word)),
            _ => Ok(()),
        }
    }

    /// What is said of a word that is none, of which so much was read.
    fn unknown_word(&mut self, read: &str) -> Fault {
        let mut word: Vec<u16> = read.encode_utf16().collect();
        while let Some(unit) = self.peek().filter(|unit| is_part(*unit)) {
            self.next += 1;
            word.push(unit);
            if word.len() >= WORD_MAX {
                word.extend("...".encode_utf16());
                break;
            }
        }
        let word = String::from_utf16_lossy(&word);
        self.fault(&format!("Unrecognized token '{word}': was expecting {VALUES}"))
    }

    /// What is said of a unit that begins no value.
    pub(super) fn odd_value(&mut self, unit: u16) -> Fault {
        let not_numbers = match u8::try_from(unit).unwrap_or_default() {
            b'N' => Some("NaN"),
            b'I' => Some("Infinity"),
            b'+' => {
                return match self.read() {
                    Some(unit) => self.odd_number(unit, "+"),
                    None => self.ended(" in a Number value"),
                };
            }
            _ => None,
        };
        if let Some(word) = not_numbers {
            return self.rest_of_word(word, 1).err().unwrap_or_else(|| self.not_standard(word));
        }
        if is_start(unit) {
            return self.unknown_word(&String::from_utf16_lossy(&[unit]));
        }
        self.unexpected(unit, &format!("expected a valid value {VALUES}"))
    }

    pub(super) fn not_standard(&self, word: &str) -> Fault {
        self.fault(&format!(
            "Non-standard token '{word}': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow"
        ))
    }
}

fn of(unit: u16) -> char {
    char::from_u32(u32::from(unit)).unwrap_or_default()
}

/// Whether a name of Java can begin so.
fn is_start(unit: u16) -> bool {
    let c = of(unit);
    c.is_alphabetic()
        || matches!(c, '$' | '_' | '¢'..='¥' | '\u{203f}' | '\u{2040}' | '\u{20a0}'..='\u{20c0}')
}

/// Whether a name of Java can go on so; the controls that Java ignores in names are some of them.
fn is_part(unit: u16) -> bool {
    let is_ignorable = matches!(unit, 0..=8 | 14..=27 | 127..=159 | 0xad | 0xfeff | 0x200b..=0x200f);
    is_start(unit)
        || is_ignorable
        || of(unit).is_numeric() && !matches!(unit, 0xb2 | 0xb3 | 0xb9 | 0xbc..=0xbe)
}
