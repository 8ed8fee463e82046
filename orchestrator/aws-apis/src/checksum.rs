//! Checksums of requests' bodies (`x-amz-checksum-*`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Digest as _;

/// The checksum of that name in Base64. CRC-32 is what AWS's SDKs take when nobody names one.
pub(crate) fn of(algorithm: &str, body: &[u8]) -> Option<String> {
    let digest = match algorithm {
        "crc32" => {
            let mut crc = flate2::Crc::new();
            crc.update(body);
            crc.sum().to_be_bytes().to_vec()
        }
        "crc32c" => crc32c(body).to_be_bytes().to_vec(),
        "crc64nvme" => crc64_nvme(body).to_be_bytes().to_vec(),
        "sha1" => sha1::Sha1::digest(body).to_vec(),
        "sha256" => sha2::Sha256::digest(body).to_vec(),
        "sha512" => sha2::Sha512::digest(body).to_vec(),
        _ => return None,
    };
    Some(STANDARD.encode(digest))
}

/// Castagnoli's polynomial (RFC 3720), reflected.
fn crc32c(body: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
    !body.iter().fold(!0, |crc: u32, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// NVMe's polynomial, reflected.
fn crc64_nvme(body: &[u8]) -> u64 {
    let step = |crc: u64, _| if crc & 1 == 1 { (crc >> 1) ^ 0x9a6c_9329_ac4b_c9b5 } else { crc >> 1 };
    !body.iter().fold(!0, |crc: u64, byte| (0..8).fold(crc ^ u64::from(*byte), step))
}

/// The SHA-256 of a body and of its tree of megabytes, in hexadecimal, as Glacier wants both.
pub(crate) fn tree(body: &[u8]) -> (String, String) {
    const LEAF: usize = 1 << 20;
    let hash = |bytes: &[u8]| sha2::Sha256::digest(bytes).to_vec();
    let mut level: Vec<Vec<u8>> = body.chunks(LEAF).map(hash).collect();
    if level.is_empty() {
        level.push(hash(b""));
    }
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| if pair.len() == 2 { hash(&pair.concat()) } else { pair[0].clone() })
            .collect();
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    (hex(&hash(body)), hex(&level[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values that catalogues of CRCs give for these digits.
    #[test]
    fn checksums_are_those_of_the_catalogues() {
        let digits = b"123456789";
        assert_eq!(of("crc32", digits), Some(STANDARD.encode(0xcbf4_3926_u32.to_be_bytes())));
        assert_eq!(crc32c(digits), 0xe306_9283);
        assert_eq!(crc64_nvme(digits), 0xae8b_1486_0a79_9888);
        assert_eq!(of("md4", digits), None);
    }

    #[test]
    fn a_tree_of_one_leaf_is_the_hash() {
        let (whole, top) = tree(b"a");
        assert_eq!(whole, top);
        let (whole, top) = tree(&vec![0; 3 << 20]);
        assert_ne!(whole, top);
    }
}
