//! How are a link's cost, its rate and its carrier, and a router's daemons, changed and read back?
//!
//! In: a link's ports, or a router's place. Out: the calls and readings of FRR (`vtysh`), of Linux (`ip`, `tc`) and of a
//! service's keeper (`systemctl`). The words of FRR and of the kernel stand here once; the lab uses the same.

use super::compile::{Making, Refusal};
pub use super::schema::Protocol as Igp;
use super::schema::{Frr, Protocol, Service};
use super::script::{Call, Declares, Reading, Script, Take, Undo, Want, What};
use std::time::Duration;

/// The buffer of a shaped queue: what one burst may hold beyond the rate, and how long a packet may wait.
/// Both are our choice: 32 kB is one wake-up at 100 Mbit/s, 50 ms is a short router queue.
const SHAPE: [&str; 4] = ["burst", "32k", "latency", "50ms"];

/// How long a reset link stays down. When a port comes back within some 20 ms, the kernel has removed its routes but
/// zebra 8.4 never hears of it and does not send them again; from 500 ms on none was lost. Measured in the lab.
pub const RESET_PAUSE: Duration = Duration::from_secs(1);

/// The keeper of services where no other is named.
const KEEPER: &str = "systemctl";

/// Commands that give an interface its cost, below `configure terminal`.
pub fn cost_commands(protocol: Protocol, interface: &str, cost: u32) -> [String; 2] {
    let words = match protocol {
        Protocol::Ospf => "ip ospf cost",
        Protocol::Isis => "isis metric",
    };
    [format!("interface {interface}"), format!("{words} {cost}")]
}

/// The arguments of `tc` that shape an interface to a rate in Mbit/s.
pub fn shape(interface: &str, mbps: f64) -> Vec<String> {
    let rate = format!("{}bit", (mbps * 1e6).round());
    let head = [
        "qdisc", "replace", "dev", interface, "root", "tbf", "rate", &rate,
    ];
    head.iter().chain(&SHAPE).map(|w| (*w).to_owned()).collect()
}

/// A number in a block of a running configuration: the block's first line, then the words before the number.
pub fn setting(text: &str, block: &str, words: &str) -> Option<u32> {
    let lines = text.lines().skip_while(|line| line.trim_end() != block);
    lines
        .skip(1)
        .take_while(|line| line.starts_with(' '))
        .find_map(|line| {
            let number = line.trim().strip_prefix(words)?;
            number.split_whitespace().next()?.parse().ok()
        })
}

/// Sets the cost of both ends of a link.
pub(super) fn set_cost(making: &Making<'_>, frr: &Frr) -> Result<Script, Refusal> {
    // OSPF's costs have 16 bits (RFC 2328 A.4.2), IS-IS's wide metrics 24 (RFC 5305 section 3).
    let most = match frr.protocol {
        Protocol::Ospf => 65_535.0,
        Protocol::Isis => 16_777_215.0,
    };
    let cost = making.number("cost", 1.0..=most)?.round();
    let (mut readings, mut calls) = (vec![], vec![]);
    for end in making.ends()? {
        readings.push(Reading {
            label: format!("{}:{}", end.at, end.port),
            call: making.run(
                &end.at,
                vtysh(making, &end.at, &cost_question(frr, &end.port))?,
            )?,
            take: cost_place(frr.protocol, &end.port),
            want: Want::Number(cost),
        });
        let [interface, words] = cost_commands(frr.protocol, &end.port, cost as u32);
        let commands = ["configure terminal".to_owned(), interface, words];
        calls.push(making.run(&end.at, vtysh(making, &end.at, &commands)?)?);
    }
    Ok(making.script("frr", readings, calls, back("cost", true)))
}

fn cost_question(frr: &Frr, port: &str) -> Vec<String> {
    vec![match frr.protocol {
        Protocol::Ospf => format!("show ip ospf interface {port} json"),
        Protocol::Isis => "show running-config".to_owned(),
    }]
}

fn cost_place(protocol: Protocol, port: &str) -> Take {
    match protocol {
        Protocol::Ospf => Take::pointer(&format!("/interfaces/{}/cost", port.replace('/', "~1"))),
        // FRR leaves the default of 10 out of the text.
        Protocol::Isis => Take::Setting {
            block: format!("interface {port}"),
            words: "isis metric ".to_owned(),
            default: 10,
        },
    }
}

