//! When has everything been handled, on all processes together?
//!
//! Each bus answers on one control subject with three numbers: messages published, deliveries handled, and what waits (queued,
//! in hand, unconfirmed, and pending at its consumers). Whoever settles asks until **two rounds in a row are equal and nothing waits in
//! either**. That is enough:
//!
//! - A process answers after it sent all that its `published` counts, on one connection, and the server handles a
//!   connection in order. So when the second round is asked, all that the first one counted has passed the server.
//! - Telemetry and the question come to a process on one connection, in order. Before it answers, each of its telemetry tasks is asked to
//!   forward all that came (a fence), so what passed the server before the question is counted as waiting or handled, or dropped.
//! - A lasting message is in the stream before its publisher counts it, and the server says how many of them each
//!   consumer has not yet handed over or has no ack for. It tells its consumers of a new message some microseconds after the
//!   publisher; the pause between rounds is thousands of times longer.
//! - A message published because of another one is published before that one's delivery is dropped, so while it is on its way
//!   either something waits or the counts of the rounds differ.
//!
//! What it does not see: a newcomer that has not answered yet, unless the configuration names it in `peers`, and who was silent for
//! as long as settling may take: that one is taken for lost.

use super::connect::ConnectError;
use super::shared::{Inbox, Shared, lock};
use super::subscribe::is_live;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Where all are asked.
const CONTROL: &str = "zizhi.v1.ctl.settled";

/// How long answers of one round are awaited, at most and after the last one. Our choice: answers take about a millisecond,
/// and some seconds on a machine that does ten times more than it can.
const ROUND: Duration = Duration::from_secs(10);
const QUIET: Duration = Duration::from_millis(250);

/// Between two rounds.
const PAUSE: Duration = Duration::from_millis(20);

/// How long `close` waits for its own deliveries to be handled. Our choice.
const CLOSE: Duration = Duration::from_secs(5);

/// What one process answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    published: u64,
    handled: u64,
    waiting: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    identity: String,
    epoch: u64,
    #[serde(flatten)]
    count: Count,
}

/// The answers of one round, by process.
type Round = BTreeMap<(String, u64), Count>;

/// Begins to answer others, and ourselves.
pub(super) async fn answer_others(shared: &Arc<Shared>) -> Result<(), ConnectError> {
    let refused = |why: String| ConnectError::SetUp {
        what: "settle",
        why,
    };
    let subscribed = shared.client.subscribe(CONTROL).await;
    let mut questions = subscribed.map_err(|e| refused(e.to_string()))?;
    if !is_live(shared).await {
        return Err(refused(shared.unavailable("no round trip").to_string()));
    }
    let task = {
        let shared = Arc::clone(shared);
        async move {
            loop {
                let question = tokio::select! {
                    () = shared.ended.cancelled() => return,
                    question = questions.next() => question,
                };
                let Some(question) = question else { return };
                answer(&shared, &question.payload).await;
            }
        }
    };
    shared.tasks.spawn(task);
    Ok(())
}

/// Answers under a subject of our own; the question says only its last token.
async fn answer(shared: &Shared, token: &[u8]) {
    let Some(token) = std::str::from_utf8(token).ok().filter(|t| is_token(t)) else {
        return;
    };
    let to = format!("zizhi.v1.{}.ctl.settled.{token}", shared.identity);
    let answer = Answer {
        identity: shared.identity.clone(),
        epoch: shared.epoch,
        count: count(shared).await,
    };
    let Ok(text) = serde_json::to_vec(&answer) else {
        return;
    };
    if let Err(error) = shared.client.publish(to, text.into()).await {
        tracing::debug!(%error, "a question about what waits was not answered");
    }
}

