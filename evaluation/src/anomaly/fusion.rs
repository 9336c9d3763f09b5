//! One surprise for a row, out of one for every channel.
//!
//! An event seldom shows in one channel alone and seldom in all. The mean over all drowns a single loud channel among
//! hundreds; the largest alone grows with the number of channels by chance. So the mean of the largest ⌈√k⌉ of k
//! surprises is taken (our choice; nothing in it was fitted to data).

/// The fused surprise; 0 if there is no channel. The order of `surprises` is changed.
pub fn fuse(surprises: &mut [f64]) -> f64 {
    let kept = kept(surprises.len());
    let Some(place) = kept.checked_sub(1) else {
        return 0.0;
    };
    let (larger, last, _) = surprises.select_nth_unstable_by(place, |a, b| b.total_cmp(a));
    // In order of size, so that the sum does not hang on how they were arranged.
    larger.sort_unstable_by(f64::total_cmp);
    (*last + larger.iter().sum::<f64>()) / kept as f64
}

/// How many of so many channels count.
fn kept(channels: usize) -> usize {
    (channels as f64).sqrt().ceil() as usize
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "equal means equal to the last digit")]
mod tests {
    use super::*;

    #[test]
    fn the_largest_root_of_all_channels_count() {
        assert_eq!(fuse(&mut []), 0.0);
        assert_eq!(fuse(&mut [3.0]), 3.0);
        assert_eq!(fuse(&mut [0.0, 8.0, 1.0, 4.0]), 6.0);
        assert_eq!(fuse(&mut [4.0, 1.0, 8.0, 0.0]), 6.0);
        let mut many = vec![0.0; 100];
        many[40] = 30.0;
        assert_eq!(fuse(&mut many), 3.0);
    }
}
