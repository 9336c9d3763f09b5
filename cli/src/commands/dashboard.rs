//! `zizhi dashboard`: a journal's incidents in the browser, live; with a bus, also what a person orders.

use super::approve::{OPERATOR, Place};
use super::{console, pick};
use crate::args::DashboardArgs;
use crate::fail::Failure;
use crate::journals;
use std::process::ExitCode;
use std::sync::Arc;
use zizhi_bus::clock::wall;
use zizhi_bus::nats::NatsBus;
use zizhi_dashboard::{BusDesk, House, Source, serve};
use zizhi_evaluation::sandbox::network;
use zizhi_types::text::Language;

/// Serves until Ctrl-C.
pub fn run(args: DashboardArgs, lang: Language) -> Result<ExitCode, Failure> {
    let place = Place::find(args.config.as_deref(), args.bus.as_ref(), None)?;
    let named = args
        .journal
        .or_else(|| args.config.is_some().then(|| place.data.clone()));
    let path = journals::existing(named)?;
    if place.bus.is_some() && !args.listen.ip().is_loopback() {
        return Err(format!(
            "{} is reached from other machines, and whoever reaches it could approve plans: listen on 127.0.0.1, or leave the bus out to show the journal only",
            args.listen
        )
        .into());
    }
    let network = args.network.as_deref().map(network::load).transpose()?;
    let source = Source::new(&path);
    // A journal that cannot be read is refused here, not on the first page.
    source.look()?;
    let listener = console::bind(args.listen)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let mut house = House::new(source);
        if let Some(network) = network {
            house = house.with_network(network);
        }
        if let Some(bus) = place.bus {
            let bus = NatsBus::connect(bus, OPERATOR).await?;
            house = house.with_desk(Arc::new(BusDesk::new(Arc::new(bus), wall)));
        }
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
        serve(listener, house, stop).await?;
        Ok(ExitCode::SUCCESS)
    })
}
