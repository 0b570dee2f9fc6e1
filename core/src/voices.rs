//! stub, replaced on merge
/// What the speech engine can speak.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voices(Option<Vec<String>>);
impl Voices {
    /// Stub.
    #[must_use]
    pub fn new(list: Option<Vec<String>>) -> Self {
        Self(list)
    }
    /// Stub.
    #[must_use]
    pub fn knows(&self, tag: &str) -> Option<String> {
        match &self.0 {
            Some(l) => l.iter().find(|t| t.eq_ignore_ascii_case(tag)).map(|_| tag.to_owned()),
            None => Some(tag.to_owned()),
        }
    }
}
