//! LinTO: topics, status, requests, answers and commands as running servers use them.
//!
//! Everything in here is a function from bytes to data or back. Who acts on it, and when, is
//! [`crate::dialogue::linto`].

pub mod answer;
pub mod commands;
mod exercise;
pub mod lenient;
pub mod markup;
pub mod request;
pub mod scope;
pub mod serial;
pub mod status;
pub mod streaming;

#[doc(hidden)]
pub use self::exercise::{exercise, exercise_command};
