//! zizhi-twin-link
