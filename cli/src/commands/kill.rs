//! `zizhi kill`: the one control that stops every executor.
//!
//! It is a file in the data folder, which works without a network, and a message on the bus, which reaches every process.

use super::approve::{Place, publish};
use super::{FOUND, json_line, pick};
use crate::args::guard::{KillCommand, PlaceArgs, SwitchArgs};
use crate::fail::Failure;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zizhi_agents::brake::{read_file, write_file};
use zizhi_types::text::Language;
use zizhi_types::wire::{self, BreakerOrder, KillOrder};

/// The file in a data folder.
pub fn file(data: &Path) -> PathBuf {
    data.join("kill.json")
}

/// Runs a kill command.
pub fn run(command: KillCommand, lang: Language) -> Result<ExitCode, Failure> {
    match command {
        KillCommand::On(args) => switch(args, true, lang),
        KillCommand::Off(args) => switch(args, false, lang),
        KillCommand::Status(args) => status(args, lang),
        KillCommand::CloseBreaker { playbook, args } => close_breaker(playbook, args, lang),
    }
}

fn find(place: &PlaceArgs) -> Result<Place, Failure> {
    Place::find(
        place.config.as_deref(),
        place.bus.as_ref(),
        place.data.as_ref(),
    )
}

/// The file first: it works when nothing else does.
fn switch(args: SwitchArgs, on: bool, lang: Language) -> Result<ExitCode, Failure> {
    let place = find(&args.place)?;
    let (by, reason) = (args.by, args.reason);
    let order = KillOrder { on, by, reason };
    let file = file(&place.data);
    write_file(&file, &order)?;
    let on_bus = place.bus.is_some();
    if let Some(bus) = place.bus {
        publish(bus, wire::KILL_SWITCH, &order)?;
    }
    if args.place.json {
        json_line(&serde_json::json!({ "order": order, "file": file, "bus": on_bus }))?;
    } else {
        let said = if on {
            pick(lang, "the kill switch is on", "紧急停止已启用")
        } else {
            pick(lang, "the kill switch is off", "紧急停止已解除")
        };
        println!("{said}: {}", file.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn status(args: PlaceArgs, lang: Language) -> Result<ExitCode, Failure> {
    let file = file(&find(&args)?.data);
    let order = read_file(&file).filter(|o| o.on);
    if args.json {
        json_line(&serde_json::json!({ "on": order.is_some(), "order": order, "file": file }))?;
    } else {
        match &order {
            Some(order) => {
                let on = pick(lang, "on", "已启用");
                println!("{on}: {} ({})", order.reason, order.by);
            }
            None => println!("{}", pick(lang, "off", "未启用")),
        }
    }
    Ok(if order.is_some() {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

fn close_breaker(playbook: String, args: SwitchArgs, lang: Language) -> Result<ExitCode, Failure> {
    let Some(bus) = find(&args.place)?.bus else {
        return Err(
            "a running swarm is reached over its bus: name it with --bus URL, or with --config and [bus]".into(),
        );
    };
    let order = BreakerOrder {
        playbook,
        by: args.by,
        reason: args.reason,
    };
    publish(bus, wire::BREAKER, &order)?;
    if args.place.json {
        json_line(&order)?;
    } else {
        let said = pick(lang, "breaker closed", "熔断已复位");
        println!("{said}: {}", order.playbook);
    }
    Ok(ExitCode::SUCCESS)
}
