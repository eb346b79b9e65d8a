//! The one door through which numbers of dfdx's CPU tensors are read where they lie.

use std::any::Any;

use dfdx::prelude::{Cpu, CpuError, Dtype, Gradients, Shape, Storage, Tensor, Unit};

/// A tensor on the CPU whose shape does not matter: a parameter, or what flows into a model.
pub trait Parameter<E: Dtype> {
    /// Its numbers, row by row; `None` where they do not lie in that order.
    fn values(&self) -> Option<&[E]>;

    /// The same tensor, kept alive with the numbers that it has now.
    fn kept(&self) -> Box<dyn Parameter<E>>;

    /// Where `gradients` holds its gradient, which is zero if it had none.
    ///
    /// # Errors
    /// When the device is out of memory.
    fn gradient<'g>(
        &self,
        gradients: &'g mut Gradients<E, Cpu>,
    ) -> Result<&'g mut <Cpu as Storage<E>>::Vec, CpuError>;
}

impl<S: Shape, E: Dtype> Parameter<E> for Tensor<S, E, Cpu> {
    fn values(&self) -> Option<&[E]> {
        contiguous(self)
    }

    fn kept(&self) -> Box<dyn Parameter<E>> {
        Box::new(self.clone())
    }

    fn gradient<'g>(
        &self,
        gradients: &'g mut Gradients<E, Cpu>,
    ) -> Result<&'g mut <Cpu as Storage<E>>::Vec, CpuError> {
        gradients.get_or_alloc_mut(self)
    }
}

/// The gradient of a tensor that `try_alloc_for` has given its memory.
pub fn allocated<'g, E: Dtype>(
    of: &dyn Parameter<E>,
    gradients: &'g mut Gradients<E, Cpu>,
) -> &'g mut [E] {
    of.gradient(gradients)
        .unwrap_or_else(|_| unreachable!("the memory was allocated before"))
}

/// The tensor as one on the CPU, where it is there.
pub fn on_cpu<S: Shape, E: Dtype, D: Storage<E>>(
    tensor: &Tensor<S, E, D>,
) -> Option<&dyn Parameter<E>> {
    let tensor: &Tensor<S, E, Cpu> = (tensor as &dyn Any).downcast_ref()?;
    Some(tensor)
}

/// The numbers of a tensor where they lie; `None` where they do not lie row by row, without gaps.
///
/// dfdx gives references to single numbers only. Copying instead, with `as_vec` or `copy_into`,
/// takes longer for the parameters of LeNet-5 than inferring one image with them.
pub fn contiguous<S: Shape, E: Unit, T>(tensor: &Tensor<S, E, Cpu, T>) -> Option<&[E]> {
    let sizes = dfdx::prelude::HasShape::shape(tensor).concrete();
    let count = dfdx::prelude::HasShape::shape(tensor).num_elements();
    if count == 0 {
        return Some(&[]);
    }
    let mut place = S::Concrete::default();
    let first: *const E = &tensor[place];
    // How far a number lies behind the first; only compared, never followed.
    let distance = |of: &E| (of as *const E as usize).wrapping_sub(first as usize);
    let mut expected = count;
    for axis in 0..S::NUM_DIMS {
        expected /= sizes[axis];
        if sizes[axis] > 1 {
            place[axis] = 1;
            if distance(&tensor[place]) != expected * size_of::<E>() {
                return None;
            }
            place[axis] = 0;
        }
    }
    for axis in 0..S::NUM_DIMS {
        place[axis] = sizes[axis] - 1;
    }
    // dfdx checks that this place, which is the furthest, lies in the tensor's memory.
    if distance(&tensor[place]) != (count - 1) * size_of::<E>() {
        return None;
    }
    // SAFETY: a tensor's numbers lie in one `Vec`, into which `Index` computes places as the sum of
    // index times stride. The strides have been compared with those of rows without gaps, and the
    // last number was found, behind a check of bounds, `count − 1` places behind the first: so
    // `count` initialised numbers begin at `first`. The slice borrows the tensor, whose memory is
    // changed only through `&mut` of a tensor that owns it alone.
    Some(unsafe { std::slice::from_raw_parts(first, count) })
}

/// The numbers of a tensor where they lie, to be changed; `None` where they do not lie row by row,
/// without gaps.
///
/// Other tensors that share the numbers keep theirs: dfdx then makes a copy for this one.
pub fn contiguous_mut<S: Shape, E: Unit, T>(tensor: &mut Tensor<S, E, Cpu, T>) -> Option<&mut [E]> {
    let count = contiguous(tensor)?.len();
    if count == 0 {
        return Some(&mut []);
    }
    let first: *mut E = &mut tensor[S::Concrete::default()];
    // SAFETY: `contiguous` has found `count` initialised numbers in one `Vec` behind that at the
    // place of zeros. Asked for a `&mut`, dfdx makes that `Vec` the tensor's own, so no other
    // tensor reads it; `&mut tensor` is borrowed for as long as the slice.
    Some(unsafe { std::slice::from_raw_parts_mut(first, count) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::*;

    #[test]
    fn rows_without_gaps_are_read_where_they_lie() {
        let dev = Cpu::default();
        let x = dev.tensor([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert_eq!(contiguous(&x), Some(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0][..]));
        let row: Tensor<Rank3<1, 6, 1>, f32, _> = x.clone().reshape();
        assert_eq!(contiguous(&row).map(<[f32]>::len), Some(6));
        let number = dev.tensor(7.0f64);
        assert_eq!(contiguous(&number), Some(&[7.0][..]));
    }

    #[test]
    fn what_is_changed_is_this_tensor_only() {
        let dev = Cpu::default();
        let mut x = dev.tensor([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let shared = x.clone();
        let values = contiguous_mut(&mut x).expect("rows without gaps");
        values.iter_mut().for_each(|v| *v *= 10.0);
        assert_eq!(x.array(), [[10.0, 20.0, 30.0], [40.0, 50.0, 60.0]]);
        assert_eq!(shared.array(), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let place = |x: &Tensor<_, f32, Cpu>| contiguous(x).map(<[f32]>::as_ptr);
        let before = place(&x);
        contiguous_mut(&mut x).expect("rows without gaps")[5] = 0.0;
        assert_eq!(place(&x), before, "memory of its own is not copied");
        let mut turned: Tensor<Rank2<3, 2>, f32, _> = x.permute();
        assert!(contiguous_mut(&mut turned).is_none());
    }

    #[test]
    fn other_orders_are_refused() {
        let dev = Cpu::default();
        let x = dev.tensor([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let turned: Tensor<Rank2<3, 2>, f32, _> = x.permute();
        assert_eq!(contiguous(&turned), None);
        let spread: Tensor<Rank2<2, 3>, f32, _> = dev.tensor([1.0f32, 2.0, 3.0]).broadcast();
        assert_eq!(contiguous(&spread), None);
        let square: Tensor<Rank2<2, 2>, f32, _> = dev.tensor([[1.0f32, 2.0], [3.0, 4.0]]);
        assert_eq!(contiguous(&square.permute()), None);
    }
}
