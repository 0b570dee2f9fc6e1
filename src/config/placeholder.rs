//! Until `auricle_core::protocol::linto::scope` is merged.

pub(super) fn of_application(name: &str) -> String {
    format!("app{name}")
}
