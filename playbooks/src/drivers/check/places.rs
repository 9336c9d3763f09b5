//! Are the places and the objects of a drivers file written well?
//!
//! In: targets and objects. Out: findings. Whatever becomes a word of a command must be unable to become anything else.

use super::super::schema::{Target, Thing};
use super::super::secret::names_secret;
use super::super::template::is_plain;
use super::Checking;
use crate::problem::Place;
use crate::suggest::did_you_mean;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use zizhi_types::ManagedObject;

/// Headers that carry secrets: their value is never written into the file.
const SECRET_HEADERS: [&str; 6] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "x-auth-token",
    "private-token",
];

impl Checking<'_> {
    pub fn target(&mut self, name: &str, target: &Spanned<Target>) {
        let place: Place = target.referenced.into();
        let t = &target.value;
        let ways = [
            t.namespace.is_some(),
            t.ssh.is_some(),
            t.http.is_some(),
            t.kubernetes.is_some(),
        ];
        if ways.iter().filter(|w| **w).count() > 1 {
            let message = format!("target `{name}` is reached in two ways");
            self.report(
                place,
                message,
                "keep one of namespace, ssh, http, kubernetes",
            );
        }
        let ssh = t.ssh.as_ref();
        let written = [
            ("namespace", t.namespace.as_deref()),
            ("vty_socket", t.vty_socket.as_deref()),
            ("ssh.host", ssh.map(|s| s.host.as_str())),
            ("ssh.user", ssh.and_then(|s| s.user.as_deref())),
            ("ssh.key", ssh.and_then(|s| s.key.as_deref())),
            (
                "ssh.known_hosts",
                ssh.and_then(|s| s.known_hosts.as_deref()),
            ),
        ];
        for (field, text) in written {
            if text.is_some_and(|t| !is_plain(t)) {
                let message =
                    format!("{field} of target `{name}` has characters that mean something else");
                self.report(
                    place,
                    message,
                    "use letters, digits and . _ : @ + / -, and no - in front",
                );
            }
        }
        if let Some(server) = &t.http
            && !server.url.starts_with("http://")
            && !server.url.starts_with("https://")
        {
            let message = format!("the url of target `{name}` is no http address");
            self.report(place, message, "write https://host or http://host");
        }
        for (header, value) in t.http.iter().flat_map(|s| &s.headers) {
            let secret = SECRET_HEADERS.contains(&header.to_lowercase().as_str());
            if secret && !names_secret(value) {
                let message = format!("the value of header {header} stands in the file");
                self.report(
                    place,
                    message,
                    "write secret://name, or `bearer: secret://name`",
                );
            }
        }
        if let Some(c) = &t.kubernetes
            && c.server.is_some() == c.kubeconfig.is_some()
            && c.server.is_some()
        {
            let message = format!("target `{name}` names a server and a kubeconfig");
            self.report(
                place,
                message,
                "keep one; with none, the cluster that this process runs in is meant",
            );
        }
    }

    pub fn thing(
        &mut self,
        name: &str,
        thing: &Spanned<Thing>,
        targets: &BTreeMap<String, Spanned<Target>>,
    ) {
        let place: Place = thing.referenced.into();
        if !name.contains('*')
            && let Err(error) = name.parse::<ManagedObject>()
        {
            self.report(
                place,
                error.to_string(),
                "write kind/name, or a pattern with *",
            );
        }
        let t = &thing.value;
        if !matches!(t.ends.len(), 0 | 2) {
            let message = format!("{name} has {} ends", t.ends.len());
            self.report(
                place,
                message,
                "a link has two: [{at: …, port: …}, {at: …, port: …}]",
            );
        }
        let places = t.at.iter().chain(t.ends.iter().map(|e| &e.at));
        for at in places.filter(|at| !targets.contains_key(*at)) {
            let fix = did_you_mean(at, targets.keys().map(String::as_str));
            self.report(
                place,
                format!("{name} is at `{at}`, which is no target"),
                fix,
            );
        }
        for end in t.ends.iter().filter(|e| !is_plain(&e.port)) {
            let message = format!(
                "port `{}` of {name} has characters that mean something else",
                end.port
            );
            self.report(
                place,
                message,
                "write the interface's name as the system has it",
            );
        }
    }
}
