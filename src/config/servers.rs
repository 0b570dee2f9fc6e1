//! What concerns servers of every kind: their names.

use super::document::Origin;
use super::problem::{Place, quote};
use super::read::Reading;

/// Each server has a name of its own. `names` are those of [linto], of which there are `linto`, and then of [xiaozhi].
pub(super) fn check(names: &[&str], linto: usize, reading: &mut Reading<'_, '_>) {
    let whose = |nth: usize| if nth < linto { ("linto", nth) } else { ("xiaozhi", nth - linto) };
    for (nth, name) in names.iter().enumerate() {
        let Some(before) = names[..nth].iter().position(|before| before == name) else { continue };
        let ((section, place), (other, _)) = (whose(nth), whose(before));
        let place = match reading.origin((section, place, "name")) {
            Origin::Default => section_place(section, place, reading),
            set => set.place(),
        };
        reading.problems.add(place, || {
            let whose = if section == other {
                format!("two [[{section}]] sections")
            } else {
                format!("a server of [{other}] and of one of [{section}]")
            };
            format!("`{}` is the name of {whose}; give each its own `name`", quote(name))
        });
    }
}

fn section_place(section: &'static str, nth: usize, reading: &Reading<'_, '_>) -> Place {
    let line = reading.document.sections.get(section).and_then(|all| all.get(nth)).and_then(|written| written.line);
    line.map_or(Place::Environment, Place::Line)
}
