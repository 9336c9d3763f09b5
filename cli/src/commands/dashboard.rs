//! `zizhi dashboard`: a journal's incidents in the browser, live.

use super::pick;
use crate::args::DashboardArgs;
use crate::fail::Failure;
use crate::journals;
use std::process::ExitCode;
use zizhi_dashboard::{Source, serve};
use zizhi_types::text::Language;

/// Serves until Ctrl-C.
pub fn run(args: DashboardArgs, lang: Language) -> Result<ExitCode, Failure> {
    let path = journals::existing(args.journal)?;
    let source = Source::new(&path);
    // A journal that cannot be read is refused here, not on the first page.
    source.look()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind(args.listen)
            .await
            .map_err(|e| {
                format!(
                    "cannot listen on {}: {e}; choose another address with --listen",
                    args.listen
                )
            })?;
        let address = listener.local_addr()?;
        let text = pick(
            lang,
            "open in a browser, Ctrl-C stops",
            "请用浏览器打开，按 Ctrl-C 停止",
        );
        eprintln!("http://{address}/  ({text}; {})", path.display());
        let stop = async {
            // Without a signal to wait for there is nothing to stop by; the process can still be ended.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        serve(listener, source, stop).await?;
        Ok(ExitCode::SUCCESS)
    })
}
