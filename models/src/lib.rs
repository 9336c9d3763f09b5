//! zizhi-models
