//! Parameters inside of the program.

use std::fmt;
use std::marker::PhantomData;

use dfdx::nn::TensorCollection;
use dfdx::prelude::Device;

use super::{Loader, Report, WeightError};
use crate::model::{BuildOn, Model};
use crate::tensor::Element;

/// The parameters of a model `M` as a part of the program; names and shapes were compared with the
/// model when it was compiled. [`include_weights!`](crate::include_weights) makes it.
pub struct Included<M> {
    bytes: &'static [u8],
    loader: fn() -> Loader,
    model: PhantomData<fn() -> M>,
}

impl<M> Included<M> {
    /// For `include_weights!`, which does the comparing.
    #[doc(hidden)]
    pub const fn new(bytes: &'static [u8], loader: fn() -> Loader) -> Self {
        Included {
            bytes,
            loader,
            model: PhantomData,
        }
    }

    /// The bytes of the file.
    pub const fn bytes(&self) -> &'static [u8] {
        self.bytes
    }

    /// The model with these parameters, on `device`.
    ///
    /// # Errors
    /// [`WeightError::NotFinite`], and what could not be known while compiling, such as
    /// [`WeightError::Differs`] for layers that do not list their tensors.
    ///
    /// # Panics
    /// When the device is out of memory, as the model's `new`.
    pub fn load<D>(&self, device: &D) -> Result<M, WeightError>
    where
        M: Model + BuildOn<D> + TensorCollection<M::Number, D>,
        M::Number: Element,
        D: Device<M::Number>,
    {
        let mut model = M::try_build_on(device).expect("the device has memory for the parameters");
        self.load_into(&mut model).map(|_| model)
    }

    /// Loads these parameters into a model that is there already, of any number type, on any
    /// device.
    ///
    /// # Errors
    /// As [`load`](Self::load). The model is unchanged then.
    pub fn load_into<E, D, N>(&self, model: &mut N) -> Result<Report, WeightError>
    where
        E: Element,
        D: Device<E>,
        N: TensorCollection<E, D>,
    {
        (self.loader)().load_bytes(model, self.bytes)
    }
}

impl<M> fmt::Debug for Included<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Included({} bytes)", self.bytes.len())
    }
}
