//! Walks over an expression's text and tree before it is ever evaluated.
//!
//! In: text or a parsed tree. Out: how deep it is, what it looks at, and whole numbers made decimal.

use super::Names;
use cel::common::ast::{Expr as Node, IdedExpr, LiteralValue};

/// Brackets within brackets; those inside quotes count too, which errs on the safe side.
pub(super) fn nesting(text: &str) -> usize {
    let mut open = 0_usize;
    let mut most = 0;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

pub(super) fn depth(node: &IdedExpr) -> usize {
    let mut deepest = 0;
    each_child(node, &mut |child| deepest = deepest.max(depth(child)));
    deepest + 1
}

fn each_child<'n>(node: &'n IdedExpr, visit: &mut dyn FnMut(&'n IdedExpr)) {
    match &node.expr {
        Node::Call(call) => {
            call.target.iter().for_each(|t| visit(t));
            call.args.iter().for_each(visit);
        }
        Node::Comprehension(c) => {
            let parts = [
                &c.iter_range,
                &c.accu_init,
                &c.loop_cond,
                &c.loop_step,
                &c.result,
            ];
            parts.into_iter().for_each(visit);
        }
        Node::List(list) => list.elements.iter().for_each(visit),
        Node::Select(select) => visit(&select.operand),
        Node::Map(_) | Node::Struct(_) | Node::Unspecified | Node::Ident(_) | Node::Literal(_) => {}
    }
}

const ARITHMETIC: [&str; 4] = ["_+_", "_-_", "_*_", "_/_"];

/// Turns whole-number operands of arithmetic into decimals, except next to counters (`size(...)` and macro insides).
pub(super) fn decimals(node: &mut IdedExpr) {
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
pub(super) fn collect(node: &IdedExpr, bound: &mut Vec<String>, names: &mut Names) {
    if let Some(path) = path(node) {
        let root = path.split('.').next().unwrap_or_default();
        if !root.starts_with('@') && !bound.iter().any(|b| b == root) {
            names.paths.insert(path);
        }
        return;
    }
    let scope = bound.len();
    match &node.expr {
        Node::Call(call) => {
            names.functions.insert(call.func_name.clone());
        }
        Node::Comprehension(c) => {
            bound.extend([c.iter_var.clone(), c.accu_var.clone()]);
            bound.extend(c.iter_var2.clone());
        }
        Node::Map(_) | Node::Struct(_) => {
            names.functions.insert("{}".to_owned());
        }
        _ => {}
    }
    each_child(node, &mut |child| collect(child, bound, names));
    bound.truncate(scope);
}

fn path(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Node::Ident(name) => Some(name.clone()),
        Node::Select(select) => Some(format!("{}.{}", path(&select.operand)?, select.field)),
        _ => None,
    }
}
