"""The user's objects as a graph: what each holds itself, told by a cheap digest, and what it leads to, told by ids."""

from mlexp.fingerprint.nodes.graph import Node, Trait, Walk, twin_of

__all__ = ["Node", "Trait", "Walk", "twin_of"]
