//! Which ciphers are offered, best first.

/// Where the processor has instructions for AES: counter mode is the fastest that libssh2 has. (It hands AES to OpenSSL
/// in pieces of 16 bytes, which spoils the Galois mode.)
const WITH_AES: &str = "aes128-ctr,aes256-ctr,chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,\
                        aes256-gcm@openssh.com";

/// Elsewhere, such as on a Raspberry Pi 4. Old ciphers (CBC, RC4, 3DES) are in neither list.
const WITHOUT: &str = "chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,\
                       aes256-ctr";

/// What authenticates a packet of counter mode.
pub(super) const MACS: &str = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,\
                               hmac-sha2-512";

/// The ciphers for this processor.
pub(super) fn ciphers() -> &'static str {
    if has_aes() { WITH_AES } else { WITHOUT }
}

#[cfg(target_arch = "x86_64")]
fn has_aes() -> bool {
    std::arch::is_x86_feature_detected!("aes")
}

#[cfg(target_arch = "aarch64")]
fn has_aes() -> bool {
    std::arch::is_aarch64_feature_detected!("aes")
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const fn has_aes() -> bool {
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ssh2::{MethodType, Session};

    use super::*;

    #[test]
    fn libssh2_knows_all_of_them() {
        let session = Session::new().unwrap();
        for (kind, names) in
            [(MethodType::CryptCs, WITH_AES), (MethodType::CryptCs, WITHOUT), (MethodType::MacCs, MACS)]
        {
            let known = session.supported_algs(kind).unwrap();
            for name in names.split(',') {
                assert!(known.contains(&name), "{name} is not in {known:?}");
            }
        }
    }
}
