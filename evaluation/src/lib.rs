//! zizhi-evaluation

pub mod lab;
