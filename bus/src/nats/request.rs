//! How is a question asked and answered?

use super::event::name;
use super::route::asked;
use super::shared::{Shared, lock};
use super::subscribe::{is_live, lower};
use crate::bus::{BusError, Request, Service};
use crate::subject;
use async_nats::{HeaderMap, RequestErrorKind, Subscriber};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Questions that wait for one server; those beyond wait in the connection.
const REQUESTS_WAITING: usize = 64;

/// Asks; never longer than `timeout`.
pub(super) async fn request(
    shared: &Shared,
    source: &str,
    subject: &str,
    payload: Vec<u8>,
    timeout: Duration,
) -> Result<Vec<u8>, BusError> {
    if !subject::is_publishable(subject) {
        return Err(BusError::BadSubject(subject.to_owned()));
    }
    let mut headers = HeaderMap::new();
    headers.insert(name::SOURCE, source.replace(['\r', '\n'], " ").as_str());
    let question = async_nats::Request::new()
        .payload(payload.into())
        .headers(headers)
        // The wait below bounds it, also while there is no connection.
        .timeout(None);
    let exchange = shared.client.send_request(asked(subject), question);
    let answer = tokio::select! {
        biased;
        () = shared.closed.cancelled() => return Err(BusError::Closed),
        answer = tokio::time::timeout(timeout, exchange) => answer,
    };
    let no_answer = || BusError::NoAnswer {
        subject: subject.to_owned(),
        waited_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
    };
    let unserved = || BusError::Unserved(subject.to_owned());
    match answer {
        Err(_) => Err(no_answer()),
        Ok(Err(error)) => Err(match error.kind() {
            RequestErrorKind::NoResponders => unserved(),
            RequestErrorKind::TimedOut => no_answer(),
            _ => shared.unavailable(error),
        }),
        Ok(Ok(answer)) => {
            let is_unserved = |h: &HeaderMap| h.get(name::UNSERVED).is_some();
            if answer.headers.as_ref().is_some_and(is_unserved) {
                return Err(unserved());
            }
            Ok(answer.payload.into())
        }
    }
}

/// Serves; a later server of the same subject in this process takes over.
pub(super) async fn serve(shared: &Arc<Shared>, subject: &str) -> Result<Service, BusError> {
    if !subject::is_publishable(subject) {
        return Err(BusError::BadSubject(subject.to_owned()));
    }
    if shared.closed.is_cancelled() {
        return Err(BusError::Closed);
    }
    let subscriber = shared
        .client
        .subscribe(asked(subject))
        .await
        .map_err(|e| shared.unavailable(e))?;
    if !is_live(shared).await {
        return Err(shared.unavailable(format!("`{subject}` cannot be served")));
    }
    let (queue, receiver) = mpsc::channel(REQUESTS_WAITING);
    let stop = shared.ended.child_token();
    let before = lock(&shared.services).insert(subject.to_owned(), stop.clone());
    if let Some(before) = before {
        before.cancel();
    }
    let task = take_questions(
        Arc::clone(shared),
        subject.to_owned(),
        subscriber,
        queue,
        stop,
    );
    shared.tasks.spawn(task);
    Ok(Service { queue: receiver })
}

async fn take_questions(
    shared: Arc<Shared>,
    subject: String,
    mut subscriber: Subscriber,
    queue: mpsc::Sender<Request>,
    stop: CancellationToken,
) {
    loop {
        let message = tokio::select! {
            () = stop.cancelled() => break,
            () = queue.closed() => break,
            message = subscriber.next() => message,
        };
        let Some(message) = message else { break };
        let Some(reply_to) = message.reply else {
            continue;
        };
        let (reply, answer) = oneshot::channel();
        let headers = message.headers.as_ref().map(lower).unwrap_or_default();
        let request = Request {
            source: headers.get(name::SOURCE).cloned().unwrap_or_default(),
            subject: subject.clone(),
            payload: message.payload.into(),
            reply,
        };
        shared
            .tasks
            .spawn(send_answer(Arc::clone(&shared), reply_to, answer));
        let taken = tokio::select! {
            () = stop.cancelled() => false,
            taken = queue.send(request) => taken.is_ok(),
        };
        if !taken {
            break;
        }
    }
    // Whoever asks from now on hears from the server that nobody is there.
    let _ = subscriber.unsubscribe().await;
}

async fn send_answer(
    shared: Arc<Shared>,
    to: async_nats::Subject,
    answer: oneshot::Receiver<Vec<u8>>,
) {
    let answer = tokio::select! {
        () = shared.ended.cancelled() => return,
        answer = answer => answer,
    };
    let sent = if let Ok(answer) = answer {
        shared.client.publish(to, answer.into()).await
    } else {
        // The server let it fall.
        let mut headers = HeaderMap::new();
        headers.insert(name::UNSERVED, "1");
        shared
            .client
            .publish_with_headers(to, headers, Vec::new().into())
            .await
    };
    if let Err(error) = sent {
        tracing::warn!(%error, "an answer was not sent");
    }
}
