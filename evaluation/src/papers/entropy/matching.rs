//! Which node fits a task? Least mean squared difference (eq. 5), and among those near it the state entropy (eq. 6).

use super::BALANCE;

/// Two differences that differ by less are equal.
const TOLERANCE: f64 = 1e-12;

/// What a node offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Unique; the smaller one wins a tie.
    pub id: String,
    /// Compute, network, storage, each in shares of the fleet's maximum; below 0 where there is less than nothing left.
    pub offer: [f64; 3],
    /// State entropy in bits, 0 to 2.
    pub entropy: f64,
}

/// How eq. 6 decides among nodes that fit nearly as well as the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The one nearest to the balance entropy: the formula, and section 3.4.2 of the paper. Canonical.
    Nearest,
    /// The one farthest from it: the sentence beside the formula.
    Farthest,
}

/// What was chosen, and from what.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The node that fits best by eq. 5.
    pub best: String,
    /// Its mean squared difference.
    pub difference: f64,
    /// Those near it, best first.
    pub candidates: Vec<String>,
    /// The node that eq. 6 takes.
    pub chosen: String,
}

/// Eq. 5: mean squared difference between need and offer. Spare and missing capacity count alike.
pub fn distance(need: &[f64; 3], offer: &[f64; 3]) -> f64 {
    let squares = need
        .iter()
        .zip(offer)
        .map(|(need, offer)| (need - offer).powi(2));
    squares.sum::<f64>() / 3.0
}

/// Nodes that have at least what the task needs. The paper has no such test, and eq. 5 alone may choose a node that
/// cannot carry the task.
pub fn fitting(need: &[f64; 3], nodes: &[Node]) -> Vec<Node> {
    let fits = |node: &&Node| {
        node.offer
            .iter()
            .zip(need)
            .all(|(offer, need)| offer >= need)
    };
    nodes.iter().filter(fits).cloned().collect()
}

/// Offers in absolute units as shares of the fleet's maximum of each kind; a kind that nobody has stays 0. The paper gives
/// no scale, and eq. 5 adds up unlike things without one.
pub fn normalised(offers: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let most: [f64; 3] =
        std::array::from_fn(|kind| offers.iter().map(|o| o[kind]).fold(0.0, f64::max));
    let share = |offer: &[f64; 3]| {
        std::array::from_fn(|kind| {
            if most[kind] > 0.0 {
                offer[kind] / most[kind]
            } else {
                0.0
            }
        })
    };
    offers.iter().map(share).collect()
}

/// Eq. 5 and 6. `near` is added to the least difference: the paper does not say how near is near. `None` without nodes.
///
/// Eq. 6 subtracts a vector from an entropy; it is read as the squared difference between the node's state entropy and
/// the balance entropy.
pub fn choose(need: &[f64; 3], nodes: &[Node], near: f64, rule: Rule) -> Option<Choice> {
    let mut ranked: Vec<(f64, &Node)> = nodes
        .iter()
        .map(|node| (distance(need, &node.offer), node))
        .collect();
    ranked.sort_by(|a, b| order(a.0, b.0).then_with(|| a.1.id.cmp(&b.1.id)));
    let (least, best) = *ranked.first()?;
    let candidates: Vec<&Node> = ranked
        .iter()
        .take_while(|(d, _)| *d <= least + near + TOLERANCE)
        .map(|(_, node)| *node)
        .collect();
    let chosen = candidates.iter().min_by(|a, b| rule.order(a, b)).copied()?;
    Some(Choice {
        best: best.id.clone(),
        difference: least,
        candidates: candidates.iter().map(|node| node.id.clone()).collect(),
        chosen: chosen.id.clone(),
    })
}

impl Rule {
    fn order(self, a: &Node, b: &Node) -> std::cmp::Ordering {
        let [from_a, from_b] = [a, b].map(|node| (node.entropy - BALANCE).powi(2));
        let by_entropy = match self {
            Self::Nearest => order(from_a, from_b),
            Self::Farthest => order(from_b, from_a),
        };
        by_entropy.then_with(|| a.id.cmp(&b.id))
    }
}

fn order(a: f64, b: f64) -> std::cmp::Ordering {
    if (a - b).abs() <= TOLERANCE {
        std::cmp::Ordering::Equal
    } else {
        a.total_cmp(&b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, offer: [f64; 3], entropy: f64) -> Node {
        Node {
            id: id.to_owned(),
            offer,
            entropy,
        }
    }

    #[test]
    fn the_two_readings_of_equation_6_choose_opposite_ends() {
        let nodes = [
            node("a", [0.5; 3], 0.5),
            node("b", [0.5; 3], 2.0),
            node("c", [0.9; 3], 0.469),
        ];
        let chosen = |rule| choose(&[0.5; 3], &nodes, 0.01, rule).unwrap().chosen;
        assert_eq!(
            (
                chosen(Rule::Nearest).as_str(),
                chosen(Rule::Farthest).as_str()
            ),
            ("a", "b")
        );
    }

    #[test]
    fn what_is_too_small_can_be_best_by_equation_5_and_is_filtered() {
        let nodes = [node("small", [0.45; 3], 0.0), node("large", [0.9; 3], 0.0)];
        let need = [0.5; 3];
        assert_eq!(
            choose(&need, &nodes, 0.0, Rule::Nearest).unwrap().chosen,
            "small"
        );
        assert_eq!(
            choose(&need, &fitting(&need, &nodes), 0.0, Rule::Nearest)
                .unwrap()
                .chosen,
            "large"
        );
        assert_eq!(choose(&need, &[], 0.0, Rule::Nearest), None);
    }

    #[test]
    fn a_tie_goes_to_the_smaller_id() {
        let nodes = [node("n2", [0.5; 3], 1.0), node("n1", [0.5; 3], 1.0)];
        assert_eq!(
            choose(&[0.5; 3], &nodes, 0.0, Rule::Nearest)
                .unwrap()
                .chosen,
            "n1"
        );
    }

    #[test]
    fn unlike_units_become_shares_of_the_largest() {
        let shares = normalised(&[[8.0, 100.0, 0.0], [16.0, 25.0, 0.0]]);
        assert_eq!(shares, [[0.5, 1.0, 0.0], [1.0, 0.25, 0.0]]);
    }
}