fn vtysh(making: &Making<'_>, at: &str, commands: &[String]) -> Result<Vec<String>, Refusal> {
    let mut argv = vec!["vtysh".to_owned()];
    if let Some(folder) = &making.target(at)?.vty_socket {
        argv.extend(["--vty_socket".to_owned(), folder.clone()]);
    }
    for command in commands {
        argv.extend(["-c".to_owned(), command.clone()]);
    }
    Ok(argv)
}

/// Sets the rate of both ends of a link.
pub(super) fn set_rate(making: &Making<'_>) -> Result<Script, Refusal> {
    let mbps = making.number("mbps", 0.1..=400_000.0)?;
    let (mut readings, mut calls) = (vec![], vec![]);
    for end in making.ends()? {
        let question = words(&["tc", "-j", "qdisc", "show", "dev", &end.port]);
        readings.push(Reading {
            label: format!("{}:{}", end.at, end.port),
            call: making.run(&end.at, question)?,
            take: Take::Rate,
            want: Want::Number(mbps),
        });
        let mut argv = vec!["tc".to_owned()];
        argv.extend(shape(&end.port, mbps));
        calls.push(making.run(&end.at, argv)?);
    }
    Ok(making.script("linux", readings, calls, back("mbps", false)))
}

/// Takes both ends of a link down and up again.
pub(super) fn reset(making: &Making<'_>) -> Result<Script, Refusal> {
    let ends = making.ends()?;
    let mut readings = vec![];
    for end in ends {
        let question = words(&["ip", "-j", "link", "show", "dev", &end.port]);
        readings.push(Reading {
            label: format!("{}:{}", end.at, end.port),
            call: making.run(&end.at, question)?,
            take: Take::pointer("/0/operstate"),
            want: Want::Text("UP".to_owned()),
        });
    }
    let all = |state: &str| -> Result<Vec<Call>, Refusal> {
        let one = |e: &super::schema::End| {
            making.run(&e.at, words(&["ip", "link", "set", "dev", &e.port, state]))
        };
        ends.iter().map(one).collect()
    };
    let mut calls = all("down")?;
    calls.push(Call {
        target: String::new(),
        timeout: RESET_PAUSE,
        what: What::Pause,
    });
    calls.extend(all("up")?);
    Ok(making.script("linux", readings, calls, Undo::Nothing))
}

/// Has a service's keeper start it afresh.
pub(super) fn restart(making: &Making<'_>, service: &Service) -> Result<Script, Refusal> {
    let at = making.place()?;
    let program = service.program.as_deref().unwrap_or(KEEPER);
    let unit = making.fill(&service.unit)?;
    let show = |property: &str| {
        let argv = words(&[
            program,
            "show",
            "--value",
            "--property",
            property,
            "--",
            &unit,
        ]);
        making.run(at, argv)
    };
    let reading = |label: &str, property: &str, want: Want| {
        Ok::<_, Refusal>(Reading {
            label: label.to_owned(),
            call: show(property)?,
            take: Take::Text,
            want,
        })
    };
    let readings = vec![
        reading("state", "ActiveState", Want::Text("active".to_owned()))?,
        reading("invocation", "InvocationID", Want::Changed)?,
    ];
    let calls = vec![making.run(at, words(&[program, "restart", "--", &unit]))?];
    let script = making.script("service", readings, calls, Undo::Nothing);
    Ok(Script {
        declares: Declares {
            idempotent: false,
            ..script.declares
        },
        ..script
    })
}

const fn back(param: &'static str, largest: bool) -> Undo {
    Undo::Back {
        param,
        label: None,
        largest,
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_written_in_whole_bits() {
        assert_eq!(
            shape("eth1", 5.0).join(" "),
            "qdisc replace dev eth1 root tbf rate 5000000bit burst 32k latency 50ms"
        );
    }

    #[test]
    fn a_setting_is_read_in_its_own_block_only() {
        let text = "interface to-c2\n ip router isis core\nexit\n!\ninterface to-c4\n isis metric 15\nexit\n";
        assert_eq!(setting(text, "interface to-c4", "isis metric "), Some(15));
        assert_eq!(setting(text, "interface to-c2", "isis metric "), None);
    }
}
