//! The settings as a person meets them: what loads, what is refused and with which words, what the pages say.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod environment;
mod explained;
mod generated;
mod messages;
mod pins;
mod random;
mod secrets;
mod values;
mod xiaozhi;

use auricle::config::{Errors, Loaded, parse_str};

fn no_env() -> impl Iterator<Item = (String, String)> {
    std::iter::empty()
}

fn env(variables: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    let variables: Vec<_> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    variables.into_iter()
}

fn loaded(text: &str) -> Loaded {
    parse_str(text, no_env()).unwrap_or_else(|errors| panic!("refused:\n{errors}\n\n{text}"))
}

fn refused(text: &str) -> Errors {
    parse_str(text, no_env()).expect_err(text)
}
