//! zizhi-dashboard
