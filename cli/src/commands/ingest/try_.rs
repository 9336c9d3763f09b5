//! `zizhi ingest try`: what arrives here, and what does it mean?

use crate::args::ingest::{OutputArg, TryArgs};
use crate::commands::{FOUND, json_line, pick};
use crate::fail::Failure;
use serde::Serialize;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::mpsc;
use zizhi_bus::ingest::config::{self, HttpInput, NatsInput, Protocol, SyslogInput};
use zizhi_bus::ingest::output::{Origin, Output, Unplaced};
use zizhi_bus::ingest::run::Heard;
use zizhi_bus::mapping::Mapper;
use zizhi_bus::{Ingest, IngestConfig, NatsConfig};
use zizhi_types::text::Language;

/// Messages whose rows wait to be printed.
const WAITING: usize = 64;

/// Widths of the columns, in characters; the last one takes what it needs.
const WIDTHS: [usize; 7] = [24, 16, 28, 28, 18, 8, 7];

/// What is listened to.
struct Plan {
    ingest: IngestConfig,
    server: NatsConfig,
    mapper: Mapper,
}

/// One thing that arrived.
#[derive(Debug, PartialEq, Serialize)]
struct Row {
    source: String,
    format: String,
    object: String,
    metric: String,
    value: String,
    unit: String,
    mapped: bool,
    why: String,
}

/// Listens and prints until there is enough.
pub fn run(args: TryArgs, lang: Language) -> Result<ExitCode, Failure> {
    let plan = plan(&args)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let rows = runtime.block_on(listen(plan, &args, lang))?;
    if rows > 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let text = pick(
        lang,
        "nothing arrived: is the sender running, and does it send to this address?",
        "没有收到任何数据：发送端是否在运行，地址是否正确？",
    );
    eprintln!("{text}");
    Ok(ExitCode::from(FOUND))
}

fn plan(args: &TryArgs) -> Result<Plan, Failure> {
    let text = match &args.config {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|e| format!("cannot read the configuration {}: {e}", path.display()))?,
        None => String::new(),
    };
    let mut ingest = IngestConfig::read(&text)?;
    let mut server = config::server(&text)?.unwrap_or_default();
    if let Some(url) = &args.bus {
        server.url = vec![url.clone()];
    }
    if let Some(listen) = args.http {
        let before = ingest.http.take().unwrap_or_default();
        ingest.http = Some(HttpInput { listen, ..before });
    }
    for protocol in [Protocol::Udp, Protocol::Tcp] {
        ingest.syslog.extend(args.syslog.map(|listen| SyslogInput {
            listen,
            protocol,
            allow_open: false,
            connections: 256,
        }));
    }
    ingest
        .nats
        .extend(args.subject.iter().map(|subject| NatsInput {
            subject: subject.clone(),
            format: args.format,
            stream: String::new(),
            durable: String::new(),
        }));
    if ingest.http.is_none() && ingest.syslog.is_empty() && ingest.nats.is_empty() {
        return Err("nothing to listen to: name --config, --http, --syslog or --subject".into());
    }
    let mapper = super::mapper(ingest.mappings.iter().chain(&args.mapping))?;
    Ok(Plan {
        ingest,
        server,
        mapper,
    })
}

/// Prints rows; gives how many there were.
async fn listen(plan: Plan, args: &TryArgs, lang: Language) -> Result<u32, Failure> {
    let (sink, mut heard) = mpsc::channel::<Heard>(WAITING);
    let ingest = Ingest::start(&plan.ingest, plan.mapper, sink).await?;
    ingest.tap(&plan.ingest.nats, &plan.server).await?;
    tell_addresses(&ingest, &plan.ingest, lang);
    let deadline = Duration::from_secs(args.seconds.unwrap_or(u64::from(u32::MAX)));
    let mut end = std::pin::pin!(tokio::time::sleep(deadline));
    let mut rows = 0;
    while rows < args.count {
        let message = tokio::select! {
            message = heard.recv() => message,
            () = end.as_mut() => None,
            _ = tokio::signal::ctrl_c() => None,
        };
        let Some(message) = message else { break };
        for output in message.outputs {
            if rows == args.count {
                break;
            }
            if rows == 0 && args.output == OutputArg::Table {
                println!("{}", headings(lang));
            }
            print(&row(&message.origin, output), args.output)?;
            rows += 1;
        }
    }
    // Nobody takes what still comes, so that stopping waits for nothing.
    drop(heard);
    for (source, counts) in ingest.stop().await {
        let (received, out) = (counts.received, counts.out);
        match lang {
            Language::En => eprintln!(
                "{}: {received} received, {out} usable, {} without a place, {} unreadable",
                shown(&source),
                counts.unplaced,
                counts.rejected
            ),
            Language::Zh => eprintln!(
                "{}：收到 {received}，可用 {out}，未映射 {}，无法解析 {}",
                shown(&source),
                counts.unplaced,
                counts.rejected
            ),
        }
    }
    Ok(rows)
}

