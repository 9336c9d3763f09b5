//! Samples of many series, as their publisher would send them.
//!
//! A collector asks one device after the other, so the samples of a device come together and devices come in any order
//! ([`Feed::round`]). That no two neighbouring samples are of one device happens to nobody; it is measured too, as the worst
//! that can be ([`Feed::scattered`]).

use zizhi_bus::batch::Encoder;
use zizhi_types::NetTime;

/// Series of one device.
const DEVICE: u32 = 160;

/// Rounds after which every series is judged.
pub const WARM: usize = 18;

/// One publisher with all its series.
pub struct Feed {
    encoder: Encoder,
    series: u32,
    noise: u64,
    rounds: u64,
}

impl Feed {
    pub fn new(series: u32) -> Self {
        let mut encoder = Encoder::new("bench", 1).unwrap();
        for n in 0..series {
            // As long as names are: a port of a router, one of sixteen quantities.
            let object = format!("port/R{}:R{}-R{}", n / DEVICE, n / DEVICE, n / 16);
            let metric = format!("port.quantity_{}", n % 16);
            assert_eq!(encoder.intern(&object, &metric, "Mbit/s").unwrap(), n);
        }
        Self {
            encoder,
            series,
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

    /// One sample of every series, device by device in a new random order; one in a hundred thousand is far off.
    pub fn round(&mut self) -> Vec<Vec<u8>> {
        let mut devices: Vec<u32> = (0..self.series.div_ceil(DEVICE)).collect();
        self.shuffle(&mut devices);
        let series = self.series;
        let all = |d: u32| d * DEVICE..series.min((d + 1) * DEVICE);
        self.send(&devices.into_iter().flat_map(all).collect::<Vec<u32>>())
    }

    /// The same with every series in a random place.
    pub fn scattered(&mut self) -> Vec<Vec<u8>> {
        let mut order: Vec<u32> = (0..self.series).collect();
        self.shuffle(&mut order);
        self.send(&order)
    }

    fn shuffle(&mut self, order: &mut [u32]) {
        for last in (1..order.len()).rev() {
            let other = (self.random() % (last as u64 + 1)) as usize;
            order.swap(last, other);
        }
    }

    fn send(&mut self, order: &[u32]) -> Vec<Vec<u8>> {
        self.rounds += 1;
        let at = NetTime(self.rounds * 10_000);
        let mut messages = vec![];
        for &id in order {
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
