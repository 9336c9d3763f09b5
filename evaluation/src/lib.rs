//! zizhi-evaluation
