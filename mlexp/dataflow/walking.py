"""Ways over a syntax tree. The walk is that of `ast.walk` in a third of its time: each text is walked many times."""

from __future__ import annotations

import ast

_AST = ast.AST


def walk(node: ast.AST) -> list[ast.AST]:
    """Return the node and all below it, level by level, in the order of `ast.walk`."""
    found = [node]
    add = found.append
    for parent in found:  # it grows meanwhile
        for name in parent._fields:
            child = getattr(parent, name, None)
            if isinstance(child, _AST):
                add(child)
            elif type(child) is list:
                for item in child:
                    if isinstance(item, _AST):
                        add(item)
    return found


def children_of(node: ast.AST) -> list[ast.AST]:
    """Return what stands directly below a node, in the order of `ast.iter_child_nodes`."""
    found = []
    for name in node._fields:
        child = getattr(node, name, None)
        if isinstance(child, _AST):
            found.append(child)
        elif type(child) is list:
            found += [item for item in child if isinstance(item, _AST)]
    return found


def root_of(node: ast.AST) -> str:
    """Return the name at the root of `name.a[b].c`, or nothing."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def chain_of(node: ast.AST) -> str:
    """Return a chain of names such as "scipy.stats.norm", or nothing."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def last_name_of(node: ast.AST) -> str:
    """Return the last name of such a chain, whatever stands before it, or nothing."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
