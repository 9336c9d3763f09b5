//! One batch over one connection: what did the collector say?

use super::encode::rejected;
use super::exporter::Place;
use super::pace::Sent;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long one sending may take from the connection to the end of the answer.
const WITHIN: Duration = Duration::from_secs(10);

/// Longest answer that is read, in bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// Sends a batch; never longer than 10 s.
pub(super) async fn send(place: &Place, body: Bytes) -> Sent {
    match tokio::time::timeout(WITHIN, exchange(place, body)).await {
        Ok(Ok(sent)) => sent,
        Ok(Err(why)) => Sent::Unreachable { why },
        Err(_) => Sent::Unreachable {
            why: format!("no answer within {} s", WITHIN.as_secs()),
        },
    }
}

async fn exchange(place: &Place, body: Bytes) -> Result<Sent, String> {
    let stream = TcpStream::connect(&place.authority)
        .await
        .map_err(|e| e.to_string())?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|e| e.to_string())?;
    let request = Request::post(&place.path)
        .header(HOST, &place.authority)
        .header(CONTENT_TYPE, "application/x-protobuf")
        .body(Full::new(body))
        .map_err(|e| e.to_string())?;
    let answer = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|e| e.to_string())?;
        read(response).await
    };
    tokio::pin!(answer, connection);
    // The connection is driven here, so that it ends with this call whatever happens.
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        ended = &mut connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(error.to_string()),
        },
    }
}

async fn read(response: Response<hyper::body::Incoming>) -> Result<Sent, String> {
    let status = response.status();
    if !status.is_success() {
        let retry_after = response.headers().get(RETRY_AFTER);
        return Ok(Sent::Answered {
            status: status.as_u16(),
            retry_after_s: retry_after.and_then(|v| v.to_str().ok()?.trim().parse().ok()),
        });
    }
    let body = Limited::new(response.into_body(), ANSWER_MAX)
        .collect()
        .await
        .map_err(|e| e.to_string())?;
    Ok(Sent::Taken {
        rejected: rejected(&body.to_bytes()),
    })
}
