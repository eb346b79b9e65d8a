//! Classes as a type.

use std::fmt::Debug;

/// One of `N` classes, as a program speaks of them: an enum made by [`labels!`](crate::labels), or
/// `usize`, the number of the class.
///
/// # Does not compile
/// Two names for three classes:
/// ```compile_fail,E0277
/// use shapeproof::labels;
/// use shapeproof::predict::Classifier;
/// use shapeproof::prelude::*;
/// #[model(input = Chw<1, 4, 4>, output = Flat<3>)]
/// struct Net {
///     flatten: Flatten,
///     fc: Linear<3>,
/// }
/// labels! { enum Sky { Day = "day", Night = "night" } }
/// let sky = Classifier::<Net, Sky>::load("sky.safetensors");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name {N} classes",
    label = "the model tells {N} classes apart",
    note = "`labels!` makes an enum with as many names as there are classes; `usize` numbers them"
)]
pub trait Label<const N: usize>: Copy + Debug + PartialEq + 'static {
    /// What the classes are called, in their order; `None` where only a file says so.
    const NAMES: Option<[&'static str; N]>;

    /// The class of this number, which is below `N`.
    fn of(class: usize) -> Self;
}

impl<const N: usize> Label<N> for usize {
    const NAMES: Option<[&'static str; N]> = None;

    fn of(class: usize) -> Self {
        class
    }
}

/// Makes an enum of classes with their names: variants in the order of the classes' numbers.
///
/// The enum is `Copy`, comparable, printed by its name, and a [`Label`](crate::predict::Label);
/// `ALL` lists the variants.
///
/// # Example
/// ```
/// shapeproof::labels! {
///     /// Animals of the farm.
///     pub enum Animal {
///         /// It has four legs.
///         Cow = "cow",
///         Hen = "hen",
///     }
/// }
/// assert_eq!(Animal::ALL.map(|animal| animal.to_string()), ["cow", "hen"]);
/// ```
#[macro_export]
macro_rules! labels {
    ($(#[$of_enum:meta])* $visibility:vis enum $Name:ident {
        $($(#[$of_class:meta])* $Class:ident = $name:literal),+ $(,)?
    }) => {
        $(#[$of_enum])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $visibility enum $Name {
            $(
                #[doc = ::core::concat!("\"", $name, "\"")]
                $(#[$of_class])*
                $Class,
            )+
        }

        #[allow(dead_code)]
        impl $Name {
            /// All classes, in the order of their numbers.
            $visibility const ALL: [Self; [$($name),+].len()] = [$(Self::$Class),+];
        }

        impl $crate::predict::Label<{ [$($name),+].len() }> for $Name {
            const NAMES: ::core::option::Option<[&'static str; [$($name),+].len()]> =
                ::core::option::Option::Some([$($name),+]);

            fn of(class: usize) -> Self {
                Self::ALL[class]
            }
        }

        impl ::core::fmt::Display for $Name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(match self {
                    $(Self::$Class => $name),+
                })
            }
        }
    };
}
