//! Stories about leases. Times are a second and more: machines are slow and shared, and a lease must outlast a pause.

use crate::place::{PATIENCE, Place};
use std::sync::Arc;
use std::time::Duration;
use zizhi_bus::{Holding, LeaseError, Leases, Term};

/// Longer than any test.
const LONG: Duration = Duration::from_mins(10);

/// Over soon.
const SHORT: Duration = Duration::from_millis(700);

fn held_by(name: &str, holder: &str) -> LeaseError {
    LeaseError::Held {
        name: name.to_owned(),
        holder: holder.to_owned(),
    }
}

/// Asks until it is given, as whoever stands by does.
async fn take_when_free(leases: &Arc<dyn Leases>, name: &str, holder: &str) -> Term {
    let trying = async {
        loop {
            match leases.take(name, holder, LONG).await {
                Ok(term) => return term,
                Err(LeaseError::Held { .. }) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, trying).await.unwrap()
}

pub async fn one_holder_at_a_time(place: &impl Place) {
    let (a, b) = (place.leases("a").await, place.leases("b").await);
    let term = a.take("agent.transport", "a", LONG).await.unwrap();
    assert_eq!(
        b.take("agent.transport", "b", LONG).await,
        Err(held_by("agent.transport", "a"))
    );
    assert_eq!(
        a.take("agent.transport", "a", LONG).await,
        Err(held_by("agent.transport", "a"))
    );
    let holding = Holding {
        holder: "a".to_owned(),
        term,
    };
    assert_eq!(b.holding("agent.transport").await, Ok(Some(holding)));
    assert_eq!(b.holding("agent.compute").await, Ok(None));
    b.take("agent.compute", "b", LONG).await.unwrap();
}

pub async fn terms_grow(place: &impl Place) {
    let leases = place.leases("a").await;
    let mut last = Term(0);
    for round in 0..5 {
        let term = leases.take("n", "a", LONG).await.unwrap();
        assert!(term > last, "round {round}: {term:?} after {last:?}");
        leases.renew("n", term).await.unwrap();
        leases.give_up("n", term).await.unwrap();
        last = term;
    }
}

pub async fn a_lease_that_is_not_renewed_is_lost(place: &impl Place) {
    let (a, b) = (place.leases("a").await, place.leases("b").await);
    let old = a.take("n", "a", SHORT).await.unwrap();
    let new = take_when_free(&b, "n", "b").await;
    assert!(new > old);
    assert_eq!(
        a.renew("n", old).await,
        Err(LeaseError::Lost("n".to_owned()))
    );
    assert_eq!(
        a.renew("n", old).await,
        Err(LeaseError::Lost("n".to_owned()))
    );
    let holding = a.holding("n").await.unwrap().unwrap();
    assert_eq!((holding.holder.as_str(), holding.term), ("b", new));
}

pub async fn a_renewed_lease_stays(place: &impl Place) {
    let (a, b) = (place.leases("a").await, place.leases("b").await);
    let ttl = Duration::from_secs(2);
    let term = a.take("n", "a", ttl).await.unwrap();
    let mut passed = Duration::ZERO;
    while passed < ttl * 2 {
        a.renew("n", term).await.unwrap();
        assert_eq!(b.take("n", "b", ttl).await, Err(held_by("n", "a")));
        let holding = b.holding("n").await.unwrap().unwrap();
        assert_eq!(holding.term, term);
        let step = Duration::from_millis(200);
        tokio::time::sleep(step).await;
        passed += step;
    }
}

pub async fn two_who_race_have_one_winner(place: &impl Place) {
    let (a, b) = (place.leases("a").await, place.leases("b").await);
    for round in 0..20 {
        let name = format!("n{round}");
        let (x, y) = tokio::join!(a.take(&name, "a", LONG), b.take(&name, "b", LONG));
        let winners = [&x, &y].iter().filter(|t| t.is_ok()).count();
        assert_eq!(winners, 1, "round {round}: {x:?}, {y:?}");
    }
}

pub async fn an_old_term_is_refused(place: &impl Place) {
    let leases = place.leases("a").await;
    let old = leases.take("n", "a", LONG).await.unwrap();
    leases.give_up("n", old).await.unwrap();
    let new = leases.take("n", "a", LONG).await.unwrap();
    let lost = LeaseError::Lost("n".to_owned());
    assert_eq!(leases.renew("n", old).await, Err(lost.clone()));
    // Without effect: it was lost.
    leases.give_up("n", old).await.unwrap();
    leases.renew("n", new).await.unwrap();
    assert_eq!(
        leases.renew("never", Term(1)).await,
        Err(LeaseError::Lost("never".to_owned()))
    );
}

pub async fn giving_up_lets_the_next_one_in_at_once(place: &impl Place) {
    let (a, b) = (place.leases("a").await, place.leases("b").await);
    let term = a.take("n", "a", LONG).await.unwrap();
    assert!(b.take("n", "b", LONG).await.is_err());
    a.give_up("n", term).await.unwrap();
    assert_eq!(b.holding("n").await, Ok(None));
    assert!(b.take("n", "b", LONG).await.unwrap() > term);
}
