//! The private key: text in the request, or a file that the owner has put into a folder for keys.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::SshError;
use super::address::shown;

/// The longest key, in bytes; one of 16384 bits has 12.8 kB.
const LONGEST: usize = 32 * 1024;

/// Every format of a private key has this in its first line.
const MARK: &str = "PRIVATE KEY";

/// Whether a request holds the key itself and not its place.
pub(super) fn is_text(key: &str) -> bool {
    key.contains(MARK)
}

/// The text of the key that a request names or holds.
///
/// # Errors
/// It lies outside of `folder`, can't be read, or is no key.
pub(super) fn load(key: &str, folder: &Path) -> Result<Zeroizing<String>, SshError> {
    let text = if is_text(key) { Zeroizing::new(key.to_owned()) } else { read(key, folder)? };
    let refused = |reason: &str| Err(SshError::Key { reason: reason.into() });
    if text.len() > LONGEST {
        return refused("it is longer than 32 KiB");
    }
    if text.contains('\0') {
        return refused("it has a zero byte");
    }
    Ok(with_plain_lines(&text))
}

fn read(path: &str, folder: &Path) -> Result<Zeroizing<String>, SshError> {
    let failed = |source| SshError::KeyFile { path: place(path), source };
    let outside = || SshError::KeyOutside { path: place(path), folder: folder.to_owned() };
    // An empty one would be the folder itself.
    if path.is_empty() {
        return Err(outside());
    }
    let folder = folder.canonicalize().map_err(failed)?;
    // A path of its own replaces the folder here; what counts is where it leads in the end.
    let found = match folder.join(path).canonicalize() {
        Ok(found) if found.starts_with(&folder) => found,
        Ok(_) => return Err(outside()),
        // Whether something is there outside of the folder is nobody's business.
        Err(_) if !stays_inside(path, &folder) => return Err(outside()),
        Err(source) => return Err(failed(source)),
    };
    // Asked before it is opened: to open a pipe could wait for ever.
    if !found.metadata().map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::other("not a file")));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    File::open(&found).and_then(|file| file.take(LONGEST as u64 + 1).read_to_end(&mut bytes)).map_err(failed)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) if is_text(text) => Ok(Zeroizing::new(text.to_owned())),
        _ => Err(SshError::Key { reason: format!("the file `{}` holds none", place(path)) }),
    }
}

/// A path as a message shows it. Somebody may have sent a key without its first line: what could be one is shown only
/// as far as all keys of a kind are the same.
fn place(path: &str) -> String {
    const LONGEST_NAME: usize = 40;
    const BEGINNING: usize = 12;
    if path.starts_with('/') || path.len() <= LONGEST_NAME {
        return shown(path);
    }
    format!("{}…", shown(path.get(..BEGINNING).unwrap_or_default()))
}

/// Whether a path that does not exist would be inside of the folder, judged by its letters.
fn stays_inside(path: &str, folder: &Path) -> bool {
    let path = Path::new(path);
    let relative = if path.is_absolute() { path.strip_prefix(folder).ok() } else { Some(path) };
    relative.is_some_and(|rest| !rest.components().any(|part| part.as_os_str() == ".."))
}

/// Lines that end with a line feed, the last one too: what OpenSSL reads.
fn with_plain_lines(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len() + 1));
    for line in text.trim().lines() {
        plain.push_str(line.trim_end());
        plain.push('\n');
    }
    plain
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    const TEXT: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\r\nAAAA\r\n-----END OPENSSH PRIVATE KEY-----";

    fn folders() -> (tempfile::TempDir, std::path::PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let keys = root.path().join("keys");
        fs::create_dir_all(keys.join("more")).unwrap();
        for place in ["keys/support", "keys/more/other", "outside"] {
            fs::write(root.path().join(place), TEXT).unwrap();
        }
        (root, keys)
    }

    #[test]
    fn a_text_is_taken_with_plain_lines() {
        let text = load(TEXT, Path::new("/nowhere")).unwrap();
        assert_eq!(*text, TEXT.replace('\r', "") + "\n");
    }

    #[test]
    fn a_file_inside_the_folder_is_read() {
        let (root, keys) = folders();
        for name in ["support", "./support", "more/other", "more/../support"] {
            load(name, &keys).unwrap();
        }
        load(keys.join("support").to_str().unwrap(), &keys).unwrap();
        // The folder itself may be a symbolic link.
        symlink(&keys, root.path().join("link")).unwrap();
        load("support", &root.path().join("link")).unwrap();
    }

    #[test]
    fn a_file_outside_of_the_folder_is_refused_whichever_way_it_is_named() {
        let (root, keys) = folders();
        symlink(root.path().join("outside"), keys.join("link")).unwrap();
        symlink(root.path(), keys.join("up")).unwrap();
        let absolute = root.path().join("outside").display().to_string();
        for name in [&absolute, "../outside", "more/../../outside", "link", "up/outside", "", "../absent", "/absent"] {
            let error = load(name, &keys).unwrap_err();
            assert!(matches!(error, SshError::KeyOutside { .. }), "{name}: {error}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_never_shown() {
        let (_root, keys) = folders();
        fs::write(keys.join("notes"), "the safe is 1234").unwrap();
        for (name, part) in [("absent", "can't be read"), ("more", "not a file"), ("notes", "holds none")] {
            let error = load(name, &keys).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("1234"), "{error}");
        }
        load(&format!("{TEXT}\0"), &keys).unwrap_err();
        load(&format!("{TEXT}{}", "A".repeat(LONGEST)), &keys).unwrap_err();
    }
    #[test]
    fn a_key_without_its_first_line_is_taken_for_a_path_and_hardly_shown() {
        let (_root, keys) = folders();
        let secret = "A7wLqVf0pZrT2xYcK9dMeNhB4uJgS1oQ";
        for key in [format!("MC4CAQAwBQYDK2VwBCIEI{secret}="), format!("{secret}\n{secret}")] {
            let error = load(&key, &keys).unwrap_err().to_string();
            assert!(!error.contains(&secret[12..]) && error.contains('…'), "{error}");
        }
    }
}
