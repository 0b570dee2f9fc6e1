//! Another model is taken in: read, checked, and put where the daemon finds it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Installed, LARGEST_MANIFEST, LARGEST_MODEL, ModelTrouble, Places, is_name, whole};
use crate::device::replace::{Rights, replace_file};

/// A model must be readable for the daemon, whoever puts it there; it is no secret.
const FILE_MODE: u32 = 0o644;
const FOLDER_MODE: u32 = 0o755;

/// Why a model is not taken in.
#[derive(Debug, Error)]
pub enum AddError {
    /// Its file has another name than models have.
    #[error("{} is no model's file: it must be called NAME.tflite, with letters, digits, `_` and `-` in its name", path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// It lacks its description.
    #[error("{} is missing: a model needs its description, a JSON file of the same name beside it", path.display())]
    NoDescription {
        /// The file that is missing.
        path: PathBuf,
    },
    /// It can't be read or used.
    #[error("{0}; nothing was added")]
    Trouble(#[from] ModelTrouble),
    /// There is another one of its name.
    #[error("another model `{name}` is there already: {}; give the new files another name, or remove those", path.display())]
    Taken {
        /// The name.
        name: String,
        /// The model that is there.
        path: PathBuf,
    },
    /// It can't be written.
    #[error("the model can't be written to {}: {source}; use sudo, or ask the daemon's user", path.display())]
    Write {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A model that can be taken in.
#[derive(Debug)]
pub struct Candidate {
    /// What it will be.
    pub installed: Installed,
    /// The bytes of the model.
    pub model: Vec<u8>,
    /// The bytes of its description.
    pub description: Vec<u8>,
}

impl Candidate {
    /// Reads a model and the description beside it, and checks both.
    ///
    /// # Errors
    /// They are missing, damaged, or none.
    pub fn read(path: &Path) -> Result<Self, AddError> {
        let nameless = || AddError::Name { path: path.into() };
        let is_model = path.extension().is_some_and(|end| end == "tflite");
        let name = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_model).ok_or_else(nameless)?;
        let file = |path: &Path, most| {
            let file = File::open(path).map_err(|source| ModelTrouble::unread(name, path.into(), source))?;
            whole(name, path, file, most)
        };
        let model = file(path, LARGEST_MODEL)?;
        let beside = path.with_extension("json");
        let description = file(&beside, LARGEST_MANIFEST).map_err(|trouble| match trouble {
            ModelTrouble::Unreadable { source, .. } if source.kind() == ErrorKind::NotFound => {
                AddError::NoDescription { path: beside.clone() }
            }
            other => other.into(),
        })?;
        Self::checked(path, model, description)
    }

    /// Checks what was in the files of this model, `NAME.tflite` and the description beside it.
    ///
    /// # Errors
    /// They can't be used.
    pub fn checked(path: &Path, model: Vec<u8>, description: Vec<u8>) -> Result<Self, AddError> {
        let name = path.file_stem().and_then(|stem| stem.to_str()).filter(|name| is_name(name));
        let name = name.ok_or_else(|| AddError::Name { path: path.into() })?;
        let too_large = |most| ModelTrouble::TooLarge { name: name.into(), path: path.into(), most };
        if model.len() as u64 > LARGEST_MODEL {
            return Err(too_large(LARGEST_MODEL).into());
        }
        if description.len() as u64 > LARGEST_MANIFEST {
            return Err(too_large(LARGEST_MANIFEST).into());
        }
        let installed = Installed::of(name, path.into(), &model, &description)?;
        Ok(Self { installed, model, description })
    }

    /// Puts it where the daemon looks. The same model once more changes nothing; another one of its name is never
    /// replaced, unless it can't be used. Where it is then.
    ///
    /// # Errors
    /// The name is taken, or the folder can't be written.
    pub fn install(&self, places: &Places) -> Result<PathBuf, AddError> {
        let name = &self.installed.name;
        if let Some(path) = places.files().remove(name) {
            if self.is(&path) {
                return Ok(path);
            }
            if !places.yields(name, &path) {
                return Err(AddError::Taken { name: name.clone(), path });
            }
        }
        let folder = places.own();
        let path = folder.join(format!("{name}.tflite"));
        let written = folder_for(folder).and_then(|owner| {
            let rights = Rights { mode: FILE_MODE, owner };
            // The model last: with it there, its description is.
            replace_file(&path.with_extension("json"), &self.description, rights)?;
            replace_file(&path, &self.model, rights)
        });
        written.map_err(|source| AddError::Write { path: folder.into(), source })?;
        Ok(path)
    }

    fn is(&self, path: &Path) -> bool {
        let same = |path: &Path, bytes: &[u8]| fs::read(path).is_ok_and(|there| there == bytes);
        same(path, &self.model) && same(&path.with_extension("json"), &self.description)
    }
}

/// Makes the folder if need be. Whose it is, if this process could write it as somebody else.
fn folder_for(folder: &Path) -> io::Result<Option<(u32, u32)>> {
    let state_dir = folder.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(state_dir)?;
    let state = fs::metadata(state_dir)?;
    let owner = nix::unistd::geteuid().is_root().then(|| (state.uid(), state.gid()));
    if !folder.is_dir() {
        fs::create_dir(folder)?;
        // Not through the umask.
        fs::set_permissions(folder, fs::Permissions::from_mode(FOLDER_MODE))?;
        if let Some((user, group)) = owner {
            chown(folder, Some(user), Some(group))?;
        }
    }
    Ok(owner)
}
