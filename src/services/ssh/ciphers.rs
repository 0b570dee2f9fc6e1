//! Which ciphers are offered, best first.

/// ChaCha20 first, on every processor: libssh2 hands AES to OpenSSL in pieces of 16 bytes, which costs more than the
/// instructions for AES save. Old ones (CBC, RC4, 3DES) are not among them.
pub(super) const CIPHERS: &str = "chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,\
                                  aes128-ctr,aes192-ctr,aes256-ctr";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ssh2::{MethodType, Session};

    use super::*;

    #[test]
    fn libssh2_knows_all_of_them() {
        let known = Session::new().unwrap().supported_algs(MethodType::CryptCs).unwrap();
        for name in CIPHERS.split(',') {
            assert!(known.contains(&name), "{name} is not in {known:?}");
        }
    }
}
