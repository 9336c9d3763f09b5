//! How good is Zizhi? Simulated networks with faults and known truth, and what is measured on them.

pub mod anomaly;
pub mod autonomy;
pub mod baseline;
pub mod campaign;
pub mod lab;
pub mod papers;
pub mod rca;
pub mod replay;
pub mod report;
pub mod sandbox;
pub mod scenario;
pub mod trial;
