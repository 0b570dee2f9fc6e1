//! A bus of two pins, bit by bit: for boards whose LEDs do not hang on SPI. An APA102 waits as long as it takes.

use super::{Bus, Outputs, PinError};

/// Data and clock.
pub struct Bits(pub Box<dyn Outputs>);

impl Bus for Bits {
    fn send(&mut self, bytes: &[u8]) -> Result<(), PinError> {
        for byte in bytes {
            for bit in (0..8).rev().map(|bit| byte >> bit & 1 == 1) {
                // The LED reads the data when the clock rises.
                self.0.set(&[bit, false])?;
                self.0.set(&[bit, true])?;
            }
        }
        self.0.set(&[false, false])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::{Arc, Mutex};

    use super::*;

    struct Recorded(Arc<Mutex<Vec<Vec<bool>>>>);

    impl Outputs for Recorded {
        fn set(&mut self, on: &[bool]) -> Result<(), PinError> {
            self.0.lock().unwrap().push(on.to_vec());
            Ok(())
        }
    }

    #[test]
    fn each_bit_lies_on_the_data_pin_when_the_clock_rises() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        Bits(Box::new(Recorded(Arc::clone(&seen)))).send(&[0b1010_0001, 0xFF]).unwrap();
        let seen = seen.lock().unwrap();
        let rises = seen.windows(2).filter(|pair| !pair[0][1] && pair[1][1]);
        let bits: Vec<u8> = rises.map(|pair| u8::from(pair[0][0] && pair[1][0])).collect();
        assert_eq!(bits, [1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(seen.last().unwrap(), &[false, false], "at rest both are low");
    }
}
