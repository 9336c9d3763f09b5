//! The words of the pages themselves, from `locales/`. What records say comes from [`zizhi_types::text`].

use std::sync::LazyLock;
use zizhi_types::text::{Language, Messages};

const EN_FILE: &str = include_str!("../locales/en.ftl");
const ZH_FILE: &str = include_str!("../locales/zh.ftl");

static TEXTS: LazyLock<Messages> = LazyLock::new(|| Messages::new(EN_FILE, ZH_FILE));

macro_rules! phrases {
    ($($name:ident,)*) => {
        /// Every fixed heading and label of the pages in one language. A template that names one that is not here does not
        /// compile, and the tests hold the files to have every one.
        #[derive(Debug)]
        pub struct Phrases {
            $(#[doc = stringify!($name)] pub $name: &'static str,)*
        }

        impl Phrases {
            /// The texts live as long as the program, as the files in it do.
            fn load(language: Language) -> Self {
                Self { $($name: text(language, &stringify!($name).replace('_', "-"), &[]).leak(),)* }
            }

            #[cfg(test)]
            const NAMES: &[&str] = &[$(stringify!($name),)*];
        }
    };
}

phrases! {
    product,
    other_language,
    skip,
    incidents,
    no_incidents,
    open,
    unknown_cause,
    severity,
    incident,
    cause,
    probability,
    leader,
    since,
    lasted,
    state,
    network,
    records,
    messages,
    dropped,
    version,
    mode,
    seed,
    what,
    violated,
    symptoms,
    object,
    metric,
    observed,
    expected,
    limit,
    onset,
    evidence,
    since_when,
    moment,
    time,
    after,
    opened,
    acted,
    restored,
    ended,
    why,
    supports,
    against,
    nothing,
    other_cause,
    proposed,
    plan,
    playbook,
    from,
    steps,
    cost,
    risk,
    reversible,
    yes,
    no,
    history,
    chosen,
    twin,
    without,
    with,
    decided,
    guard,
    pass,
    refuse,
    reason,
    done,
    verified,
    learned,
    not_yet,
    timeline,
    stage,
    what_happened,
    because_of,
    record,
    who,
    causes,
    effects,
    raw_sources,
    first,
    last,
    as_written,
    position,
    hash,
    quiet,
    damaged,
    torn,
    system,
    human,
    both,
    trouble,
    back,
    now,
    ways,
    live,
    paused,
    stale_since,
    pause,
    keys,
    kill_switch,
    killed,
    key_move,
    key_open,
    approve,
    reject,
    keys_off,
    close,
    waits_for_you,
    nothing_waits,
    deadline,
    swarm,
    lost_since,
    no_record_yet,
    frozen,
    open_incidents,
    no_open_incident,
    kill_means,
    in_flight,
    release_sure,
    press_sure,
    press,
    release,
    only_looking,
    your_answer,
    people_needed,
    said_yes,
    would_do,
    step,
    does,
    undo,
    expected_effect,
    range,
    alternatives,
    since_then,
    decision_card,
    cannot_be_undone,
    back_to_before,
    ranked_lower,
    not_rehearsed,
    twin_untested,
    sign_in,
    sign_out,
    account_name,
    password,
    account,
    accounts,
    role,
    old_password,
    new_password,
    new_again,
    change_password,
    password_rules,
    sessions_end,
    everybody_local,
    how_to_secure,
    secure_first,
    secure_then,
    secure_far,
    needs_approver,
    needs_operator,
    remove_account,
    give_role,
    sure_remove,
    password_is_new,
    all_agents,
    by_agent,
    link_to_row,
    negotiation,
    cause_graph,
    twin_compared,
    ways_here,
    refusal,
    wants,
    violated_with,
    violated_without,
    became,
    who_wanted_what,
    what_decided,
    awarded_to,
    agreed,
    in_order,
    strong,
    medium,
    weak,
    edge,
    strength,
    age,
    graph_means,
    same_as_table,
    difference,
    topology,
    wiring,
    autonomy,
    autonomy_means,
    activity,
    scenario,
    by_whom,
    as_built,
    ceiling,
    because,
    holds,
    trend,
    level,
    by_domain,
    moment_shown,
    show,
    no_network,
    clusters,
    cluster,
    objects,
    in_trouble,
    no_trouble,
    halo_means,
    would_change,
    playbooks,
    name,
    helped,
    rolled_back,
    overridden,
    not_run,
    health,
    health_means,
    when_not,
    owner,
    count,
    outcomes,
    as_in_file,
    audit,
    audit_means,
    journal,
    journals,
    chain,
    signatures,
    take_away,
    whole_open,
    whole_sealed,
    unsigned,
    check_elsewhere,
    wall,
    theme_system,
    theme_light,
    theme_dark,
    local_time,
}

static EN: LazyLock<Phrases> = LazyLock::new(|| Phrases::load(Language::En));
static ZH: LazyLock<Phrases> = LazyLock::new(|| Phrases::load(Language::Zh));

/// The words in one language.
pub fn phrases(language: Language) -> &'static Phrases {
    match language {
        Language::En => &EN,
        Language::Zh => &ZH,
    }
}

/// A sentence with places to fill.
pub fn text(language: Language, key: &str, args: &[(&str, &str)]) -> String {
    TEXTS.text(language, key, args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_there_in_both_languages() {
        assert_eq!(Messages::problems(EN_FILE, ZH_FILE), Vec::<String>::new());
        for name in Phrases::NAMES {
            let key = name.replace('_', "-");
            for language in Language::ALL {
                assert!(TEXTS.known(language, &key).is_some(), "{key} in {language}");
            }
        }
    }
}
