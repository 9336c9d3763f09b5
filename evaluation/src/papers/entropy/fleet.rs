//! Which sites, how busy, and where do the users sit? The assumptions of the serving experiment; the paper gives only the
//! number of nodes.

use super::{TABLE_1, hourly_counts, of_counts};
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

/// Nodes of the paper's experiment.
pub const NODES: usize = 16;
/// Our choice: four regions of four nodes.
const PER_REGION: usize = 4;
/// Our choice: round trip in ms to the user's own node, within the region, and to another region.
pub const RTT_MS: [f64; 3] = [4.0, 12.0, 40.0];

/// What else a node does: the rows of table 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind(usize);

impl Kind {
    /// `A` inference, `B` training, `C` rendering and games, `D` idle.
    pub const fn name(self) -> &'static str {
        TABLE_1[self.0].0
    }

    /// Utilisation by other work in 24 hours, in percent: as many hours in each bin as table 1's shares give (rounded), each at
    /// the middle of its bin.
    fn day(self) -> Vec<f64> {
        let middles = [90.0, 70.0, 45.0, 15.0];
        let shares = TABLE_1[self.0].1;
        let hours = shares
            .iter()
            .zip(middles)
            .map(|(share, middle)| ((share * 24.0).round() as usize, middle));
        hours
            .flat_map(|(hours, middle)| std::iter::repeat_n(middle, hours))
            .collect()
    }
}

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// What else it does.
    pub kind: Kind,
    /// Requests it answers at the same time, besides its other work; at least 1.
    pub slots: usize,
    /// State entropy in bits, of its last 24 hours.
    pub entropy: f64,
    /// Region number.
    pub region: usize,
}

/// Where the users sit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Few sites have most users: shares fall as 1, 1/2, 1/3, ... (Zipf), over the sites in random order.
    Uneven,
    /// Every site has the same share.
    Even,
}

/// What the paper leaves open and bears on the result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Where the users sit.
    pub demand: Demand,
    /// Requests that an otherwise idle node answers at the same time, as a batch on one accelerator.
    pub batch: usize,
}

impl Setting {
    /// Our choice: uneven demand, because a network that joins regions is for regions that differ, and batches of 16.
    /// Chosen before any result was seen; the report shows what others do to it.
    pub const CANONICAL: Self = Self {
        demand: Demand::Uneven,
        batch: 16,
    };
}

/// The nodes and how demand is spread.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// The nodes.
    pub sites: Vec<Site>,
    /// Running sums of the shares of users at each site, ending at 1.
    cumulative: Vec<f64>,
}

impl Fleet {
    /// A fleet with each kind of table 1 once in every region; only the spread of users is drawn.
    pub fn new(setting: Setting, random: &mut ChaCha8Rng) -> Self {
        let sites: Vec<Site> = (0..NODES).map(|index| site(index, setting.batch)).collect();
        let mut weights: Vec<f64> = match setting.demand {
            Demand::Even => vec![1.0; NODES],
            Demand::Uneven => (1..=NODES).map(|rank| 1.0 / rank as f64).collect(),
        };
        shuffle(&mut weights, random);
        let total: f64 = weights.iter().sum();
        let running = weights.iter().scan(0.0, |sum, weight| {
            *sum += weight / total;
            Some(*sum)
        });
        let cumulative = running.collect();
        Self { sites, cumulative }
    }

    /// The site of one user.
    pub fn home(&self, random: &mut ChaCha8Rng) -> usize {
        let drawn: f64 = random.random();
        self.cumulative
            .partition_point(|sum| *sum < drawn)
            .min(self.sites.len() - 1)
    }

    /// Round trip in ms between a user at one site and a node at another.
    pub fn rtt_ms(&self, home: usize, node: usize) -> f64 {
        if home == node {
            RTT_MS[0]
        } else if self.sites[home].region == self.sites[node].region {
            RTT_MS[1]
        } else {
            RTT_MS[2]
        }
    }

    /// Requests that all nodes together answer at the same time.
    pub fn slots(&self) -> usize {
        self.sites.iter().map(|site| site.slots).sum()
    }
}

pub(super) fn site(index: usize, batch: usize) -> Site {
    let kind = Kind(index % PER_REGION);
    let day = kind.day();
    let busy = day.iter().sum::<f64>() / day.len().max(1) as f64 / 100.0;
    Site {
        kind,
        slots: ((1.0 - busy) * batch as f64).round().max(1.0) as usize,
        entropy: of_counts(&hourly_counts(&day)),
        region: index / PER_REGION,
    }
}

/// Every order equally likely (Fisher and Yates).
fn shuffle(values: &mut [f64], random: &mut ChaCha8Rng) {
    for last in (1..values.len()).rev() {
        values.swap(last, random.random_range(0..=last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn every_kind_leaves_room_by_what_else_it_does() {
        let fleet = Fleet::new(Setting::CANONICAL, &mut ChaCha8Rng::seed_from_u64(1));
        let slots: Vec<(&str, usize)> = fleet.sites[..4]
            .iter()
            .map(|s| (s.kind.name(), s.slots))
            .collect();
        assert_eq!(slots, [("A", 4), ("B", 2), ("C", 5), ("D", 14)]);
        assert_eq!(fleet.slots(), 100);
    }

    #[test]
    fn users_sit_where_demand_puts_them() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let share_of_busiest = |demand, random: &mut ChaCha8Rng| {
            let fleet = Fleet::new(Setting { demand, batch: 16 }, random);
            let mut counts = [0u32; NODES];
            (0..16_000).for_each(|_| counts[fleet.home(random)] += 1);
            f64::from(counts.into_iter().max().unwrap()) / 16_000.0
        };
        // 1 over the sum of 1/1..1/16 is 0.296.
        let uneven = share_of_busiest(Demand::Uneven, &mut random);
        assert!((uneven - 0.296).abs() < 0.015, "{uneven}");
        let even = share_of_busiest(Demand::Even, &mut random);
        assert!((even - 0.0625).abs() < 0.01, "{even}");
    }
}
