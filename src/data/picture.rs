//! Pictures of any size: what image files hold.

use std::fmt;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::{imageops, DynamicImage, GrayImage, ImageBuffer, ImageReader, Limits, RgbImage};

use super::error::DataError;
use super::files::FileError;

/// What one picture may take in memory while it is decoded: a header can announce anything.
const MOST_BYTES: u64 = 1 << 28;

/// A grey (one channel) or RGB (three channels) picture of any size, one byte a value, from 0
/// (black) to 255.
///
/// Values lie channel by channel, row by row, as in a tensor.
///
/// # Example
/// ```
/// use shapeproof::data::Picture;
///
/// let picture = Picture::new(3, 1, 2, vec![255, 0, 0, 255, 0, 0]).unwrap();
/// assert_eq!(picture.pixel(0, 1), [0, 255, 0]);
/// assert_eq!(picture.to_grey().values(), [76, 150]);
///
/// let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("red-green.png");
/// picture.save(&path).unwrap();
/// assert_eq!(Picture::read(&path).unwrap(), picture);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    channels: usize,
    height: usize,
    width: usize,
    values: Vec<u8>,
}

impl Picture {
    /// A picture of these values, channel by channel, row by row.
    ///
    /// # Errors
    /// When there are neither one nor three channels, no pixel, or not as many values as the sizes
    /// ask for.
    pub fn new(
        channels: usize,
        height: usize,
        width: usize,
        values: Vec<u8>,
    ) -> Result<Self, DataError> {
        let expected = channels as u128 * height as u128 * width as u128;
        if ![1, 3].contains(&channels) || expected == 0 || expected != values.len() as u128 {
            return Err(DataError::PictureSize {
                channels,
                height,
                width,
                found: values.len(),
            });
        }
        Ok(Picture {
            channels,
            height,
            width,
            values,
        })
    }

    /// An RGB picture of one colour.
    ///
    /// # Panics
    /// When one of the sizes is 0.
    pub fn filled(height: usize, width: usize, [red, green, blue]: [u8; 3]) -> Self {
        assert!(
            height > 0 && width > 0,
            "a picture of {height}×{width} has no pixel"
        );
        let plane = height * width;
        let values = [vec![red; plane], vec![green; plane], vec![blue; plane]].concat();
        Picture {
            channels: 3,
            height,
            width,
            values,
        }
    }

