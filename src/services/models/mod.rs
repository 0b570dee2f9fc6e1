//! The models of wake words: where they are looked for, and how they are read.
//!
//! A model is two files: `NAME.tflite`, and beside it `NAME.json`, which says what to say and when it was heard.

pub mod add;
pub mod list;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auricle_core::wake::{self, Manifest, ManifestError, Model, ModelError};
use thiserror::Error;

/// A larger model is refused, in bytes. Those that are known have less than a tenth of it.
pub const LARGEST_MODEL: u64 = 1024 * 1024;

/// A larger description is refused, in bytes.
pub const LARGEST_MANIFEST: u64 = 64 * 1024;

/// A name of a model has at most so many characters.
const LONGEST_NAME: usize = 64;

/// Whether a model can have this name: letters, digits, `_` and `-`.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(letter)
}

/// Why a model can't be used.
#[derive(Debug, Error)]
pub enum ModelTrouble {
    /// There is none of this name.
    #[error("no model `{name}` is installed{near}")]
    Missing {
        /// Its name.
        name: String,
        /// What was probably meant, or what there is.
        near: String,
    },
    /// This user may not read a file.
    #[error(
        "the file {} of the model `{name}` may not be read by this user; use sudo, or let everybody read it: `sudo chmod a+r FILE`",
        path.display()
    )]
    Denied {
        /// The model's name.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// The description is missing.
    #[error(
        "the model `{name}` lacks its description {}; put the JSON file that came with the model there",
        path.display()
    )]
    NoDescription {
        /// The model's name.
        name: String,
        /// The file that is missing.
        path: PathBuf,
    },
    /// A file can't be read.
    #[error("the file {} of the model `{name}` can't be read: {source}", path.display())]
    Unreadable {
        /// The model's name.
        name: String,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file that no model is made of.
    #[error("the file {} of the model `{name}` is larger than {most} bytes, which no model is", path.display())]
    TooLarge {
        /// The model's name.
        name: String,
        /// The file.
        path: PathBuf,
        /// The most, in bytes.
        most: u64,
    },
    /// The model itself is wrong.
    #[error("the model {} can't be used: {source}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ModelError,
    },
    /// Its description is wrong.
    #[error("the description {} of the model `{name}` can't be used: {source}", path.display())]
    Undescribed {
        /// The model's name.
        name: String,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ManifestError,
    },
}

impl ModelTrouble {
    /// A file is there and can't be read.
    fn unread(name: &str, path: PathBuf, source: io::Error) -> Self {
        let name = name.to_owned();
        match source.kind() {
            ErrorKind::PermissionDenied => Self::Denied { name, path },
            _ => Self::Unreadable { name, path, source },
        }
    }
}

/// Where the package has its models.
const PACKAGED: &str = "/usr/share/auricle/models";

/// The folders in which models are looked for, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    folders: Vec<PathBuf>,
    own: PathBuf,
}

impl Places {
    /// As this program has them: `$AURICLE_MODEL_DIR`, the device's own, those of the package, those of a checkout.
    #[must_use]
    pub fn of(state_dir: &Path) -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let program = std::env::current_exe().and_then(fs::canonicalize).ok();
        let program = program.as_deref().and_then(Path::parent);
        // Without /proc nobody knows where the program is.
        let package = program
            .and_then(Path::parent)
            .map_or_else(|| PACKAGED.into(), |prefix| prefix.join("share/auricle/models"));
        // Only where the sources are: any other folder above a program may be anybody's.
        let checkouts = program.into_iter().flat_map(Path::ancestors).map(Path::to_path_buf);
        let checkouts =
            checkouts.chain(variable("CARGO_MANIFEST_DIR")).filter(|root| root.join("Cargo.toml").is_file());
        let own = state_dir.join("models");
        let given = variable("AURICLE_MODEL_DIR").into_iter().chain([own.clone()]);
        let folders = given.chain([package]).chain(checkouts.map(|root| root.join("models")));
        Self { folders: folders.collect(), own }
    }

    /// These folders, and the one for models that are added.
    #[must_use]
    pub fn new(folders: Vec<PathBuf>, own: PathBuf) -> Self {
        Self { folders, own }
    }

    /// Where models are added.
    #[must_use]
    pub fn own(&self) -> &Path {
        &self.own
    }

    /// Whether the model at `path` is of no use, and one of its name among the added ones would be used instead.
    fn yields(&self, name: &str, path: &Path) -> bool {
        let useless = self.load(name).is_err_and(|trouble| {
            use ModelTrouble::{Damaged, NoDescription, TooLarge, Undescribed};
            matches!(trouble, Damaged { .. } | NoDescription { .. } | TooLarge { .. } | Undescribed { .. })
        });
        let mut before = self.folders.iter().take_while(|folder| **folder != self.own);
        useless && !before.any(|folder| path.starts_with(folder))
    }

    /// Every model's file, by name; of several of one name the one that is used.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, PathBuf> {
        let mut files = BTreeMap::new();
        for folder in &self.folders {
            // A folder that is not there, or not for this user, holds nothing.
            let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
            for path in entries.filter(|path| path.extension().is_some_and(|end| end == "tflite")) {
                let name = path.file_stem().and_then(|stem| stem.to_str()).filter(|name| is_name(name));
                if let Some(name) = name.map(str::to_owned) {
                    files.entry(name).or_insert(path);
                }
            }
        }
        files
    }

    /// Finds and reads a model.
    ///
    /// # Errors
    /// It is not there, can't be read, or can't be used.
    pub fn load(&self, name: &str) -> Result<Installed, ModelTrouble> {
        let mut hidden = None;
        for folder in self.folders.iter().filter(|_| is_name(name)) {
            let path = folder.join(format!("{name}.tflite"));
            match File::open(&path) {
                Ok(file) => return Installed::read(name, path, file),
                Err(source) if matches!(source.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(source) => {
                    hidden = hidden.or(Some(ModelTrouble::unread(name, path, source)));
                }
            }
        }
        Err(hidden.unwrap_or_else(|| self.missing(name)))
    }

    fn missing(&self, name: &str) -> ModelTrouble {
        let files = self.files();
        let names = files.keys().map(String::as_str);
        let near = match (crate::config::nearest(name, names.clone()), names.collect::<Vec<_>>()) {
            (Some(near), _) => format!("; did you mean `{near}`?"),
            (None, names) if names.is_empty() => "; there is none at all".to_owned(),
            (None, names) => format!("; there are {}", names.join(", ")),
        };
        ModelTrouble::Missing { name: name.to_owned(), near }
    }
}

