//! Conditions and computed values: CEL behind our own type.
//!
//! In: an expression's text once, then variables as JSON-like values. Out: a value, or a reason why there is none.
//! Called by the parser (compile) and by plan making (evaluate). What comes from a network is only ever a value here:
//! it is never compiled, so no device and no log line can become code. No loop can be written that does not end.

pub mod logic;
mod shape;
mod span;
mod tree;
pub mod units;

pub use shape::Shape;

use cel::common::ast::IdedExpr;
use cel::objects::Key;
use cel::{Context as CelContext, Env, Value as CelValue};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};
use tree::{collect, decimals, depth, nesting};

/// The variables an expression sees, by name.
pub type Scope = BTreeMap<String, Json>;

static ENV: LazyLock<Arc<Env>> =
    LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

/// Longest expression, in bytes (our choice: what a reviewer reads in one look).
const MAX_LEN: usize = 500;

/// Most brackets within brackets. The CEL parser takes some 190 kB of stack for each in an unoptimised build, and a
/// thread may have only 2 MB (measured: 12 are too many); past the end of the stack the whole process is gone.
const MAX_NESTING: usize = 6;

/// Deepest tree of operations, for the same reason (measured: 40 are fine, 60 are too many).
const MAX_DEPTH: usize = 24;

/// Functions that expressions may call, beside operators.
pub const FUNCTIONS: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "double",
    "string",
    "has",
    "all",
    "exists",
    "exists_one",
    "map",
    "filter",
];

/// An expression that was compiled once.
#[derive(Debug, Clone)]
pub struct Expr {
    text: String,
    root: Arc<IdedExpr>,
    names: Names,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// What an expression looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Dotted paths from a variable, for example `suspect.cost`; the longest one written.
    pub paths: BTreeSet<String>,
    /// Functions and operators called.
    pub functions: BTreeSet<String>,
}

/// Why an expression cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExprError {
    /// It is no CEL.
    #[error("`{text}` does not compile: {reason}")]
    Syntax {
        /// The expression.
        text: String,
        /// What the compiler says.
        reason: String,
        /// Line and column within the expression, from 1, where known.
        at: (u64, u64),
    },
    /// It is too long.
    #[error("the expression has {0} bytes, more than {MAX_LEN}")]
    TooLong(usize),
    /// It is nested too deeply to be read, by a person or by the parser.
    #[error(
        "the expression is nested too deeply: at most {MAX_NESTING} brackets within each other, {MAX_DEPTH} operations"
    )]
    TooDeep,
    /// It was evaluated and gave nothing.
    #[error("`{text}` cannot be told: {reason}")]
    Evaluation {
        /// The expression.
        text: String,
        /// Why not.
        reason: String,
    },
}

