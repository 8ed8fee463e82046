//! The numbers of `java.util.Random`: what a function that is given a seed answers with on AWS.

/// A generator of 48 bits, as Java's documentation describes it.
pub(crate) struct JavaRandom(u64);

const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const MASK: u64 = (1 << 48) - 1;

impl JavaRandom {
    /// The generator that Java makes of that seed.
    pub(crate) fn new(seed: i64) -> Self {
        Self((seed.cast_unsigned() ^ MULTIPLIER) & MASK)
    }

    /// The next number of that many bits, at most 32, as a Java `int`.
    fn next(&mut self, bits: u32) -> i32 {
        self.0 = self.0.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & MASK;
        // The lowest 32 bits of what is left after the shift, whatever they mean as a number.
        ((self.0 >> (48 - bits)) as u32).cast_signed()
    }

    /// The next number from 0 up to, not including, `bound`, which is positive.
    pub(crate) fn next_below(&mut self, bound: i32) -> i32 {
        let bits = self.next(31);
        if bound & (bound - 1) == 0 {
            return ((i64::from(bound) * i64::from(bits)) >> 31) as i32;
        }
        // The last numbers, which would make small results more likely than large ones, are thrown away.
        let (mut bits, mut number) = (bits, bits % bound);
        while bits.wrapping_sub(number).wrapping_add(bound - 1) < 0 {
            bits = self.next(31);
            number = bits % bound;
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `new Random(42).nextInt(bound)`, three times. Without a bound the first are -1170105035, 234785527 and -1360544799.
    fn check(bound: i32, expected: [i32; 3]) {
        let mut random = JavaRandom::new(42);
        assert_eq!([(); 3].map(|()| random.next_below(bound)), expected, "{bound}");
    }

    #[test]
    fn the_numbers_are_those_of_java() {
        check(10, [0, 3, 8]);
        check(100, [30, 63, 48]);
        check(16, [11, 0, 10]);
        check(1, [0, 0, 0]);
    }
}
