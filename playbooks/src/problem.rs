//! What is wrong with a playbook, where, and what to write instead.
//!
//! In: findings of the parser and the checker. Out: [`Problem`], one line each for a person and a code for a page.
//! Nothing is decided here: a catalogue with an error does not load, see [`crate::catalog`].

use serde::Serialize;
use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The catalogue does not load.
    Error,
    /// It loads; a reviewer should look.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

macro_rules! codes {
    ($($variant:ident, $id:literal, $severity:ident, $doc:literal;)*) => {
        /// What sort of thing is wrong. The page `docs/playbooks.md` lists them all.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum Code {
            $(#[doc = $doc] #[serde(rename = $id)] $variant,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// `ZP` and three digits. A number is never used again for another thing.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// How bad it is.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// One sentence: what the code means.
            pub const fn describe(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

codes! {
    Yaml, "ZP001", Error, "The text is no YAML of the playbook's shape.";
    UnknownField, "ZP002", Error, "A field that playbooks do not have.";
    MissingField, "ZP003", Error, "A required field is not there.";
    UnknownFault, "ZP004", Error, "A fault kind that Zizhi cannot name.";
    UnknownVerb, "ZP005", Error, "An action that no driver knows.";
    BadExpression, "ZP006", Error, "An expression that does not compile.";
    UnknownName, "ZP007", Error, "An expression uses a variable, attribute or function that does not exist.";
    ExpressionFails, "ZP008", Error, "An expression compiles but fails, or gives the wrong type, on the sample network.";
    BadParam, "ZP009", Error, "A parameter is declared in a way that can never be filled.";
    MissingWith, "ZP010", Error, "A step does not give a parameter that its action requires.";
    ExtraWith, "ZP011", Error, "A step gives a parameter that its action does not take.";
    ForeignVerb, "ZP012", Error, "The action belongs to another domain's executor.";
    WrongObject, "ZP013", Error, "The step acts on an object of the wrong kind.";
    NoUndo, "ZP014", Error, "A step cannot be undone and the playbook does not say why that is acceptable.";
    NoVerify, "ZP015", Error, "Nothing says how success is seen.";
    NoBlastRadius, "ZP016", Error, "Nothing bounds how much the playbook may touch.";
    ConstantCondition, "ZP017", Error, "A condition looks at nothing and so is always the same.";
    OutOfRange, "ZP018", Error, "A number is outside its range.";
    BadVersion, "ZP019", Error, "The apiVersion, kind or version is not one that can be read.";
    DuplicateId, "ZP020", Error, "Two playbooks have one id.";
    DuplicateStep, "ZP021", Error, "Two steps have one id.";
    NoSteps, "ZP022", Error, "The playbook does nothing.";
    BadDuration, "ZP023", Error, "A duration that cannot be read.";
    BadCheck, "ZP024", Error, "A check that can never be made.";
    NeedlessIrreversible, "ZP025", Warning, "Every step can be undone, yet the playbook says irreversible.";
    OneLanguage, "ZP026", Warning, "A text is missing in one of the two languages.";
    UnusedParam, "ZP027", Warning, "A parameter that nothing uses.";
    TemporaryForever, "ZP028", Error, "A temporary playbook has a step that cannot be taken back.";
    UnknownWord, "ZP029", Error, "A domain, mode or other closed choice that does not exist.";
    BadId, "ZP030", Error, "An id with characters that files and subjects cannot carry.";
    NoCondition, "ZP031", Warning, "The playbook has no condition: it fits whenever the fault is suspected.";
    YamlTag, "ZP032", Error, "A value starts with `!`, which YAML takes for a type tag.";
    BooleanWord, "ZP033", Error, "A bare yes, no, on or off, which some YAML readers take for true or false.";
    NumberLike, "ZP034", Error, "A bare value that some YAML readers take for another number than was written.";
    Unquoted, "ZP035", Error, "An expression or text that YAML takes apart unless it stands in quotes.";
    Tab, "ZP036", Error, "A line is indented with a tab.";
    Anchor, "ZP037", Error, "An anchor, an alias or a merge key.";
    DuplicateKey, "ZP038", Error, "A field is written twice in one block.";
    UnitMismatch, "ZP039", Error, "A number or a comparison is in the wrong unit.";
    Contradiction, "ZP040", Error, "Conditions, limits or bounds that can never hold together.";
    SecretShown, "ZP041", Error, "A secret would be shown, compared or kept in clear.";
    Fight, "ZP042", Error, "Two playbooks can pull one object in opposite directions without a person in between.";
    BadTime, "ZP043", Warning, "A time that cannot do its work.";
    TextIsNoExpression, "ZP044", Error, "A text for people contains an expression, which is never filled in.";
    BadUndo, "ZP045", Error, "A step's undo or onError cannot do its work.";
    NoDelimiter, "ZP046", Error, "An expression stands without `${{ }}` where a plain value is taken.";
    LookAlike, "ZP047", Error, "A character that looks like punctuation of YAML and is none.";
    BadRetry, "ZP048", Error, "A retry that could do harm, or that waits for too long.";
    BadTrigger, "ZP049", Error, "A throttle that holds nothing back.";
    BadVerdict, "ZP050", Error, "A verification that cannot tell pass, fail and inconclusive apart.";
    BadRollback, "ZP051", Error, "A rollback that is turned off without a reason, or that has nothing to take back.";
    EmptyField, "ZP052", Error, "A field is written and nothing stands in it.";
    BadTest, "ZP053", Error, "A test that can never fail, or never pass.";
    IdleSteps, "ZP054", Error, "Two steps in a row that do the same, or of which the second takes the first back.";
}

/// The text names no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no code `{0}`: codes go from ZP001 to {last}", last = Code::ALL.last().map_or("ZP001", |c| c.as_str()))]
pub struct UnknownCode(String);

impl std::str::FromStr for Code {
    type Err = UnknownCode;

    /// Small letters are taken too: `zp012`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.to_uppercase();
        let found = Self::ALL.iter().find(|c| c.as_str() == wanted);
        found.copied().ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where in a file: both count from 1; 0 is "the file as a whole".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Line.
    pub line: u64,
    /// Column, in characters.
    pub column: u64,
}

impl From<serde_saphyr::Location> for Place {
    fn from(at: serde_saphyr::Location) -> Self {
        Self {
            line: at.line(),
            column: at.column(),
        }
    }
}

/// One thing that is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, as it was named by the caller.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// What sort of thing.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub fix: String,
}

impl Problem {
    /// A problem with the code's own severity.
    pub fn new(
        file: &str,
        place: Place,
        code: Code,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            file: file.to_owned(),
            place,
            code,
            severity: code.severity(),
            message: message.into(),
            fix: fix.into(),
        }
    }

    /// Whether it keeps the catalogue from loading.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    /// `file:line:column: error ZP004: what (fix: what to write)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column } = self.place;
        write!(
            f,
            "{}:{line}:{column}: {} {}: {} (fix: {})",
            self.file, self.severity, self.code, self.message, self.fix
        )
    }
}