    /// Reads a PNG or JPEG file, known by its bytes whatever its name says. Transparency is left
    /// out, and 16 bits become 8.
    ///
    /// # Errors
    /// When the file cannot be read or is neither, is damaged, or would take more than 256 MiB.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|reason| DataError::Read {
            path: path.into(),
            reason,
        })?;
        Self::decode(&bytes, path)
    }

    /// A PNG or JPEG file that is in memory; `name` is what an error calls it.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn decode(bytes: &[u8], name: impl AsRef<Path>) -> Result<Self, DataError> {
        let failed = |reason: String| FileError::Picture {
            path: name.as_ref().into(),
            reason,
        };
        let mut reader = ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .map_err(|e| failed(e.to_string()))?;
        let mut limits = Limits::default();
        limits.max_alloc = Some(MOST_BYTES);
        reader.limits(limits);
        let image = reader.decode().map_err(|e| failed(e.to_string()))?;
        if image.width() == 0 || image.height() == 0 {
            return Err(failed("it has no pixel".into()).into());
        }
        Ok(if image.color().has_color() {
            Self::from_rgb(&image.into_rgb8())
        } else {
            Self::from_grey(image.into_luma8())
        })
    }

    fn from_grey(image: GrayImage) -> Self {
        Picture {
            channels: 1,
            height: image.height() as usize,
            width: image.width() as usize,
            values: image.into_raw(),
        }
    }

    fn from_rgb(image: &RgbImage) -> Self {
        let channel = |c: usize| image.as_raw().iter().skip(c).step_by(3).copied();
        Picture {
            channels: 3,
            height: image.height() as usize,
            width: image.width() as usize,
            values: (0..3).flat_map(channel).collect(),
        }
    }

    fn to_image(&self) -> DynamicImage {
        let (height, width) = (self.height as u32, self.width as u32);
        let fits = "a picture has as many values as its sizes ask for";
        if self.channels == 1 {
            let image = ImageBuffer::from_raw(width, height, self.values.clone());
            return DynamicImage::ImageLuma8(image.expect(fits));
        }
        let plane = self.height * self.width;
        let pixels = (0..plane).flat_map(|i| (0..3).map(move |c| self.values[c * plane + i]));
        let image = ImageBuffer::from_raw(width, height, pixels.collect());
        DynamicImage::ImageRgb8(image.expect(fits))
    }

    /// Writes the picture as a PNG file, whatever its name says.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), DataError> {
        let path = path.as_ref();
        self.to_image()
            .save_with_format(path, image::ImageFormat::Png)
            .map_err(|e| {
                DataError::from(FileError::Write {
                    path: path.into(),
                    reason: e.to_string(),
                })
            })
    }

    /// 1 for grey, 3 for RGB.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Rows of pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns of pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All values, channel by channel, row by row.
    pub fn values(&self) -> &[u8] {
        &self.values
    }

    /// The values, channel by channel, row by row.
    pub fn into_values(self) -> Vec<u8> {
        self.values
    }

    /// Red, green and blue of one pixel; all the same in a grey picture.
    ///
    /// # Panics
    /// When the pixel is outside of the picture.
    pub fn pixel(&self, row: usize, column: usize) -> [u8; 3] {
        let at = self.place(row, column);
        let plane = self.height * self.width;
        std::array::from_fn(|c| self.values[c.min(self.channels - 1) * plane + at])
    }

    /// Paints one pixel; a grey picture takes its grey value ([`to_grey`](Self::to_grey)). A pixel
    /// outside of the picture is left out.
    pub fn paint(&mut self, row: usize, column: usize, colour: [u8; 3]) {
        if row >= self.height || column >= self.width {
            return;
        }
        let at = self.place(row, column);
        let plane = self.height * self.width;
        if self.channels == 1 {
            self.values[at] = grey(colour);
        } else {
            for (c, value) in colour.into_iter().enumerate() {
                self.values[c * plane + at] = value;
            }
        }
    }

    fn place(&self, row: usize, column: usize) -> usize {
        assert!(
            row < self.height && column < self.width,
            "row {row}, column {column} of a picture of {}×{}",
            self.height,
            self.width
        );
        row * self.width + column
    }

    /// In shades of grey.
    ///
    /// `0.299·red + 0.587·green + 0.114·blue`
    ///
    /// # Same as
    /// `PIL.Image.convert("L")`, `torchvision.transforms.Grayscale()`
    pub fn to_grey(&self) -> Self {
        if self.channels == 1 {
            return self.clone();
        }
        let (red, rest) = self.values.split_at(self.height * self.width);
        let (green, blue) = rest.split_at(self.height * self.width);
        let pixels = red.iter().zip(green).zip(blue);
        Picture {
            channels: 1,
            height: self.height,
            width: self.width,
            values: pixels.map(|((r, g), b)| grey([*r, *g, *b])).collect(),
        }
    }

    /// With three channels, which are the same where the picture is grey.
    pub fn to_rgb(&self) -> Self {
        if self.channels == 3 {
            return self.clone();
        }
        Picture {
            channels: 3,
            height: self.height,
            width: self.width,
            values: self.values.repeat(3),
        }
    }

    /// The part of `height`×`width` whose first pixel is at this row and column.
    ///
    /// # Panics
    /// When it has no pixel, or reaches beyond the picture.
    pub fn cropped(&self, (top, left): (usize, usize), (height, width): (usize, usize)) -> Self {
        let inside = |first: usize, size: usize, whole: usize| {
            size > 0 && first.checked_add(size).is_some_and(|end| end <= whole)
        };
        assert!(
            inside(top, height, self.height) && inside(left, width, self.width),
            "{height}×{width} from row {top}, column {left} of a picture of {}×{}",
            self.height,
            self.width
        );
        let lines = self.values.chunks_exact(self.width).enumerate();
        let lines = lines.filter(|(line, _)| (top..top + height).contains(&(line % self.height)));
        Picture {
            channels: self.channels,
            height,
            width,
            values: lines
                .flat_map(|(_, line)| &line[left..left + width])
                .copied()
                .collect(),
        }
    }

    /// Mirrored left to right.
    ///
    /// # Same as
    /// `torchvision.transforms.functional.hflip`
    pub fn hflip(&self) -> Self {
        let mut flipped = self.clone();
        let lines = flipped.values.chunks_exact_mut(self.width);
        lines.for_each(<[u8]>::reverse);
        flipped
    }

    /// Mirrored top to bottom.
    ///
    /// # Same as
    /// `torchvision.transforms.functional.vflip`
    pub fn vflip(&self) -> Self {
        let mut flipped = self.hflip();
        let planes = flipped.values.chunks_exact_mut(self.height * self.width);
        planes.for_each(<[u8]>::reverse);
        flipped
    }

    /// In another size; each pixel is a weighted mean of those around it (of as many as fall into
    /// it where the picture shrinks).
    ///
    /// # Panics
    /// When one of the sizes is 0.
    ///
    /// # Same as
    /// `torchvision.transforms.Resize((height, width))` with `antialias=True`, but for rounding
    pub fn resized(&self, height: usize, width: usize) -> Self {
        assert!(
            height > 0 && width > 0,
            "a picture of {height}×{width} has no pixel"
        );
        if (height, width) == (self.height, self.width) {
            return self.clone();
        }
        let (h, w) = (height as u32, width as u32);
        let filter = imageops::FilterType::Triangle;
        match self.to_image() {
            DynamicImage::ImageLuma8(image) => {
                Self::from_grey(imageops::resize(&image, w, h, filter))
            }
            image => Self::from_rgb(&imageops::resize(&image.into_rgb8(), w, h, filter)),
        }
    }

    /// In another size, where every pixel is one of the old ones: for masks, and to look at single
    /// pixels.
    ///
    /// # Panics
    /// When one of the sizes is 0.
    pub fn resized_nearest(&self, height: usize, width: usize) -> Self {
        assert!(
            height > 0 && width > 0,
            "a picture of {height}×{width} has no pixel"
        );
        // The old pixel that the middle of the new one lies in, in whole numbers.
        let old = |new: usize, size: usize, old: usize| (2 * new + 1) * old / (2 * size);
        let plane = self.height * self.width;
        let mut values = Vec::with_capacity(self.channels * height * width);
        for channel in self.values.chunks_exact(plane) {
            for y in 0..height {
                let row = old(y, height, self.height) * self.width;
                values.extend((0..width).map(|x| channel[row + old(x, width, self.width)]));
            }
        }
        Picture {
            channels: self.channels,
            height,
            width,
            values,
        }
    }
}

fn grey([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    ((sum + 500) / 1000) as u8
}

/// The sizes, not the values.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture")
            .field("channels", &self.channels)
            .field("height", &self.height)
            .field("width", &self.width)
            .finish()
    }
}