fn tell_addresses(ingest: &Ingest, config: &IngestConfig, lang: Language) {
    let word = pick(lang, "listening", "正在监听");
    if let Some(http) = ingest.http {
        eprintln!("{word}: http://{http}");
    }
    for (address, input) in ingest.syslog.iter().zip(&config.syslog) {
        let protocol = match input.protocol {
            Protocol::Udp => "udp",
            Protocol::Tcp => "tcp",
        };
        eprintln!("{word}: syslog {protocol}://{address}");
    }
    for input in &config.nats {
        eprintln!("{word}: nats {}", input.subject);
    }
}

fn row(origin: &Origin, output: Output) -> Row {
    let row = |object: String, metric: String, value: String, unit: String, mapped, why| Row {
        source: origin.source.clone(),
        format: origin.format.clone(),
        object,
        metric,
        value,
        unit,
        mapped,
        why,
    };
    let unplaced = |u: Unplaced| row(u.object, u.metric, u.value, u.unit, u.is_mapped, u.why);
    match output {
        Output::Measurement(one) => row(
            one.object.to_string(),
            one.metric.as_str().to_owned(),
            one.value.to_string(),
            one.metric.unit().to_owned(),
            true,
            String::new(),
        ),
        Output::Unplaced(value) | Output::Held(value) => unplaced(value),
        Output::Event(event) => {
            let severity = event.severity.to_string();
            row(
                event.object,
                event.name,
                event.text,
                severity,
                true,
                String::new(),
            )
        }
        Output::Alarm(alarm) => {
            let severity = alarm.severity.to_string();
            row(
                alarm.object,
                alarm.name,
                alarm.text,
                severity,
                true,
                String::new(),
            )
        }
        Output::DeadLetter(letter) => {
            let nothing = String::new;
            row(
                nothing(),
                nothing(),
                letter.sample,
                nothing(),
                false,
                letter.reason,
            )
        }
    }
}

fn headings(lang: Language) -> String {
    let names = match lang {
        Language::En => [
            "SOURCE", "FORMAT", "OBJECT", "METRIC", "VALUE", "UNIT", "MAPPED", "WHY NOT",
        ],
        Language::Zh => [
            "来源",
            "格式",
            "对象",
            "指标",
            "值",
            "单位",
            "已映射",
            "原因",
        ],
    };
    columns(names)
}

fn print(row: &Row, output: OutputArg) -> Result<(), Failure> {
    match output {
        OutputArg::Json => json_line(row)?,
        OutputArg::Table => {
            let mapped = if row.mapped { "yes" } else { "no" };
            println!(
                "{}",
                columns([
                    &row.source,
                    &row.format,
                    &row.object,
                    &row.metric,
                    &row.value,
                    &row.unit,
                    mapped,
                    &row.why,
                ])
            );
        }
    }
    Ok(())
}

fn columns(texts: [&str; 8]) -> String {
    let mut line = String::new();
    for (text, width) in texts.iter().zip(WIDTHS) {
        let text = shown(text);
        let cut: String = if text.chars().count() > width {
            text.chars().take(width - 1).chain(['…']).collect()
        } else {
            text
        };
        let _ = write!(line, "{cut:<width$} ");
    }
    line += &shown(texts[7]);
    line.trim_end().to_owned()
}

/// A text from outside without what would steer a terminal.
fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_control() { '·' } else { c };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_cannot_steer_the_terminal() {
        assert_eq!(shown("a\x1b[31m\nb"), "a·[31m·b");
        let line = columns(["s", "f", "o", "m", &"x".repeat(40), "u", "no", "why"]);
        assert!(line.contains("xxxx… u"), "{line}");
        assert!(line.ends_with("no      why"), "{line}");
    }
}
