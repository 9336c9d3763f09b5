//! What do published methods reach on these very cases?
//!
//! Measured once, on one core, on the development cases: the published algorithms were run on the same files and scored
//! by the same definitions. The best few of some thirty, and guessing. `None` where a method was not run on a set.

/// A method's figures on one set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeerFigures {
    /// The set.
    pub set: &'static str,
    /// Node AC@1, 0 to 1.
    pub ac1: f64,
    /// Node AC@3.
    pub ac3: f64,
    /// Node Avg@5.
    pub avg5: f64,
    /// CPU milliseconds per case, mean.
    pub ms: Option<f64>,
}

/// A method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peer {
    /// Its name.
    pub name: &'static str,
    /// Where it is published.
    pub source: &'static str,
    /// By set.
    pub figures: &'static [PeerFigures],
}

const fn on(set: &'static str, ac1: f64, ac3: f64, avg5: f64, ms: Option<f64>) -> PeerFigures {
    PeerFigures {
        set,
        ac1,
        ac3,
        avg5,
        ms,
    }
}

/// The peers, in the order in which they are shown.
pub const PEERS: &[Peer] = &[
    Peer {
        name: "Nezha",
        source: "Yu et al., Nezha, ESEC/FSE 2023; on nezha-ob its published run, rescored",
        figures: &[
            on("nezha-ob", 0.9286, 0.9643, 0.9571, None),
            on("nezha-tt", 0.8235, 0.9412, 0.9059, None),
        ],
    },
    Peer {
        name: "pooled robust z + span gaps + error lines",
        source: "plain baseline, own measurement on these cases",
        figures: &[
            on("nezha-ob", 0.8036, 0.8929, 0.9071, Some(13.4)),
            on("nezha-tt", 0.7647, 0.8235, 0.8118, Some(119.5)),
            on("petshop", 0.1154, 0.3846, 0.3385, Some(5.0)),
            on("fabric", 0.7143, 0.7143, 0.7143, Some(15.0)),
        ],
    },
    Peer {
        name: "ranked correlation",
        source: "Hardt et al., The PetShop Dataset, CLeaR 2024",
        figures: &[on("petshop", 0.5769, 0.7692, 0.7154, Some(80.0))],
    },
    Peer {
        name: "graph traversal",
        source: "Hardt et al., The PetShop Dataset, CLeaR 2024",
        figures: &[on("petshop", 0.5, 0.7692, 0.7, Some(8.2))],
    },
    Peer {
        name: "CIRCA, call graph",
        source: "Li et al., CIRCA, KDD 2022; as run by Hardt et al.",
        figures: &[on("petshop", 0.3846, 0.9231, 0.8077, Some(36.7))],
    },
    Peer {
        name: "N-Sigma, all metrics",
        source: "as in Pham et al., RCAEval, 2024",
        figures: &[
            on("nezha-ob", 0.7143, 0.9286, 0.8857, Some(76.5)),
            on("nezha-tt", 0.0, 0.1176, 0.1176, Some(303.6)),
            on("petshop", 0.1923, 0.5385, 0.4769, Some(81.7)),
            on("fabric", 0.2857, 0.7143, 0.6286, Some(1323.0)),
        ],
    },
    Peer {
        name: "BARO, all metrics",
        source: "Pham et al., BARO, FSE 2024",
        figures: &[
            on("nezha-ob", 0.5893, 0.8214, 0.8179, Some(96.5)),
            on("nezha-tt", 0.0, 0.0, 0.0235, Some(420.0)),
            on("petshop", 0.1538, 0.5, 0.4, Some(112.1)),
            on("fabric", 0.1429, 0.7143, 0.5714, Some(1708.0)),
        ],
    },
    Peer {
        name: "guessing",
        source: "one random order",
        figures: &[
            on("nezha-ob", 0.0714, 0.2857, 0.2714, None),
            on("nezha-tt", 0.0, 0.0, 0.0235, None),
            on("petshop", 0.0, 0.1154, 0.0846, None),
            on("fabric", 0.1429, 0.1429, 0.2571, None),
        ],
    },
];

impl Peer {
    /// Its figures on a set.
    pub fn on(&self, set: &str) -> Option<&PeerFigures> {
        self.figures.iter().find(|f| f.set == set)
    }
}
