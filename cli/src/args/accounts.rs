//! `zizhi dashboard`: its flags, and the accounts of whoever signs in.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;
use zizhi_dashboard::Role;

/// Flags of `dashboard`.
#[derive(Debug, ClapArgs)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  zizhi dashboard --journal zizhi-runs/demo-1.jsonl --listen 127.0.0.1:8080\n  zizhi dashboard --config zizhi.toml --listen 0.0.0.0:8080 --behind-tls-proxy zizhi.example.net"
)]
pub struct DashboardArgs {
    /// What to do with accounts; without it, the dashboard is served.
    #[command(subcommand)]
    pub command: Option<DashboardCommand>,
    /// The journal. [default: the newest in zizhi-runs/]
    #[arg(long)]
    pub journal: Option<PathBuf>,
    /// The intended network, a built-in one's name or a file: the topology shows what is wrong on it.
    #[arg(long, value_name = "FILE")]
    pub network: Option<String>,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: std::net::SocketAddr,
    /// The swarm's NATS server: approvals and the kill switch are sent over it.
    #[arg(long, value_name = "URL")]
    pub bus: Option<String>,
    /// The settings file of `zizhi run`: its bus and its data folder.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder with the accounts and the security log. [default: the data folder of --config]
    #[arg(long, value_name = "DIR")]
    pub accounts: Option<PathBuf>,
    /// A proxy ends TLS before the dashboard and serves it under this host name; needs accounts.
    #[arg(long, value_name = "HOST", value_parser = host)]
    pub behind_tls_proxy: Option<String>,
}

/// A plain host name: it is compared with what browsers send.
fn host(text: &str) -> Result<String, String> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    if text.is_empty() || !text.bytes().all(fits) {
        return Err("a host name is wanted, without https:// and without a port".to_owned());
    }
    Ok(text.to_ascii_lowercase())
}

/// Commands of `dashboard`.
#[derive(Debug, Subcommand)]
pub enum DashboardCommand {
    /// Who may sign in, and what each may do.
    #[command(
        subcommand,
        after_help = "Example: zizhi dashboard user list --accounts zizhi-data"
    )]
    User(UserCommand),
}

/// Where the accounts are.
#[derive(Debug, ClapArgs)]
pub struct AccountsPlace {
    /// Folder with the accounts; made at the first one. [default: the data folder of --config, or zizhi-data]
    #[arg(long, value_name = "DIR")]
    pub accounts: Option<PathBuf>,
    /// The settings file of `zizhi run`.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Commands of `dashboard user`. A password is typed, or read from standard input; it is never an argument, which others
/// on this machine could see.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add an account; the password is typed twice, or is the first line of standard input.
    #[command(
        after_help = "Example: zizhi dashboard user add li --role operator --accounts zizhi-data"
    )]
    Add {
        /// As records will name the person.
        name: String,
        /// viewer reads; operator also rejects plans and presses the kill switch; approver also approves plans and releases it; admin also gives roles.
        #[arg(long)]
        role: Role,
        #[command(flatten)]
        place: AccountsPlace,
    },
    /// List the accounts.
    #[command(after_help = "Example: zizhi dashboard user list --accounts zizhi-data --json")]
    List {
        #[command(flatten)]
        place: AccountsPlace,
    },
    /// Remove an account; its sessions end.
    #[command(after_help = "Example: zizhi dashboard user remove li --accounts zizhi-data")]
    Remove {
        /// Whose.
        name: String,
        #[command(flatten)]
        place: AccountsPlace,
    },
    /// Set a new password; the account's sessions end.
    #[command(after_help = "Example: zizhi dashboard user passwd li --accounts zizhi-data")]
    Passwd {
        /// Whose.
        name: String,
        #[command(flatten)]
        place: AccountsPlace,
    },
    /// Give another role; the account's sessions end.
    #[command(after_help = "Example: zizhi dashboard user role li approver --accounts zizhi-data")]
    Role {
        /// Whose.
        name: String,
        /// viewer, operator, approver or admin.
        role: Role,
        #[command(flatten)]
        place: AccountsPlace,
    },
}
