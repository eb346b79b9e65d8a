//! Finding things: the parts of Faster R-CNN between its networks.
//!
//! A network that finds things says of many boxes whether there is something in them, and how far
//! they are from it. This room knows what such numbers mean: which boxes ([`Anchors`]), how a box is
//! moved by numbers ([`BoxCoder`]), which of two boxes around the same thing stays ([`nms`]), what
//! the right answer would have been ([`Matcher`], [`Sampler`]), the losses, and how a part of an
//! image becomes an input of a network ([`RoiAlign`]). It must never know a layer or a model: whoever
//! trains gives the tensors that came out of theirs.
//!
//! Begin with [`FasterRcnn`], which is all of it, and its parts: [`RegionProposals`], which makes boxes
//! of the output of a region proposal network, and [`BoxHead`], which makes findings of them.
//! `examples/detect.rs` trains it.
//!
//! # Source
//! Ren, He, Girshick and Sun, "Faster R-CNN: Towards Real-Time Object Detection with Region Proposal
//! Networks", 2015; Girshick, "Fast R-CNN", 2015. Where these and torchvision differ, torchvision's
//! defaults are taken.

mod anchors;
mod box_head;
mod coder;
mod error;
mod faster_rcnn;
mod losses;
mod matcher;
mod nms;
mod proposals;
mod roi_align;
mod sampler;

pub use anchors::Anchors;
pub use box_head::{BoxHead, SampledRois};
pub use coder::BoxCoder;
pub use error::{BoxError, DetectionError};
pub use faster_rcnn::FasterRcnn;
pub use matcher::{Match, Matcher};
pub use nms::{batched_nms, nms};
pub use proposals::RegionProposals;
pub use roi_align::{Roi, RoiAlign};
pub use sampler::Sampler;
