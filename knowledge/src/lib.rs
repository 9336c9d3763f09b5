//! zizhi-knowledge
