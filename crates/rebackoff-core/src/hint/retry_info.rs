//! `google.rpc.RetryInfo` among the details of a gRPC status, in base64.

use alloc::vec::Vec;

const TYPE: &[u8] = b"type.googleapis.com/google.rpc.RetryInfo";

/// The `retry_delay` in seconds of a `google.rpc.Status` in base64; `None` where it has none.
pub(super) fn delay(text: &str) -> Option<f64> {
    let status = decode(text)?;
    // Status.details is field 3, a list of Any: type_url is field 1, value is field 2.
    let info = fields(&status).filter_map(|field| field.bytes(3)).find_map(|any| {
        let is_info = fields(any).any(|field| field.bytes(1) == Some(TYPE));
        fields(any).find_map(|field| field.bytes(2)).filter(|_| is_info)
    })?;
    // RetryInfo.retry_delay is field 1, a Duration: seconds is field 1, nanos is field 2.
    let duration = fields(info).find_map(|field| field.bytes(1))?;
    let number = |wanted| fields(duration).find_map(|field| field.number(wanted)).unwrap_or(0);
    let seconds = u32::try_from(number(1)).ok()?;
    let nanos = u32::try_from(number(2)).ok()?;
    Some(f64::from(seconds) + f64::from(nanos) / 1e9)
}

/// A field of a message of Protocol Buffers.
struct Field<'a> {
    number: u64,
    value: WireValue<'a>,
}

enum WireValue<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

impl<'a> Field<'a> {
    fn bytes(&self, number: u64) -> Option<&'a [u8]> {
        match self.value {
            WireValue::Bytes(bytes) if self.number == number => Some(bytes),
            _ => None,
        }
    }

    fn number(&self, number: u64) -> Option<u64> {
        match self.value {
            WireValue::Number(value) if self.number == number => Some(value),
            _ => None,
        }
    }
}

/// The fields of `message`, up to the first that is malformed.
fn fields(mut message: &[u8]) -> impl Iterator<Item = Field<'_>> {
    core::iter::from_fn(move || {
        let key = varint(&mut message)?;
        let value = match key & 7 {
            0 => WireValue::Number(varint(&mut message)?),
            1 => fixed(&mut message, 8)?,
            2 => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                let (bytes, rest) = message.split_at_checked(length)?;
                message = rest;
                WireValue::Bytes(bytes)
            }
            5 => fixed(&mut message, 4)?,
            _ => return None,
        };
        Some(Field { number: key >> 3, value })
    })
}

fn fixed<'a>(message: &mut &[u8], length: usize) -> Option<WireValue<'a>> {
    *message = message.get(length..)?;
    Some(WireValue::Fixed)
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << (7 * place).min(63);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Decodes base64, with padding or without.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count).to_le_bytes()[0]);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A status with the code 14 and a delay of 7.5 s, as a Google API sends it.
    const STATUS: &str =
        "CA4aNgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIKCggIBxCAyrXuAQ";

    #[test]
    fn the_delay_of_a_status_is_read() {
        assert_eq!(delay(STATUS), Some(7.5));
    }

    #[test]
    fn no_retry_info_is_no_delay() {
        for text in ["", "CA4=", "???", "CA4a", "GgIKAA=="] {
            assert_eq!(delay(text), None, "{text}");
        }
        let of_another_type =
            "CA4aNgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLkRlYnVnSW5mbxIKCggIBxCAyrXuAQ";
        assert_eq!(delay(of_another_type), None);
    }

    proptest! {
        #[test]
        fn a_delay_is_read_as_it_was_written(seconds in 0..100_000_u32, nanos in 0..1_000_000_000_u32) {
            let mut duration = alloc::vec![8];
            write(&mut duration, u64::from(seconds));
            duration.push(16);
            write(&mut duration, u64::from(nanos));
            let info = bytes(1, &duration);
            let any = [bytes(1, TYPE), bytes(2, &info)].concat();
            let debug = [bytes(1, b"type.googleapis.com/google.rpc.DebugInfo"), bytes(2, b"x")].concat();
            let status = [alloc::vec![8, 14], bytes(3, &debug), bytes(3, &any)].concat();
            let read = delay(&encode(&status)).unwrap();
            prop_assert!((read - f64::from(seconds) - f64::from(nanos) / 1e9).abs() < 1e-6);
        }

        #[test]
        fn no_text_is_too_strange(text in "[A-Za-z0-9+/=]{0,60}") {
            let _ = delay(&text);
        }
    }

    fn write(to: &mut Vec<u8>, mut value: u64) {
        while value > 0x7f {
            to.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        to.push(value.to_le_bytes()[0]);
    }

    fn bytes(field: u64, value: &[u8]) -> Vec<u8> {
        let mut message = Vec::new();
        write(&mut message, field << 3 | 2);
        write(&mut message, value.len() as u64);
        message.extend_from_slice(value);
        message
    }

    fn encode(bytes: &[u8]) -> alloc::string::String {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = alloc::string::String::new();
        for chunk in bytes.chunks(3) {
            let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
                << (8 * (3 - chunk.len()));
            for place in 0..=chunk.len() {
                text.push(LETTERS[(word >> (18 - 6 * place)) as usize & 63] as char);
            }
        }
        text
    }
}
