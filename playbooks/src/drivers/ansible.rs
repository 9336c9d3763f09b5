//! What did an Ansible run do?
//!
//! In: what `ansible-playbook` wrote with its default output. Out: how many tasks changed something, over all hosts. The
//! recap is read and not the JSON output, for that comes in a collection that `ansible-core` alone does not have.

/// Tasks that changed something (or would, with `--check`) over all hosts of the recap.
pub fn changes(output: &str) -> Option<u64> {
    let recap = output.rsplit_once("PLAY RECAP")?.1;
    let hosts: Vec<&str> = recap.lines().filter(|l| l.contains(" changed=")).collect();
    if hosts.is_empty() {
        return None;
    }
    hosts.iter().map(|line| field(line, "changed=")).sum()
}

fn field(line: &str, name: &str) -> Option<u64> {
    line.split_whitespace()
        .find_map(|word| word.strip_prefix(name))?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recap_counts_over_all_hosts() {
        let output = "PLAY [x] ****\n\nPLAY RECAP *****\na : ok=2 changed=1 unreachable=0 failed=0\nb : ok=2 changed=2 unreachable=0\n";
        assert_eq!(changes(output), Some(3));
        assert_eq!(changes("ERROR! the playbook could not be found"), None);
        assert_eq!(changes("PLAY RECAP ***\n"), None, "no host was matched");
    }
}
