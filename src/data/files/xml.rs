//! XML as a tree that is built and taken down without recursion, so that no file is too deep.

use std::path::Path;

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;
use quick_xml::Reader;

use super::FileError;

/// All elements of a file, each before those in it.
pub(super) struct Tree {
    elements: Vec<Element>,
}

struct Element {
    name: String,
    /// The text in it, without that of the elements in it.
    text: String,
    children: Vec<usize>,
}

/// An element of a [`Tree`].
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    tree: &'a Tree,
    index: usize,
}

impl Tree {
    /// Reads a document; attributes are left out.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, FileError> {
        let failed = |at: u64, reason: String| {
            let before = text.get(..at as usize).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            FileError::Xml {
                path: path.into(),
                line,
                reason,
            }
        };
        let mut reader = Reader::from_str(text);
        let mut elements: Vec<Element> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        loop {
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(error) => return Err(failed(reader.error_position(), error.to_string())),
            };
            let at = reader.buffer_position();
            let named = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
            let mut add = |name: String| {
                let index = elements.len();
                if let Some(parent) = open.last() {
                    elements[*parent].children.push(index);
                } else if index > 0 {
                    return Err(failed(at, format!("<{name}> is a second root")));
                }
                elements.push(Element {
                    name,
                    text: String::new(),
                    children: Vec::new(),
                });
                Ok(index)
            };
            let words = match event {
                Event::Start(start) => {
                    let index = add(named(start.name().as_ref()))?;
                    open.push(index);
                    continue;
                }
                Event::Empty(start) => {
                    add(named(start.name().as_ref()))?;
                    continue;
                }
                Event::End(_) => {
                    open.pop();
                    continue;
                }
                Event::Eof => break,
                Event::Text(text) => named(&text),
                Event::CData(text) => named(&text),
                Event::GeneralRef(entity) => match entity.resolve_char_ref() {
                    Ok(Some(c)) => c.to_string(),
                    _ => match resolve_xml_entity(&named(&entity)) {
                        Some(words) => words.to_owned(),
                        None => {
                            let name = named(&entity);
                            return Err(failed(at, format!("&{name}; stands for nothing")));
                        }
                    },
                },
                // A comment, a declaration, a document type: nothing to read.
                _ => continue,
            };
            match open.last() {
                Some(index) => elements[*index].text.push_str(&words),
                None if words.trim().is_empty() => {}
                None => return Err(failed(at, "there is text outside of the root".into())),
            }
        }
        let end = text.len() as u64;
        if let Some(index) = open.last() {
            let name = &elements[*index].name;
            return Err(failed(end, format!("<{name}> is not closed")));
        }
        if elements.is_empty() {
            return Err(failed(end, "there is no element".into()));
        }
        Ok(Tree { elements })
    }

    /// The element that holds all others.
    pub(super) fn root(&self) -> Node<'_> {
        Node {
            tree: self,
            index: 0,
        }
    }
}

impl<'a> Node<'a> {
    /// The elements of this name that are directly in it.
    pub(super) fn all(self, name: &'a str) -> impl Iterator<Item = Node<'a>> {
        let tree = self.tree;
        let children = tree.elements[self.index].children.iter();
        children
            .filter(move |index| tree.elements[**index].name == name)
            .map(move |index| Node {
                tree,
                index: *index,
            })
    }

    /// The text that is directly in it, without white space around.
    pub(super) fn text(self) -> &'a str {
        self.tree.elements[self.index].text.trim()
    }
}
