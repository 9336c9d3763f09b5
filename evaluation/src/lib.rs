//! How good is Zizhi? Simulated networks with faults and known truth, and what is measured on them.

pub mod autonomy;
pub mod campaign;
pub mod lab;
pub mod report;
pub mod sandbox;
pub mod scenario;
