//! The files of suite `core`: every folder of `evaluation/scenarios`, in order of name.

pub(super) const FILES: &[(&str, &str)] = &[];
