//! Conditions and computed values: CEL behind our own type.
//!
//! In: an expression's text once, then variables as JSON-like values. Out: a value, or a reason why there is none.
//! Called by the parser (compile) and by plan making (evaluate). What comes from a network is only ever a value here:
//! it is never compiled, so no device and no log line can become code. No loop can be written that does not end.

use cel::common::ast::{Expr as Node, IdedExpr, LiteralValue};
use cel::objects::Key;
use cel::{Context as CelContext, Env, Value as CelValue};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

/// The variables an expression sees, by name.
pub type Scope = BTreeMap<String, Json>;

static ENV: LazyLock<Arc<Env>> =
    LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

/// Longest expression, in bytes (our choice: what a reviewer reads in one look).
const MAX_LEN: usize = 1_000;

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
        let mut root = ENV
            .parser()
            .parse(text)
            .map_err(|errors| syntax(text, &errors))?;
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
        other => other.to_string(),
    }
}

fn syntax(text: &str, errors: &cel::ParseErrors) -> ExprError {
    let first = errors.errors.first();
    let number = |n: isize| u64::try_from(n).unwrap_or(0);
    ExprError::Syntax {
        text: text.to_owned(),
        reason: first.map_or_else(|| "it cannot be read".to_owned(), |e| e.msg.clone()),
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

const ARITHMETIC: [&str; 4] = ["_+_", "_-_", "_*_", "_/_"];

/// Turns whole-number operands of arithmetic into decimals, except next to counters (`size(...)` and macro insides).
fn decimals(node: &mut IdedExpr) {
    if let Node::Call(call) = &mut node.expr {
        let counts = call.args.iter().any(is_counter);
        if ARITHMETIC.contains(&call.func_name.as_str()) && !counts {
            call.args.iter_mut().for_each(decimal);
        }
    }
    each_child_mut(node, &mut decimals);
}

fn is_counter(node: &IdedExpr) -> bool {
    match &node.expr {
        Node::Ident(name) => name.starts_with('@'),
        Node::Call(call) => call.func_name == "size",
        _ => false,
    }
}

fn decimal(node: &mut IdedExpr) {
    if let Node::Literal(LiteralValue::Int(n)) = &node.expr {
        let n = *n.inner() as f64;
        node.expr = Node::Literal(LiteralValue::Double(n.into()));
    }
}

fn each_child_mut(node: &mut IdedExpr, visit: &mut dyn FnMut(&mut IdedExpr)) {
    match &mut node.expr {
        Node::Call(call) => {
            call.target.iter_mut().for_each(|t| visit(t));
            call.args.iter_mut().for_each(visit);
        }
        Node::Comprehension(c) => {
            visit(&mut c.iter_range);
            visit(&mut c.loop_cond);
            visit(&mut c.loop_step);
            visit(&mut c.result);
        }
        Node::List(list) => list.elements.iter_mut().for_each(visit),
        Node::Select(select) => visit(&mut select.operand),
        _ => {}
    }
}

/// Collects what is looked at; `bound` are the names that macros brought in.
fn collect(node: &IdedExpr, bound: &mut Vec<String>, names: &mut Names) {
    if let Some(path) = path(node) {
        let root = path.split('.').next().unwrap_or_default();
        if !root.starts_with('@') && !bound.iter().any(|b| b == root) {
            names.paths.insert(path);
        }
        return;
    }
    match &node.expr {
        Node::Call(call) => {
            names.functions.insert(call.func_name.clone());
            for child in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
                collect(child, bound, names);
            }
        }
        Node::Comprehension(c) => {
            collect(&c.iter_range, bound, names);
            let depth = bound.len();
            bound.extend([c.iter_var.clone(), c.accu_var.clone()]);
            bound.extend(c.iter_var2.clone());
            for child in [&c.accu_init, &c.loop_cond, &c.loop_step, &c.result] {
                collect(child, bound, names);
            }
            bound.truncate(depth);
        }
        Node::List(list) => list.elements.iter().for_each(|e| collect(e, bound, names)),
        Node::Select(select) => collect(&select.operand, bound, names),
        Node::Map(_) | Node::Struct(_) => {
            names.functions.insert("{}".to_owned());
        }
        Node::Unspecified | Node::Ident(_) | Node::Literal(_) => {}
    }
}

fn path(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Node::Ident(name) => Some(name.clone()),
        Node::Select(select) => Some(format!("{}.{}", path(&select.operand)?, select.field)),
        _ => None,
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
        let ExprError::Syntax { at, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(at.0, 1);
        assert!(Expr::compile(&"x".repeat(2_000)).is_err());
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
