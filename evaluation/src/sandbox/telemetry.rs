//! What the network's own meters say about an interval: the true readings with measurement noise, per source.
//!
//! States, settings and counts are exact; quantities carry about one per cent of noise. A router that is down says
//! nothing; one that is muted forwards and says nothing.

use super::readings::{Reading, Source};
use super::world::World;
use rand::Rng;
use rand_distr::StandardNormal;
use zizhi_types::metric::Nature;
use zizhi_types::wire::{Sample, TelemetryBatch};
use zizhi_types::{ManagedObject, Metric};

impl World {
    /// The batches of an interval that ended now, in order of source.
    pub(crate) fn telemetry(&mut self, readings: &[Reading]) -> Vec<TelemetryBatch> {
        let mut batches: Vec<TelemetryBatch> = vec![];
        let mut last = None;
        for reading in readings {
            let value = self.blur(reading);
            if self.is_silent(reading.source) {
                continue;
            }
            let Some(value) = self.told(reading, value) else {
                continue;
            };
            if last != Some(reading.source) {
                last = Some(reading.source);
                let source = self.source_name(reading.source).clone();
                batches.push(TelemetryBatch {
                    source,
                    at: self.now(),
                    samples: vec![],
                });
            }
            let sample = Sample {
                object: reading.object.clone(),
                metric: reading.metric,
                value,
            };
            if let Some(batch) = batches.last_mut() {
                batch.samples.push(sample);
            }
        }
        batches
    }

    fn is_silent(&self, source: Source) -> bool {
        match source {
            Source::Router(r) => !self.routers[r].up || self.now_us < self.routers[r].mute_until_us,
            Source::Site(_) | Source::Gateway(_) | Source::Cell(_) => false,
        }
    }

    fn source_name(&self, source: Source) -> &ManagedObject {
        match source {
            Source::Router(r) => &self.layout.routers[r],
            Source::Site(s) => &self.layout.sites[s].object,
            Source::Gateway(g) => &self.layout.gateways[g].object,
            Source::Cell(c) => &self.layout.cells[c].object,
        }
    }

    /// Every meter has its own constant error of up to 0.4 %.
    fn bias(&self, object: &ManagedObject) -> f64 {
        let name = object.name().bytes();
        let hash = name.fold(self.salt, |h, b| super::routing::mix(h ^ u64::from(b)));
        1.0 + 0.008 * ((hash >> 40) as f64 / 16_777_216.0 - 0.5)
    }

    /// One draw per reading, whatever its metric, so that silence does not shift others' noise.
    fn blur(&mut self, reading: &Reading) -> f64 {
        let draw: f64 = self.rng.observe.sample(StandardNormal);
        let value = reading.value;
        match reading.metric {
            m if matches!(m.nature(), Nature::State | Nature::Setting) => value,
            Metric::RouterUptime
            | Metric::PortFlaps
            | Metric::PortDiscard
            | Metric::PathLoss
            | Metric::InstanceRate
            | Metric::InstanceRejected
            | Metric::GatewayPolicyAge
            | Metric::GroupRate
            | Metric::GroupSuccess
            | Metric::SteerShare
            | Metric::CellFailure => value,
            // Every fibre damages a packet in a million now and then.
            Metric::PortError => (value + 1e-6 * draw.abs()).min(1.0),
            Metric::InstanceSteal => (value + 0.004 * draw).clamp(0.0, 1.0),
            Metric::CellUsers => (value * (1.0 + 0.01 * draw)).max(0.0).round(),
            Metric::SiteUtilization | Metric::InstanceUtilization | Metric::CellUtilization => {
                (value * (1.0 + 0.008 * draw)).clamp(0.0, 1.0)
            }
            _ => (value * self.bias(&reading.object) * (1.0 + 0.008 * draw)).max(0.0),
        }
    }
}
