//! What does an expression say, without the words of the expression library?
//!
//! In: a parsed tree of the library. Out: our own small tree, which the checks of units and of conditions walk over.
//! What they need not understand (lists, macros) is kept as an opaque text: equal texts mean the same thing.

use cel::common::ast::{Expr as Node, IdedExpr, LiteralValue};

/// An expression, for analysis only: it is never evaluated in this form.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A dotted name: `state.port.utilization`.
    Path(String),
    /// A written number.
    Number(f64),
    /// A written text.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// An operator or function by the library's name (`_&&_`, `size`, `has`) and what it is applied to.
    Call(String, Vec<Self>),
    /// Anything else.
    Opaque(String),
}

impl Shape {
    /// For people, close to how it was written.
    pub fn say(&self) -> String {
        match self {
            Self::Path(path) => path.clone(),
            Self::Number(n) => n.to_string(),
            Self::Text(text) => format!("'{text}'"),
            Self::Bool(b) => b.to_string(),
            Self::Opaque(_) => "...".to_owned(),
            Self::Call(name, parts) => called(name, parts),
        }
    }

    /// The same with every part replaced for which there is something else.
    #[must_use]
    pub fn replaced(&self, by: &dyn Fn(&Self) -> Option<Self>) -> Self {
        match (by(self), self) {
            (Some(other), _) => other,
            (None, Self::Call(name, parts)) => {
                Self::Call(name.clone(), parts.iter().map(|p| p.replaced(by)).collect())
            }
            (None, plain) => plain.clone(),
        }
    }

    /// One text for each meaning, to see whether two parts are the same.
    pub fn key(&self) -> String {
        format!("{self:?}")
    }
}

fn called(name: &str, parts: &[Shape]) -> String {
    let said: Vec<String> = parts.iter().map(Shape::say).collect();
    let inner = |part: &Shape| match part {
        Shape::Call(name, parts) if name.starts_with('_') && parts.len() == 2 => {
            format!("({})", part.say())
        }
        _ => part.say(),
    };
    let word = name.trim_matches('_');
    match (name.starts_with(['_', '@']), parts) {
        (false, _) if name == "[]" => format!("[{}]", said.join(", ")),
        (true, [a, b]) => {
            let (a, b) = if ["&&", "||"].contains(&word) {
                (inner(a), inner(b))
            } else {
                (a.say(), b.say())
            };
            format!("{a} {} {b}", word.trim_start_matches('@'))
        }
        (true, [a, b, c]) => format!("{} ? {} : {}", a.say(), b.say(), c.say()),
        (false, [a]) if ["!_", "-_"].contains(&name) => format!("{word}{}", inner(a)),
        _ => format!("{word}({})", said.join(", ")),
    }
}

pub(super) fn shape(node: &IdedExpr) -> Shape {
    match &node.expr {
        Node::Ident(name) => Shape::Path(name.clone()),
        Node::Select(select) => {
            let inner = shape(&select.operand);
            let whole = match inner {
                Shape::Path(path) => Shape::Path(format!("{path}.{}", select.field)),
                other => Shape::Opaque(format!("{}.{}", other.key(), select.field)),
            };
            if select.test {
                Shape::Call("has".to_owned(), vec![whole])
            } else {
                whole
            }
        }
        Node::Literal(literal) => written(literal),
        Node::Call(call) => {
            let parts = call.target.iter().map(AsRef::as_ref).chain(&call.args);
            Shape::Call(call.func_name.clone(), parts.map(shape).collect())
        }
        Node::List(list) => Shape::Call("[]".to_owned(), list.elements.iter().map(shape).collect()),
        other => Shape::Opaque(format!("{other:?}")),
    }
}

fn written(literal: &LiteralValue) -> Shape {
    match literal {
        LiteralValue::Boolean(b) => Shape::Bool(*b.inner()),
        LiteralValue::Double(n) => Shape::Number(*n.inner()),
        LiteralValue::Int(n) => Shape::Number(*n.inner() as f64),
        LiteralValue::UInt(n) => Shape::Number(*n.inner() as f64),
        LiteralValue::String(text) => Shape::Text(text.inner().to_owned()),
        other => Shape::Opaque(format!("{other:?}")),
    }
}
