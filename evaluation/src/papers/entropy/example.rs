//! What do equations 5 and 6 choose in a small fleet? An example in real units, to show each reading at work.

use super::{Choice, Node, Rule, choose, fitting, normalised};

/// Name, compute in Tflop/s, network in Gbit/s, storage in TB, state entropy in bits. Our own.
const NODES: [(&str, [f64; 3], f64); 6] = [
    ("n1", [320.0, 40.0, 8.0], 1.1568),
    ("n2", [300.0, 50.0, 10.0], 0.469),
    ("n3", [310.0, 25.0, 20.0], 1.0),
    ("n4", [800.0, 100.0, 40.0], 0.469),
    ("n5", [120.0, 100.0, 5.0], 0.0),
    ("n6", [640.0, 20.0, 30.0], 2.0),
];

/// Name and need in the same units.
const TASKS: [(&str, [f64; 3]); 3] = [
    ("inference", [290.0, 45.0, 8.0]),
    ("training", [650.0, 25.0, 32.0]),
    ("rendering", [150.0, 90.0, 4.0]),
];

/// Values of "near" that are shown: the paper does not give one.
const NEAR: [f64; 3] = [0.0, 0.02, 0.05];

/// One task with one value of "near".
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The task.
    pub task: &'static str,
    /// What is added to the least difference.
    pub near: f64,
    /// The formula's choice among all nodes.
    pub formula: Option<Choice>,
    /// The text's choice among all nodes.
    pub text: Option<Choice>,
    /// The formula's choice among nodes that have at least what the task needs.
    pub feasible: Option<Choice>,
}

impl Example {
    /// Whether the test for enough capacity changed the formula's choice.
    pub fn changed(&self) -> bool {
        let chosen = |choice: &Option<Choice>| choice.as_ref().map(|c| c.chosen.clone());
        chosen(&self.formula) != chosen(&self.feasible)
    }
}

/// All examples.
pub fn examples() -> Vec<Example> {
    let shares = normalised(&NODES.map(|node| node.1));
    let nodes: Vec<Node> = NODES
        .iter()
        .zip(shares)
        .map(|((id, _, entropy), offer)| Node {
            id: (*id).to_owned(),
            offer,
            entropy: *entropy,
        })
        .collect();
    let example = |task, need: [f64; 3], near| {
        let need = scaled(need);
        Example {
            task,
            near,
            formula: choose(&need, &nodes, near, Rule::Nearest),
            text: choose(&need, &nodes, near, Rule::Farthest),
            feasible: choose(&need, &fitting(&need, &nodes), near, Rule::Nearest),
        }
    };
    let each = TASKS
        .iter()
        .flat_map(|(task, need)| NEAR.map(|near| (*task, *need, near)));
    each.map(|(task, need, near)| example(task, need, near))
        .collect()
}

/// A need in shares of the fleet's maximum.
fn scaled(need: [f64; 3]) -> [f64; 3] {
    let most: [f64; 3] =
        std::array::from_fn(|kind| NODES.iter().map(|n| n.1[kind]).fold(0.0, f64::max));
    std::array::from_fn(|kind| need[kind] / most[kind])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_shows_every_difference_it_is_there_for() {
        let examples = examples();
        assert!(
            examples.iter().any(|e| e.formula != e.text),
            "the two readings of eq. 6"
        );
        assert!(
            examples.iter().any(Example::changed),
            "a node too small for its task"
        );
        assert!(examples.iter().any(|e| !e.changed()), "and one that is not");
        assert!(examples.iter().all(|e| e.formula.is_some()));
    }
}
