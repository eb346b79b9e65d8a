//! The names of tensors: `layer1.0.conv1.weight` has the segments `layer1`, `0`, `conv1`, `weight`.

use std::borrow::Cow;

/// Tensors that have no counterpart in any model of shapeproof: PyTorch's `BatchNorm2d` counts its
/// batches in one.
pub const IGNORED: &str = "num_batches_tracked";

/// Which segments of a name a [`Rule`] looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Any, as often as they occur.
    Anywhere,
    /// The first.
    Start,
    /// All of them.
    Whole,
}

/// Replaces some segments of a name by others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    from: Cow<'static, str>,
    to: Cow<'static, str>,
    place: Place,
}

impl Rule {
    /// Replaces the segments `from` by `to`; dots at their ends count for nothing.
    pub fn new(
        place: Place,
        from: impl Into<Cow<'static, str>>,
        to: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (from, to) = (from.into(), to.into());
        Rule { from, to, place }
    }

    /// The name that this rule makes of `name`; `name` itself where it does not apply.
    pub fn apply(&self, name: &str) -> String {
        let (from, to) = (segments(&self.from), segments(&self.to));
        let mut left: &[&str] = &name.split('.').collect::<Vec<_>>();
        let mut made: Vec<&str> = Vec::new();
        match self.place {
            Place::Whole if left == from => left = &to,
            Place::Start if left.starts_with(&from) => {
                made.extend(&to);
                left = &left[from.len()..];
            }
            Place::Anywhere if !from.is_empty() => {
                while let Some(first) = left.first() {
                    if left.starts_with(&from) {
                        made.extend(&to);
                        left = &left[from.len()..];
                    } else {
                        made.push(first);
                        left = &left[1..];
                    }
                }
            }
            _ => {}
        }
        made.extend(left);
        made.join(".")
    }
}

/// Whether the segments `some` occur in `name`, one behind the other.
pub fn has_segments(name: &str, some: &str) -> bool {
    let (name, some) = (segments(name), segments(some));
    !some.is_empty() && name.windows(some.len()).any(|window| window == some)
}

fn segments(name: &str) -> Vec<&str> {
    let bare = name.trim_matches('.');
    if bare.is_empty() {
        return Vec::new();
    }
    bare.split('.').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(place: Place, from: &'static str, to: &'static str, name: &str) -> String {
        Rule::new(place, from, to).apply(name)
    }

    #[test]
    fn only_whole_segments_are_replaced() {
        let anywhere = |from, to, name: &str| renamed(Place::Anywhere, from, to, name);
        assert_eq!(anywhere("fc", "head", "fc.weight"), "head.weight");
        assert_eq!(anywhere("fc", "head", "fc2.weight"), "fc2.weight");
        assert_eq!(anywhere("fc", "head", "a.fc.fc"), "a.head.head");
        assert_eq!(
            anywhere(
                "downsample.0",
                "shortcut.conv",
                "layer2.0.downsample.0.weight"
            ),
            "layer2.0.shortcut.conv.weight"
        );
        assert_eq!(anywhere("module.", "", "module.fc.bias"), "fc.bias");
        assert_eq!(anywhere("", "x", "fc.bias"), "fc.bias");
    }

    #[test]
    fn a_start_is_only_at_the_start() {
        let start = |from, to, name: &str| renamed(Place::Start, from, to, name);
        assert_eq!(
            start("conv", "stem", "conv.conv.weight"),
            "stem.conv.weight"
        );
        assert_eq!(start("conv", "stem", "a.conv.weight"), "a.conv.weight");
        assert_eq!(start("", "body", "conv.weight"), "body.conv.weight");
        assert_eq!(start("module.", "", "module.fc.bias"), "fc.bias");
    }

    #[test]
    fn a_whole_name_is_all_of_it() {
        let whole = |from, to, name: &str| renamed(Place::Whole, from, to, name);
        assert_eq!(whole("fc.weight", "w.weight", "fc.weight"), "w.weight");
        assert_eq!(whole("fc.weight", "w.weight", "a.fc.weight"), "a.fc.weight");
    }

    #[test]
    fn segments_are_found_one_behind_the_other() {
        assert!(has_segments("bn1.num_batches_tracked", IGNORED));
        assert!(has_segments("a.b.c", "b.c"));
        assert!(!has_segments("a.b.c", "a.c"));
        assert!(!has_segments("a.b.c", ""));
        assert!(!has_segments("a", "a.b"));
    }
}
