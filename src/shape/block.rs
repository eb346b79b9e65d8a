//! The shapes inside a block, which is generic over what flows into it.
//!
//! Stable Rust cannot compute `Chw<{ … }>` in generic code. So a shape inside a block has a name
//! that says where it is, [`Nth`] input or [`Inner`] field, and its sizes follow from there.

use std::fmt;
use std::marker::PhantomData;

use super::{Dims, Inputs, LayerInfo, LayerShape, Signature};

/// One field of a block: its shape rule's answer, given what flows into the block.
///
/// `#[block]` implements it; `I` is the field's place, from 0.
pub trait Part<In: Inputs, const I: usize>: 'static {
    /// What the field makes of its inputs.
    const SIGNATURE: Signature;
    /// The fields of the field, where it is a block itself.
    const PARTS: &'static [LayerInfo];
}

/// The shape of a block's input `I`, from 0.
pub struct Nth<In, const I: usize>(PhantomData<fn() -> In>);

/// The shape of what field `I` of `Block` puts out, where `In` flows into the block.
pub struct Inner<Block, In, const I: usize>(PhantomData<fn() -> (Block, In)>);

impl<In: Inputs, const I: usize> LayerShape for Nth<In, I> {
    const DIMS: Dims = if I < In::DIMS.len() {
        In::DIMS[I]
    } else {
        // The block has too few inputs, which its own rule tells.
        In::DIMS[0]
    };
}

impl<Block: Part<In, I>, In: Inputs, const I: usize> LayerShape for Inner<Block, In, I> {
    const DIMS: Dims = Block::SIGNATURE.output;
}

impl<In: Inputs, const I: usize> Inputs for Nth<In, I> {
    const DIMS: &'static [Dims] = &[<Self as LayerShape>::DIMS];
}

impl<Block: Part<In, I>, In: Inputs, const I: usize> Inputs for Inner<Block, In, I> {
    const DIMS: &'static [Dims] = &[<Self as LayerShape>::DIMS];
}

/// What `#[derive]` would write, without asking anything of the parameters.
macro_rules! names_a_place {
    ([$($g:tt)*] $Shape:ty) => {
        impl<$($g)*> Clone for $Shape {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<$($g)*> Copy for $Shape {}
        impl<$($g)*> Default for $Shape {
            fn default() -> Self {
                Self(PhantomData)
            }
        }
        impl<$($g)*> fmt::Debug for $Shape {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(std::any::type_name::<Self>())
            }
        }
    };
}
names_a_place!([In, const I: usize] Nth<In, I>);
names_a_place!([Block, In, const I: usize] Inner<Block, In, I>);