/// A model that can be used.
#[derive(Clone, Debug)]
pub struct Installed {
    /// Its name: that of its file.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// What its description says.
    pub manifest: Manifest,
    /// Read and checked.
    pub model: Arc<Model>,
    /// Made of the bytes of both files: whether they are others now.
    mark: u64,
}

impl Installed {
    fn read(name: &str, path: PathBuf, file: File) -> Result<Self, ModelTrouble> {
        let model = whole(name, &path, file, LARGEST_MODEL)?;
        let manifest = path.with_extension("json");
        let opened = File::open(&manifest).map_err(|source| match source.kind() {
            ErrorKind::NotFound => ModelTrouble::NoDescription { name: name.into(), path: manifest.clone() },
            _ => ModelTrouble::unread(name, manifest.clone(), source),
        })?;
        let description = whole(name, &manifest, opened, LARGEST_MANIFEST)?;
        Self::of(name, path, &model, &description)
    }

    /// Checks what was read from these files.
    fn of(name: &str, file: PathBuf, bytes: &[u8], description: &[u8]) -> Result<Self, ModelTrouble> {
        let path = file.with_extension("json");
        let manifest = Manifest::read(description).map_err(|source| ModelTrouble::Undescribed {
            name: name.into(),
            path,
            source,
        })?;
        let mark = mark(bytes, description);
        let model = Model::read(bytes).map_err(|source| ModelTrouble::Damaged { path: file.clone(), source })?;
        Ok(Self { name: name.to_owned(), file, manifest, model: Arc::new(model), mark })
    }

    /// Whether both are the same model under the same name, read again or not.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.name == other.name && self.mark == other.mark
    }

    /// As a word to listen for, this easily heard.
    #[must_use]
    pub fn word(&self, sensitivity: f32) -> wake::Word {
        wake::Word {
            name: self.name.clone(),
            model: Arc::clone(&self.model),
            cutoff: self.manifest.cutoff,
            window: self.manifest.window,
            sensitivity,
        }
    }
}

/// A number for these contents. Within one run of the program it is the same for the same.
fn mark(model: &[u8], description: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (model, description).hash(&mut hasher);
    hasher.finish()
}

/// The bytes of a file that is no larger than `most`.
fn whole(name: &str, path: &Path, file: File, most: u64) -> Result<Vec<u8>, ModelTrouble> {
    let mut bytes = Vec::new();
    let read = file.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|source| ModelTrouble::unread(name, path.into(), source))?;
    if bytes.len() as u64 > most {
        return Err(ModelTrouble::TooLarge { name: name.into(), path: path.into(), most });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The system lets root read everything, and tests may be run by root.
    #[test]
    fn what_this_user_may_not_read_is_told_apart_from_what_can_not_be_read() {
        let trouble = |kind: ErrorKind| ModelTrouble::unread("alexa", "/m/alexa.tflite".into(), kind.into());
        let denied = trouble(ErrorKind::PermissionDenied);
        assert!(matches!(denied, ModelTrouble::Denied { .. }));
        assert!(denied.to_string().contains("chmod a+r"), "{denied}");
        assert!(matches!(trouble(ErrorKind::IsADirectory), ModelTrouble::Unreadable { .. }));
    }
}
