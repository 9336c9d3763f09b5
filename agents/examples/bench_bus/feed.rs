//! Samples of many series in random order, as their publisher would send them.

use zizhi_bus::batch::Encoder;
use zizhi_types::NetTime;

/// Rounds after which every series is judged.
pub const WARM: usize = 18;

/// One publisher with all its series.
pub struct Feed {
    encoder: Encoder,
    order: Vec<u32>,
    noise: u64,
    rounds: u64,
}

impl Feed {
    pub fn new(series: u32) -> Self {
        let mut encoder = Encoder::new("bench", 1).unwrap();
        for n in 0..series {
            // As long as names are: a port of a router, one of sixteen quantities.
            let object = format!("port/R{}:R{}-R{}", n / 160, n / 160, n / 16);
            let metric = format!("port.quantity_{}", n % 16);
            assert_eq!(encoder.intern(&object, &metric, "Mbit/s").unwrap(), n);
        }
        Self {
            encoder,
            order: (0..series).collect(),
            noise: 0x5EED,
            rounds: 0,
        }
    }

    /// A generator of its own, so that every run sends the same (xorshift, G. Marsaglia 2003).
    fn random(&mut self) -> u64 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 7;
        self.noise ^= self.noise << 17;
        self.noise
    }

    /// One sample of every series, in a new random order; one in a hundred thousand is far off.
    pub fn round(&mut self) -> Vec<Vec<u8>> {
        self.rounds += 1;
        for last in (1..self.order.len()).rev() {
            let other = (self.random() % (last as u64 + 1)) as usize;
            self.order.swap(last, other);
        }
        let at = NetTime(self.rounds * 10_000);
        let mut messages = vec![];
        for n in 0..self.order.len() {
            let id = self.order[n];
            let random = self.random();
            let noise = (random >> 40) as f64 / f64::from(1 << 24);
            let far = if random.is_multiple_of(100_000) {
                500.0
            } else {
                0.0
            };
            messages.extend(
                self.encoder
                    .push(id, at, f64::from(id % 1000) + noise + far),
            );
        }
        messages.extend(self.encoder.flush());
        messages
    }
}
