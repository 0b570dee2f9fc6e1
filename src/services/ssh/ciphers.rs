//! Which ciphers are offered, best first.

/// Where the processor has instructions for AES: the Galois mode, which encrypts and authenticates in one go.
const WITH_AES: &str = "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,\
                        aes256-ctr";

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
    use super::super::libssh::{Library, Session};
    use super::*;

    #[test]
    fn libssh_knows_them() {
        for list in [WITH_AES, WITHOUT] {
            for name in list.split(',') {
                for mac in MACS.split(',') {
                    Session::new(Library::get().unwrap()).unwrap().offer(name, mac, "ssh-ed25519").unwrap();
                }
            }
        }
    }
}