fn is_token(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// What this process has done and what waits in it.
async fn count(shared: &Shared) -> Count {
    let mut waiting = shared.in_line.waiting();
    for inbox in shared.inboxes() {
        forward_all(&inbox).await;
        waiting += inbox.gauge.waiting() + pending(shared, &inbox).await;
    }
    Count {
        published: shared.published.load(Ordering::Acquire),
        handled: shared.handled(),
        waiting,
    }
}

/// Until each telemetry task has forwarded what had come.
async fn forward_all(inbox: &Inbox) {
    let fences = lock(&inbox.fences).clone();
    for fence in fences {
        let (done, is_done) = oneshot::channel();
        // An error means that the task has ended: it forwards nothing more.
        if fence.send(done).await.is_ok() {
            let _ = is_done.await;
        }
    }
}

/// What the server has for the inbox; 1 where that is not known.
async fn pending(shared: &Shared, inbox: &Inbox) -> u64 {
    if !inbox.lasts {
        return 0;
    }
    let Some(consumer) = inbox.consumer.get() else {
        return 1;
    };
    match consumer.get_info().await {
        Ok(info) => info.num_pending + info.num_ack_pending as u64,
        Err(error) => {
            tracing::debug!(durable = inbox.durable, %error, "pending is unknown");
            let _ = shared;
            1
        }
    }
}

/// Waits until all processes have handled everything.
pub(super) async fn settle(shared: &Shared) {
    let limit = Duration::from_millis(shared.config.settle_ms);
    let (mut known, everybody) = recently_known(shared);
    let settled = timeout(limit, until_settled(shared, &mut known, everybody)).await;
    lock(&shared.lately).0 = known.answered;
    if settled.is_err() {
        let waited_ms = shared.config.settle_ms;
        tracing::warn!(
            waited_ms,
            "the bus has not settled: somebody is slow, gone or stuck"
        );
    }
}

/// Who is waited for.
#[derive(Debug, Default)]
struct Known {
    /// Whoever answered when the bus settled last, or since. Silence of one of them is no answer: on a busy machine it may
    /// take seconds. Who is silent for as long as settling may take is taken for lost, and waited for no more.
    all: BTreeSet<(String, u64)>,
    /// Whoever answered the last question.
    answered: BTreeSet<(String, u64)>,
}

impl Known {
    fn hear(&mut self, round: &Round) {
        self.answered = round.keys().cloned().collect();
        self.all.extend(self.answered.iter().cloned());
    }

    /// Whether all answered; who was started again answers for who was before.
    fn is_in(&self, round: &Round) -> bool {
        let answered = |(who, epoch): &(String, u64)| {
            let mut same = round.keys().filter(|(name, _)| name == who);
            same.any(|(_, newer)| newer >= epoch)
        };
        self.all.iter().all(answered)
    }
}

async fn until_settled(shared: &Shared, known: &mut Known, everybody: bool) {
    let mut before: Option<Round> = None;
    loop {
        let round = ask_all(shared, known, everybody).await;
        if let Some(round) = &round {
            known.hear(round);
        }
        let is_complete = round
            .as_ref()
            .is_some_and(|r| is_complete(r, &shared.config.peers) && known.is_in(r));
        let is_idle = |r: &Round| r.values().all(|c| c.waiting == 0);
        if is_complete && round == before && round.as_ref().is_some_and(is_idle) {
            return;
        }
        before = round;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Who answered the last time, and whether newcomers are waited for too; our choice, every twentieth time, so that one is
/// missed for a second or two at most. Otherwise a round is over once all who are known have answered.
fn recently_known(shared: &Shared) -> (Known, bool) {
    let mut lately = lock(&shared.lately);
    lately.1 += 1;
    let everybody = lately.0.is_empty() || lately.1 >= 20;
    if everybody {
        lately.1 = 0;
    }
    let known = Known {
        all: lately.0.clone(),
        answered: BTreeSet::new(),
    };
    (known, everybody)
}

/// Whether everybody who must answer did, and somebody at all.
fn is_complete(round: &Round, peers: &[String]) -> bool {
    let answered = |peer: &String| round.keys().any(|(who, _)| who == peer);
    !round.is_empty() && peers.iter().all(answered)
}

/// One round; `None` if it could not be asked.
async fn ask_all(shared: &Shared, known: &Known, everybody: bool) -> Option<Round> {
    let token = shared.new_token();
    let inbox = format!("zizhi.v1.*.ctl.settled.{token}");
    let mut answers = shared.client.subscribe(inbox).await.ok()?;
    shared.client.publish(CONTROL, token.into()).await.ok()?;
    let mut round = Round::new();
    let gather = async {
        loop {
            let enough = is_complete(&round, &shared.config.peers) && known.is_in(&round);
            if enough && !everybody {
                return;
            }
            match timeout(QUIET, answers.next()).await {
                Ok(Some(message)) => {
                    if let Ok(answer) = serde_json::from_slice::<Answer>(&message.payload) {
                        round.insert((answer.identity, answer.epoch), answer.count);
                    }
                }
                Ok(None) => return,
                Err(_) if enough => return,
                Err(_) => {}
            }
        }
    };
    let _ = timeout(ROUND, gather).await;
    Some(round)
}

/// Accepts nothing more, lets the subscribers take what is theirs, and ends.
pub(super) async fn close(shared: &Shared) {
    shared.closed.cancel();
    let drained = async {
        while shared.is_connected() && count(shared).await.waiting > 0 {
            tokio::time::sleep(PAUSE).await;
        }
    };
    let _ = timeout(CLOSE, drained).await;
    shared.ended.cancel();
    shared.tasks.close();
    // Tasks end at once, but a delivery in somebody's hands may outlast them.
    let _ = timeout(CLOSE, shared.tasks.wait()).await;
    // Acks and answers are still on their way out.
    if shared.is_connected() {
        let _ = timeout(CLOSE, shared.client.drain()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_without_a_named_peer_is_not_complete() {
        let count = Count {
            published: 0,
            handled: 0,
            waiting: 0,
        };
        let round = Round::from([(("transport".to_owned(), 1), count)]);
        assert!(is_complete(&round, &[]));
        assert!(is_complete(&round, &["transport".to_owned()]));
        assert!(!is_complete(&round, &["compute".to_owned()]));
        assert!(!is_complete(&Round::new(), &[]));
    }

    #[test]
    fn who_is_known_and_silent_is_waited_for_unless_started_again() {
        let who = |name: &str, epoch| (name.to_owned(), epoch);
        let mut known = Known::default();
        let round = |keys: &[(String, u64)]| -> Round {
            let count = Count {
                published: 0,
                handled: 0,
                waiting: 0,
            };
            keys.iter().map(|k| (k.clone(), count)).collect()
        };
        known.hear(&round(&[who("transport", 3), who("compute", 1)]));
        assert!(!known.is_in(&round(&[who("transport", 3)])));
        assert!(known.is_in(&round(&[who("transport", 4), who("compute", 1)])));
        // An older one's late answer is not that of the younger.
        assert!(!known.is_in(&round(&[who("transport", 2), who("compute", 1)])));
    }
}
