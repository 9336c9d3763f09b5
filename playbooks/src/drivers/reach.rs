//! How is a program run at a place: here, in a network namespace, or on another machine?
//!
//! In: a target and a program with its arguments. Out: the argument vector that is started on this machine. The one
//! shell on the way is the login shell at the far end of SSH, which gets every word quoted.

use super::schema::{Ssh, Target};
use super::script::quoted;
use std::time::Duration;

/// Seconds that `ssh` waits for the far machine to answer at all.
const CONNECT_S: u32 = 5;

/// The vector that runs `argv` at a target.
pub fn at(target: &Target, argv: Vec<String>, timeout: Duration) -> Vec<String> {
    if let Some(ssh) = &target.ssh {
        return over_ssh(ssh, &argv, timeout);
    }
    match &target.namespace {
        Some(namespace) => inside(namespace, argv),
        None => argv,
    }
}

/// `ip` and `tc` enter a namespace by themselves; everything else is entered for.
fn inside(namespace: &str, argv: Vec<String>) -> Vec<String> {
    let own = matches!(argv.first().map(String::as_str), Some("ip" | "tc"));
    let (head, tail) = if own {
        (1, &["-n", namespace][..])
    } else {
        (0, &[][..])
    };
    let before = if own {
        vec![]
    } else {
        words(&["ip", "netns", "exec", namespace])
    };
    let (program, arguments) = argv.split_at(head);
    [before, program.to_vec(), words(tail), arguments.to_vec()].concat()
}

fn over_ssh(ssh: &Ssh, argv: &[String], timeout: Duration) -> Vec<String> {
    // No file of the user's may change what is done here, nobody is asked, and an unknown host is refused.
    let mut vector = words(&["ssh", "-F", "/dev/null", "-o", "BatchMode=yes"]);
    vector.extend(words(&[
        "-o",
        "StrictHostKeyChecking=yes",
        "-o",
        "ClearAllForwardings=yes",
    ]));
    let alive = timeout.as_secs().max(1);
    vector.extend(["-o".into(), format!("ConnectTimeout={CONNECT_S}")]);
    vector.extend(["-o".into(), format!("ServerAliveInterval={alive}")]);
    if let Some(hosts) = &ssh.known_hosts {
        vector.extend(["-o".into(), format!("UserKnownHostsFile={hosts}")]);
    }
    if let Some(key) = &ssh.key {
        vector.extend(words(&["-o", "IdentitiesOnly=yes", "-i", key]));
    }
    if let Some(port) = ssh.port {
        vector.extend(["-p".into(), port.to_string()]);
    }
    if let Some(user) = &ssh.user {
        vector.extend(words(&["-l", user]));
    }
    let command: Vec<String> = argv.iter().map(|word| quoted(word)).collect();
    vector.extend(words(&["--", &ssh.host, &command.join(" ")]));
    vector
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(10);

    #[test]
    fn ip_and_tc_enter_a_namespace_by_themselves() {
        let target = Target {
            namespace: Some("zl-a".into()),
            ..Target::default()
        };
        let run = |argv: &[&str]| at(&target, words(argv), SECOND).join(" ");
        assert_eq!(run(&["tc", "qdisc", "show"]), "tc -n zl-a qdisc show");
        assert_eq!(
            run(&["vtysh", "-c", "show"]),
            "ip netns exec zl-a vtysh -c show"
        );
        assert_eq!(at(&Target::default(), words(&["tc"]), SECOND), ["tc"]);
    }

    #[test]
    fn the_far_shell_gets_every_word_quoted_and_the_near_ssh_asks_nobody() {
        let target = Target {
            ssh: Some(Ssh {
                host: "192.0.2.7".into(),
                user: Some("noc".into()),
                port: Some(2222),
                key: Some("/etc/zizhi/id".into()),
                known_hosts: Some("/etc/zizhi/known_hosts".into()),
            }),
            ..Target::default()
        };
        let argv = words(&["vtysh", "-c", "ip ospf cost 7", "it's"]);
        let expected = "ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes -o ClearAllForwardings=yes \
            -o ConnectTimeout=5 -o ServerAliveInterval=10 -o UserKnownHostsFile=/etc/zizhi/known_hosts \
            -o IdentitiesOnly=yes -i /etc/zizhi/id -p 2222 -l noc -- 192.0.2.7";
        let vector = at(&target, argv, SECOND);
        let (command, before) = vector.split_last().unwrap();
        assert_eq!(before.join(" "), expected);
        assert_eq!(command, r"vtysh -c 'ip ospf cost 7' 'it'\''s'");
    }
}
