//! Wake words: small models that say, every 30 ms, how probable it is that their word was just spoken.
//!
//! The models are those of microWakeWord: int8 networks in `.tflite` files with a JSON file beside each. One front end
//! ([`features`]) feeds all of them; [`model`] runs one; [`words`] decides. Features and probabilities are bit for bit
//! those of the Python package `pymicro-wakeword`, with one difference: what is too loud stays at the highest input,
//! where the package wraps around to the lowest.

pub mod features;
mod manifest;
pub mod model;
mod words;

pub use manifest::{Manifest, ManifestError};
pub use model::{Model, ModelError};
pub use words::{Hit, Word, Words, cutoff};
