//! How much may the system do by itself to such an object?
//!
//! Class 1: the action can be taken back. Class 2: it cannot, but repeating life goes on. Class 3: irreversible or with a
//! price. Class 4: safety. The ceilings are our choice, after the idea that autonomy is bounded by what a mistake costs.

use super::instrument::Instrument;
use super::lattice::Duty;
use zizhi_types::Action;

/// The highest level that a task may have on objects of a class, 0 to 5.
pub const fn ceiling(duty: Duty, class: u8) -> u8 {
    match (class, duty) {
        (0 | 1, _) => 5,
        (3, Duty::Determination) => 3,
        (3, Duty::Execution) | (4, Duty::Determination) => 1,
        (4, Duty::Execution) => 0,
        // Class 2; and what only looks and thinks changes nothing, but is not above class 2 either.
        _ => 4,
    }
}

/// The class of an action: the highest that the instrument gives it.
pub fn class_of(action: &Action, instrument: &Instrument) -> u8 {
    let classes = &instrument.classes;
    let plain = if action.verb.can_undo() {
        classes.undoable
    } else {
        classes.other
    };
    let object = action.object.to_string();
    let named = classes.rules.iter().filter(|rule| {
        let verb = rule.verbs.is_empty() || rule.verbs.contains(&action.verb);
        verb && (rule.objects.is_empty() || rule.objects.iter().any(|p| matches(p, &object)))
    });
    named.map(|rule| rule.class).fold(plain, u8::max)
}

/// Whether `text` fits a pattern in which `*` stands for anything.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(after) = text.strip_prefix(head) else {
        return false;
    };
    let mut starts = (0..=after.len()).filter(|at| after.is_char_boundary(*at));
    starts.any(|at| matches(rest, &after[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("router/*", "router/DENV"));
        assert!(matches("*", "cell/北京-1"));
        assert!(matches("link/*-NEWY", "link/CHIC-NEWY"));
        assert!(!matches("link/*-NEWY", "link/NEWY-CHIC"));
        assert!(!matches("router/A", "router/AB"));
    }

    #[test]
    fn the_costlier_a_mistake_the_lower_the_ceiling() {
        let of = |duty| [1, 2, 3, 4].map(|class| ceiling(duty, class));
        assert_eq!(of(Duty::Determination), [5, 4, 3, 1]);
        assert_eq!(of(Duty::Execution), [5, 4, 1, 0]);
        assert_eq!(of(Duty::RootCause), [5, 4, 4, 4]);
    }
}