impl Expr {
    /// Compiles an expression. Whole numbers in sums and products count as decimals, because every number that
    /// playbooks see is one and CEL refuses to mix the two.
    pub fn compile(text: &str) -> Result<Self, ExprError> {
        if text.len() > MAX_LEN {
            return Err(ExprError::TooLong(text.len()));
        }
        if nesting(text) > MAX_NESTING {
            return Err(ExprError::TooDeep);
        }
        let mut root = ENV
            .parser()
            .parse(text)
            .map_err(|errors| syntax(text, &errors))?;
        if depth(&root) > MAX_DEPTH {
            return Err(ExprError::TooDeep);
        }
        decimals(&mut root);
        let mut names = Names::default();
        collect(&root, &mut vec![], &mut names);
        Ok(Self {
            text: text.to_owned(),
            root: Arc::new(root),
            names,
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says, for analysis.
    pub fn shape(&self) -> Shape {
        shape::shape(&self.root)
    }

    /// What it looks at.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// Its value in a scope. A name that is not there, a division by zero or a mixed type is an outcome, not a panic.
    pub fn eval(&self, scope: &Scope) -> Result<Json, ExprError> {
        let mut context = CelContext::with_env(Arc::clone(&ENV));
        for (name, value) in scope {
            context.add_variable_from_value(name.as_str(), to_cel(value));
        }
        let value =
            CelValue::resolve(&self.root, &context).map_err(|e| self.failed(&plain_reason(&e)))?;
        let json = value
            .json()
            .map_err(|_| self.failed("its value is no plain value"))?;
        // JSON has no word for infinity or "not a number": both arrive here as null.
        if json.is_null() {
            return Err(self.failed("it has no finite value"));
        }
        Ok(json)
    }

    /// Its value as yes or no.
    pub fn eval_bool(&self, scope: &Scope) -> Result<bool, ExprError> {
        self.eval(scope)?
            .as_bool()
            .ok_or_else(|| self.failed("its value is neither true nor false"))
    }

    fn failed(&self, reason: &str) -> ExprError {
        ExprError::Evaluation {
            text: self.text.clone(),
            reason: reason.to_owned(),
        }
    }
}

fn plain_reason(error: &cel::ExecutionError) -> String {
    match error {
        cel::ExecutionError::NoSuchKey(key) => format!("`{key}` is not known"),
        cel::ExecutionError::UndeclaredReference(name) => format!("`{name}` does not exist"),
        cel::ExecutionError::NoSuchOverload(overload) => {
            let types: Vec<_> = overload.argument_types().iter().map(|t| word(t)).collect();
            let operator = overload.function().trim_matches('_').replace('_', "");
            format!("`{operator}` cannot be applied to {}", types.join(" and "))
        }
        other => other.to_string(),
    }
}

fn word(of_type: &str) -> &str {
    match of_type {
        "double" | "int" | "uint" => "a number",
        "string" => "a text",
        "bool" => "true or false",
        "list" => "a list",
        "map" => "a described object",
        other => other,
    }
}

/// The compiler lists every token it would have taken; the place is enough.
fn shorter(message: &str) -> String {
    if message.contains("input '<EOF>'") {
        return "it ends too early".to_owned();
    }
    let end = message.find(" expecting").unwrap_or(message.len());
    let said = message.get(..end).unwrap_or(message);
    said.trim_start_matches("Syntax error: ").to_owned()
}

fn syntax(text: &str, errors: &cel::ParseErrors) -> ExprError {
    let first = errors.errors.first();
    let number = |n: isize| u64::try_from(n).unwrap_or(0);
    ExprError::Syntax {
        text: text.to_owned(),
        reason: first.map_or_else(|| "it cannot be read".to_owned(), |e| shorter(&e.msg)),
        at: first.map_or((0, 0), |e| (number(e.pos.0), number(e.pos.1))),
    }
}

/// Every number becomes a decimal, so that rules need not care how a sender wrote it.
fn to_cel(value: &Json) -> CelValue {
    match value {
        Json::Null => CelValue::Null,
        Json::Bool(b) => CelValue::Bool(*b),
        Json::Number(n) => CelValue::Float(n.as_f64().unwrap_or(f64::NAN)),
        Json::String(s) => CelValue::from(s.as_str()),
        Json::Array(items) => CelValue::List(Arc::new(items.iter().map(to_cel).collect())),
        Json::Object(fields) => {
            let fields: HashMap<Key, CelValue> = fields
                .iter()
                .map(|(k, v)| (Key::from(k.as_str()), to_cel(v)))
                .collect();
            CelValue::from(fields)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scope() -> Scope {
        Scope::from([
            (
                "suspect".to_owned(),
                json!({"cost": 10, "name": "A-B", "ports": ["p", "q"]}),
            ),
            ("probability".to_owned(), json!(0.9)),
        ])
    }

    fn eval(text: &str) -> Result<Json, ExprError> {
        Expr::compile(text)?.eval(&scope())
    }

    #[test]
    fn whole_numbers_and_decimals_mix() {
        assert_eq!(eval("suspect.cost * 3 + 1").unwrap(), json!(31.0));
        assert_eq!(eval("suspect.cost == 10").unwrap(), json!(true));
        assert_eq!(eval("size(suspect.ports) + 1 == 3").unwrap(), json!(true));
        assert_eq!(
            eval("suspect.ports.exists_one(p, p == 'q')").unwrap(),
            json!(true)
        );
    }

    #[test]
    fn a_failing_evaluation_is_an_outcome_with_a_reason() {
        let message = eval("suspect.colour == 'red'").unwrap_err().to_string();
        assert!(message.contains("`colour` is not known"), "{message}");
        assert!(eval("suspect.cost / 0").is_err());
        assert!(
            Expr::compile("probability")
                .unwrap()
                .eval_bool(&scope())
                .is_err()
        );
    }

    #[test]
    fn what_an_expression_looks_at_is_known_before_it_runs() {
        let expr =
            Expr::compile("has(suspect.cost) && suspect.ports.all(p, p != probability)").unwrap();
        let paths: Vec<_> = expr.names().paths.iter().map(String::as_str).collect();
        assert_eq!(paths, ["probability", "suspect.cost", "suspect.ports"]);
    }

    #[test]
    fn a_syntax_error_says_where() {
        let error = Expr::compile("suspect.cost >").unwrap_err();
        assert!(
            matches!(&error, ExprError::Syntax { at: (1, _), .. }),
            "{error}"
        );
        assert!(Expr::compile(&"x".repeat(2_000)).is_err());
    }

    #[test]
    fn no_expression_takes_the_stack_of_a_small_thread() {
        let nested = |open: &str, close: &str, n| format!("{}a{}", open.repeat(n), close.repeat(n));
        let forms = [
            ("(", ")"),
            ("[", "]"),
            ("f(", ")"),
            ("(a ? ", " : a)"),
            ("!(-", ")"),
            ("a[a + ", "]"),
        ];
        let flat = ["!", "-", "a ? a : ", "a && ", "1 + ", "a."];
        for n in [1, 6, 7, 20, 100, 400] {
            for (open, close) in forms {
                let _ = eval(&nested(open, close, n));
            }
            for part in flat {
                let _ = eval(&nested(part, "", n));
            }
            let _ = eval(&nested("", "[0]", n));
        }
        assert_eq!(eval("((((((1))))))").unwrap(), json!(1));
        assert!(matches!(eval("(((((((1)))))))"), Err(ExprError::TooDeep)));
    }

    #[test]
    fn values_are_never_read_as_code() {
        let evil = Scope::from([(
            "suspect".to_owned(),
            json!({"name": "${{ 1 + 1 }} || true"}),
        )]);
        let value = Expr::compile("suspect.name").unwrap().eval(&evil).unwrap();
        assert_eq!(value, json!("${{ 1 + 1 }} || true"));
    }

    #[test]
    fn an_expression_may_be_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Expr>();
    }
}
