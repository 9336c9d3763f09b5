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
//! What it does not see: a process that does not answer, unless the configuration names it in `peers`.

use super::connect::ConnectError;
use super::shared::{Inbox, Shared, lock};
use super::subscribe::is_live;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Where all are asked.
const CONTROL: &str = "zizhi.v1.ctl.settled";

/// How long answers of one round are awaited, at most and after the last one. Our choice: answers take about a millisecond.
const ROUND: Duration = Duration::from_secs(2);
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
                if let Some(reply_to) = question.reply {
                    answer(&shared, reply_to).await;
                }
            }
        }
    };
    shared.tasks.spawn(task);
    Ok(())
}

async fn answer(shared: &Shared, to: async_nats::Subject) {
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
    if timeout(limit, until_settled(shared)).await.is_err() {
        let waited_ms = shared.config.settle_ms;
        tracing::warn!(
            waited_ms,
            "the bus has not settled: somebody is slow, gone or stuck"
        );
    }
}

async fn until_settled(shared: &Shared) {
    let mut before: Option<Round> = None;
    loop {
        let round = ask_all(shared, before.as_ref()).await;
        let is_complete = round
            .as_ref()
            .is_some_and(|r| is_complete(r, &shared.config.peers));
        let is_idle = |r: &Round| r.values().all(|c| c.waiting == 0);
        if is_complete && round == before && round.as_ref().is_some_and(is_idle) {
            return;
        }
        before = round;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether everybody who must answer did, and somebody at all.
fn is_complete(round: &Round, peers: &[String]) -> bool {
    let answered = |peer: &String| round.keys().any(|(who, _)| who == peer);
    !round.is_empty() && peers.iter().all(answered)
}

/// One round; `None` if it could not be asked.
async fn ask_all(shared: &Shared, before: Option<&Round>) -> Option<Round> {
    let inbox = shared.client.new_inbox();
    let mut answers = shared.client.subscribe(inbox.clone()).await.ok()?;
    let ask = shared
        .client
        .publish_with_reply(CONTROL, inbox, Vec::new().into());
    ask.await.ok()?;
    let mut round = Round::new();
    let gather = async {
        loop {
            let all_known = before.is_some_and(|b| b.keys().all(|k| round.contains_key(k)));
            if all_known && is_complete(&round, &shared.config.peers) {
                return;
            }
            match timeout(QUIET, answers.next()).await {
                Ok(Some(message)) => {
                    if let Ok(answer) = serde_json::from_slice::<Answer>(&message.payload) {
                        round.insert((answer.identity, answer.epoch), answer.count);
                    }
                }
                Ok(None) => return,
                Err(_) if is_complete(&round, &shared.config.peers) => return,
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
}
