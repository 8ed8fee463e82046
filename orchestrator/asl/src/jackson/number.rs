//! Numbers. Jackson reads one that may reach to the end of the text in another way than one that cannot, and then names another
//! place for some faults: so does this.

use super::fault::{Fault, named};
use super::scan::{Read, Scanner};

const MINUS: u16 = 45;
const POINT: u16 = 46;
const ZERO: u16 = 48;

/// What a fault in a number says besides the character.
const NO_DIGIT: &str = "expected digit (0-9) to follow minus sign, for valid numeric value";
const NO_FRACTION: &str = "Decimal point not followed by a digit";
const NO_EXPONENT: &str = "Exponent indicator not followed by a digit";

fn is_digit(unit: u16) -> bool {
    (ZERO..=57).contains(&unit)
}

fn is_exponent(unit: u16) -> bool {
    matches!(unit, 69 | 101)
}

fn is_sign(unit: u16) -> bool {
    matches!(unit, 43 | MINUS)
}

impl Scanner {
    /// The rest of a number, whose first unit was read.
    pub(super) fn number(&mut self, first: u16) -> Read<()> {
        let begin = self.next - 1;
        let digits = if first == MINUS { begin + 1 } else { begin };
        match self.text.get(digits) {
            Some(&unit) if !is_digit(unit) => {
                self.next = digits + 1;
                return Err(self.odd_number(unit, "-"));
            }
            Some(&ZERO) | None => return self.slow_number(digits),
            Some(_) => {}
        }
        match self.fast_number(digits)? {
            true => self.after_number(),
            false => self.slow_number(digits),
        }
    }

    /// A number that something follows; `false` if it reaches to the end of the text.
    fn fast_number(&mut self, digits: usize) -> Read<bool> {
        let mut at = self.digits_end(digits);
        let Some(&unit) = self.text.get(at) else { return Ok(false) };
        if unit != POINT && !is_exponent(unit) {
            self.next = at;
            return Ok(true);
        }
        // Faults from here on are told of the place after the point or the exponent's sign, whichever was first.
        self.next = at + 1;
        if unit == POINT {
            let end = self.digits_end(at + 1);
            let Some(&unit) = self.text.get(end) else { return Ok(false) };
            if end == at + 1 {
                return Err(self.odd_digit(unit, NO_FRACTION));
            }
            at = end;
        }
        if self.text.get(at).is_some_and(|unit| is_exponent(*unit)) {
            at += 1;
            at += usize::from(self.text.get(at).is_some_and(|unit| is_sign(*unit)));
            let end = self.digits_end(at);
            let Some(&unit) = self.text.get(end) else { return Ok(false) };
            if end == at {
                return Err(self.odd_digit(unit, NO_EXPONENT));
            }
            at = end;
        }
        self.next = at;
        Ok(true)
    }

    /// Where the digits from there on end.
    fn digits_end(&self, from: usize) -> usize {
        from + self.text[from..].iter().take_while(|unit| is_digit(**unit)).count()
    }

    /// A number read unit by unit.
    fn slow_number(&mut self, digits: usize) -> Read<()> {
        self.next = digits;
        let Some(first) = self.read() else { return Err(self.ended("No digit following minus sign")) };
        if first == ZERO && self.peek().is_some_and(is_digit) {
            return Err(self.fault("Invalid numeric value: Leading zeroes not allowed"));
        }
        self.next = self.digits_end(self.next);
        if self.peek() == Some(POINT) {
            self.next += 1;
            let end = self.digits_end(self.next);
            if end == self.next {
                let unit = self.read().unwrap_or(POINT);
                return Err(self.odd_digit(unit, NO_FRACTION));
            }
            self.next = end;
        }
        if self.peek().is_some_and(is_exponent) {
            self.next += 1;
            const ENDED: &str = "expected a digit for number exponent";
            let mut unit = self.read().ok_or_else(|| self.ended(ENDED))?;
            if is_sign(unit) {
                unit = self.read().ok_or_else(|| self.ended(ENDED))?;
            }
            if !is_digit(unit) {
                return Err(self.odd_digit(unit, NO_EXPONENT));
            }
            self.next = self.digits_end(self.next);
        }
        if self.peek().is_some() { self.after_number() } else { Ok(()) }
    }

    /// Outside of arrays and objects a blank must follow.
    fn after_number(&mut self) -> Read<()> {
        match self.peek() {
            Some(unit) if self.is_root() && !matches!(unit, 9 | 10 | 13 | 32) => {
                self.next += 1;
                Err(self.unexpected(unit, "Expected space separating root-level values"))
            }
            _ => Ok(()),
        }
    }

    fn odd_digit(&self, unit: u16, says: &str) -> Fault {
        self.fault(&format!("Unexpected character ({}) in numeric value: {says}", named(unit)))
    }

    /// What is said of a unit that was read after a sign and is no digit.
    pub(super) fn odd_number(&mut self, unit: u16, sign: &str) -> Fault {
        if unit != 73 {
            return self.odd_digit(unit, NO_DIGIT);
        }
        let Some(unit) = self.read() else { return self.ended(" in a Number value") };
        let word = match unit {
            78 => format!("{sign}INF"),
            110 => format!("{sign}Infinity"),
            unit => return self.odd_digit(unit, NO_DIGIT),
        };
        self.rest_of_word(&word, 3).err().unwrap_or_else(|| self.not_standard(&word))
    }
}
