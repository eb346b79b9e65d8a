//! Where values lie: memory is shared by values that are never alive at the same time.

use std::ops::Range;

/// A run of steps that a few examples take together before the next few follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The steps.
    pub steps: Range<usize>,
    /// How many examples take them at once.
    pub chunk: usize,
}

/// When a value is alive, in steps, both ends included.
#[derive(Clone, Debug)]
pub struct Life {
    /// From the step that writes it to the last that reads it.
    pub steps: (usize, usize),
    /// Numbers of one example.
    pub len: usize,
    /// Whether it is needed from outside of its steps, or later again.
    pub kept: bool,
}

/// Where the value of one example lies, in numbers of one example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where all examples have room at once.
    Whole(usize),
    /// Where only those have room that take the segment together.
    Chunk(usize),
}

/// Places for the values of one part of a batch.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The place and the length of every value that has one.
    places: Vec<Option<(Place, usize)>>,
    /// The steps at which it needs its place.
    needed: Vec<(usize, usize)>,
    /// Numbers per example for values of which all examples have room.
    whole: usize,
    /// Numbers for the others.
    chunk: usize,
}

impl Layout {
    /// Finds a place for every life.
    ///
    /// A value that leaves its segment must have room for all examples, and is alive as long as
    /// its segments are, because each chunk takes all of their steps.
    pub fn new(lives: &[Option<Life>], segments: &[Segment]) -> Layout {
        let segment = |step: usize| {
            let found = segments.iter().position(|s| s.steps.contains(&step));
            found.unwrap_or(segments.len().saturating_sub(1))
        };
        let end = segments.last().map_or(0, |s| s.steps.end);
        let mut wholes = Vec::new();
        let mut chunks = vec![Vec::new(); segments.len()];
        for (value, life) in lives.iter().enumerate() {
            let Some(life) = life else { continue };
            let (first, last) = (segment(life.steps.0), segment(life.steps.1));
            if life.kept {
                wholes.push((value, (0, end), life.len));
            } else if first == last {
                chunks[first].push((value, life.steps, life.len));
            } else {
                let steps = (segments[first].steps.start, segments[last].steps.end - 1);
                wholes.push((value, steps, life.len));
            }
        }
        let mut needed = vec![(0, 0); lives.len()];
        for (value, steps, _) in wholes.iter().chain(chunks.iter().flatten()) {
            needed[*value] = *steps;
        }
        let mut places = vec![None; lives.len()];
        let mut fill = |lives: &[Alive], place: fn(usize) -> Place| {
            let (offsets, len) = pack(lives);
            for ((value, _, len), offset) in lives.iter().zip(offsets) {
                places[*value] = Some((place(offset), *len));
            }
            len
        };
        let whole = fill(&wholes, Place::Whole);
        let segments = segments.iter().zip(&chunks);
        let chunk = segments.map(|(segment, lives)| fill(lives, Place::Chunk) * segment.chunk);
        let chunk = chunk.max().unwrap_or(0);
        Layout {
            places,
            needed,
            whole,
            chunk,
        }
    }

    /// Numbers for a part of `images` examples.
    pub fn len(&self, images: usize) -> usize {
        self.whole * images + self.chunk
    }

    /// Whether the value has a place and needs it at `step`.
    pub fn needs(&self, value: usize, step: usize) -> bool {
        let (first, last) = self.needed[value];
        self.holds(value) && (first..=last).contains(&step)
    }

    /// How many examples of the value have room, when the part has `images` and its segment takes
    /// `chunk` at once.
    pub fn room(&self, value: usize, images: usize, chunk: usize) -> usize {
        match self.places[value] {
            Some((Place::Whole(_), _)) => images,
            Some((Place::Chunk(_), _)) => chunk,
            None => 0,
        }
    }

    /// Whether the value has a place.
    pub fn holds(&self, value: usize) -> bool {
        self.places[value].is_some()
    }

    /// Where `value` lies for the examples `chunk` of a part of `images`, when a segment takes
    /// `most` at once.
    pub fn range(
        &self,
        value: usize,
        images: usize,
        chunk: &Range<usize>,
        most: usize,
    ) -> Range<usize> {
        let (place, len) = self.places[value].expect("a value that is used has a place");
        let first = match place {
            Place::Whole(offset) => offset * images + chunk.start * len,
            Place::Chunk(offset) => self.whole * images + offset * most,
        };
        first..first + chunk.len() * len
    }
}

/// A value with the steps at which it is alive and its length.
type Alive = (usize, (usize, usize), usize);

/// An offset for each value, so that no two that are alive at the same step overlap; and how much
/// room that takes.
fn pack(lives: &[Alive]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..lives.len()).collect();
    // Large ones first: small ones fit into what they leave.
    order.sort_by_key(|nth| std::cmp::Reverse(lives[*nth].2));
    let mut offsets = vec![0; lives.len()];
    let mut placed: Vec<usize> = Vec::new();
    let mut room = 0;
    for nth in order {
        let (_, (first, last), len) = lives[nth];
        let mut taken: Vec<Range<usize>> = placed
            .iter()
            .filter(|other| {
                let (_, steps, _) = lives[**other];
                first <= steps.1 && steps.0 <= last
            })
            .map(|other| offsets[*other]..offsets[*other] + lives[*other].2)
            .collect();
        taken.sort_by_key(|range| range.start);
        let mut offset = 0;
        for range in taken {
            if range.start >= offset + len {
                break;
            }
            offset = offset.max(range.end);
        }
        offsets[nth] = offset;
        room = room.max(offset + len);
        placed.push(nth);
    }
    (offsets, room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(first: usize, last: usize, len: usize) -> Option<Life> {
        Some(Life {
            steps: (first, last),
            len,
            kept: false,
        })
    }

    #[test]
    fn values_of_a_chain_share_two_places() {
        let segments = [Segment {
            steps: 0..4,
            chunk: 3,
        }];
        let lives = [life(0, 1, 10), life(1, 2, 4), life(2, 3, 8), life(3, 3, 2)];
        let layout = Layout::new(&lives, &segments);
        assert_eq!(
            layout.len(7),
            3 * 14,
            "the first two at once, three examples"
        );
        let range = |value| layout.range(value, 7, &(3..6), 3);
        for step in 0..4 {
            let alive: Vec<usize> = (0..4)
                .filter(|v| {
                    lives[*v]
                        .as_ref()
                        .is_some_and(|l| (l.steps.0..=l.steps.1).contains(&step))
                })
                .collect();
            for a in &alive {
                for b in &alive {
                    let apart =
                        range(*a).end <= range(*b).start || range(*b).end <= range(*a).start;
                    assert!(a == b || apart, "{a} and {b} at step {step}");
                }
            }
        }
    }

    #[test]
    fn what_leaves_its_segment_has_room_for_all_examples() {
        let segments = [
            Segment {
                steps: 0..2,
                chunk: 2,
            },
            Segment {
                steps: 2..3,
                chunk: 5,
            },
        ];
        let lives = [life(0, 1, 10), life(1, 2, 4), None];
        let layout = Layout::new(&lives, &segments);
        assert_eq!(layout.len(5), 5 * 4 + 2 * 10);
        assert_eq!(layout.range(1, 5, &(2..4), 2), 8..16);
        assert_eq!(layout.range(0, 5, &(2..4), 2), 20..40);
        assert!(!layout.holds(2));
    }
}
