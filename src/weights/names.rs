//! How tensors of a file come to their names in a model, or the other way round.

use std::fmt;

use shapeproof_header::Rule;

/// Renamings, each applied to what the one before has made.
#[derive(Default)]
pub(super) struct Renaming(Vec<Step>);

enum Step {
    Rule(Rule),
    With(Box<dyn Fn(&str) -> String>),
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Rule(rule) => rule.fmt(f),
            Step::With(_) => f.write_str("With(…)"),
        }
    }
}

impl fmt::Debug for Renaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl Renaming {
    pub fn rule(&mut self, rule: Rule) {
        self.0.push(Step::Rule(rule));
    }

    pub fn with(&mut self, rename: impl Fn(&str) -> String + 'static) {
        self.0.push(Step::With(Box::new(rename)));
    }

    pub fn apply(&self, name: &str) -> String {
        let renamed = name.to_owned();
        self.0.iter().fold(renamed, |name, step| match step {
            Step::Rule(rule) => rule.apply(&name),
            Step::With(rename) => rename(&name),
        })
    }
}

/// The methods by which a `Loader` and a `Saver` take their renaming.
macro_rules! renaming_methods {
    () => {
        /// Replaces the segments `from` by `to`, wherever they stand in a name.
        ///
        /// `rename("downsample.0", "shortcut.conv")` makes `layer2.0.shortcut.conv.weight` of
        /// `layer2.0.downsample.0.weight`. An empty `to` drops the segments.
        pub fn rename(
            self,
            from: impl Into<std::borrow::Cow<'static, str>>,
            to: impl Into<std::borrow::Cow<'static, str>>,
        ) -> Self {
            self.rule(shapeproof_header::Place::Anywhere, from, to)
        }

        /// Replaces the segments `from` by `to` where a name begins with them.
        ///
        /// `rename_prefix("module.", "")` drops what PyTorch's `DataParallel` puts before every
        /// name. An empty `from` puts `to` before every name.
        pub fn rename_prefix(
            self,
            from: impl Into<std::borrow::Cow<'static, str>>,
            to: impl Into<std::borrow::Cow<'static, str>>,
        ) -> Self {
            self.rule(shapeproof_header::Place::Start, from, to)
        }

        /// Renames the one tensor whose whole name is `from`.
        pub fn rename_exact(
            self,
            from: impl Into<std::borrow::Cow<'static, str>>,
            to: impl Into<std::borrow::Cow<'static, str>>,
        ) -> Self {
            self.rule(shapeproof_header::Place::Whole, from, to)
        }

        /// Renames by a function, which gets every name and returns the new one.
        pub fn rename_with(mut self, rename: impl Fn(&str) -> String + 'static) -> Self {
            self.renaming.with(rename);
            self
        }

        fn rule(
            mut self,
            place: shapeproof_header::Place,
            from: impl Into<std::borrow::Cow<'static, str>>,
            to: impl Into<std::borrow::Cow<'static, str>>,
        ) -> Self {
            let rule = shapeproof_header::Rule::new(place, from, to);
            self.renaming.rule(rule);
            self
        }
    };
}
pub(super) use renaming_methods;
