//! `zizhi dashboard`: a journal's incidents in the browser, live; with a bus, also what a person orders.

use super::approve::{OPERATOR, Place};
use super::score::page::PageScorer;
use super::{console, pick, user};
use crate::args::DashboardArgs;
use crate::args::accounts::DashboardCommand;
use crate::fail::Failure;
use crate::journals;
use std::process::ExitCode;
use std::sync::Arc;
use zizhi_bus::clock::wall;
use zizhi_bus::nats::NatsBus;
use zizhi_dashboard::{Access, BusDesk, Door, Folder, House, Source, serve};
use zizhi_evaluation::sandbox::network;
use zizhi_types::text::Language;

/// Who may come in: whoever has an account; without accounts, whoever is on this machine. Every address that would be open
/// to others, or that would send passwords in the clear, is refused.
fn access(args: &DashboardArgs, place: &Place) -> Result<Access, Failure> {
    let settings = args.config.is_some().then(|| place.data.clone());
    let folder = args.accounts.clone().or(settings).map(Folder::new);
    let accounts = folder.as_ref().map(Folder::read).transpose()?;
    let there = accounts.is_some_and(|all| !all.all().is_empty());
    let far = !args.listen.ip().is_loopback();
    let first = "add one with `zizhi dashboard user add NAME --role admin --accounts DIR` and name the folder with --accounts";
    match (folder.filter(|_| there), &args.behind_tls_proxy) {
        (None, Some(_)) => Err(format!("behind a proxy there must be accounts: {first}").into()),
        (None, None) if far => Err(format!(
            "{} is reached from other machines, and there are no accounts: listen on 127.0.0.1, or {first}",
            args.listen
        )
        .into()),
        (None, None) => Ok(Access::default()),
        (Some(_), None) if far => Err(format!(
            "{} is reached from other machines, and passwords would go there in the clear: listen on 127.0.0.1, or put a proxy that ends TLS before it and name its host with --behind-tls-proxy HOST",
            args.listen
        )
        .into()),
        (Some(folder), host) => Ok(Access::Accounts {
            door: Arc::new(Door::new(folder, Arc::new(wall))?),
            host: host.clone(),
        }),
    }
}

/// Serves until Ctrl-C, or sees to the accounts.
pub fn run(mut args: DashboardArgs, lang: Language) -> Result<ExitCode, Failure> {
    if let Some(DashboardCommand::User(command)) = args.command.take() {
        return user::run(command, lang);
    }
    let place = Place::find(args.config.as_deref(), args.bus.as_ref(), None)?;
    let access = access(&args, &place)?;
    let named = args
        .journal
        .or_else(|| args.config.is_some().then(|| place.data.clone()));
    let path = journals::existing(named)?;
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
        let mut house = House::new(source)
            .with_access(access)
            .with_scorer(Arc::new(PageScorer));
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
