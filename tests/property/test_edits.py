"""Edits happen exactly where they were told, in texts with tabs, accents and emoji."""

import ast

from hypothesis import assume, given
from hypothesis import strategies as st

from mlexp.pipeline.edits import Edits

names = st.sampled_from(["x", "é", "学習", "lr_1"])
atoms = names | st.sampled_from(["1", "0.5", "'é🚀'", '"""a\n\té🚀\n"""', "None", "b'x'"])
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" + ".join),
        inner.map(lambda text: f"({text})"),
        st.tuples(names, inner, inner).map(lambda parts: "{}({},\t{})".format(*parts)),
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(names, inner).map(lambda parts: "{}[{}].é".format(*parts)),
        inner.map(lambda text: f"(# 🚀\n\t{text})"),
    ),
    max_leaves=5,
)
statements = st.one_of(
    expressions,
    st.tuples(names, expressions).map(" = ".join),
    st.tuples(names, expressions).map(lambda parts: "{} = {}  # é".format(*parts)),
    st.tuples(names, names, expressions).map(lambda parts: "if {}:\n\t{} = {}".format(*parts)),
    st.tuples(names, expressions).map(lambda parts: "def {}(a):\n\t'🚀'\n\treturn {}".format(*parts)),
    st.tuples(expressions, names).map("; ".join),
)
texts = st.lists(statements, min_size=1, max_size=4).map("\n".join)


def places(text, tree):
    """Each expression with its place in characters; by its own way, line by line."""
    lines = text.split("\n")
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            ends = []
            for line, n_bytes in (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset):
                before = sum(len(line) + 1 for line in lines[: line - 1])
                ends.append(before + len(lines[line - 1].encode()[:n_bytes].decode()))
            yield node, *ends


def apart(chosen):
    """Those of the places that lie in none before them."""
    kept = []
    for node, start, stop in chosen:
        if all(stop <= other_start or other_stop <= start for _, other_start, other_stop in kept):
            kept.append((node, start, stop))
    return kept


def parsed(text):
    try:
        return ast.parse(text)
    except SyntaxError:
        assume(False)


@given(texts, st.data())
def test_replacing_changes_those_places_and_nothing_else(text, data):
    found = list(places(text, parsed(text)))
    chosen = apart(data.draw(st.lists(st.sampled_from(found), max_size=4)))
    edits = Edits(text)
    expected = text
    for _, start, stop in sorted(chosen, key=lambda place: place[1], reverse=True):
        expected = f"{expected[:start]}🚀é{expected[stop:]}"
    for node, start, stop in chosen:  # in any order
        assert edits.text_of(node) == text[start:stop] == ast.get_source_segment(text, node)
        edits.replace(node, "🚀é")
    assert edits.done() == expected


@given(texts, st.data())
def test_wrapping_makes_the_node_an_argument(text, data):
    tree = parsed(text)
    found = list(places(text, tree))
    node, start, stop = data.draw(st.sampled_from(found))
    assume(isinstance(getattr(node, "ctx", ast.Load()), ast.Load))
    edits = Edits(text)
    edits.wrap(node, "é.f")
    assert edits.done() == f"{text[:start]}é.f({text[start:stop]}){text[stop:]}"


@given(texts)
def test_without_edits_nothing_changes(text):
    assert Edits(text).done() == text


@given(texts)
def test_each_replaced_by_itself_is_nothing_changed(text):
    edits = Edits(text)
    for node, _, _ in apart(places(text, parsed(text))):
        edits.replace(node, edits.text_of(node))
    assert edits.done() == text


@given(texts, st.data())
def test_a_statement_turned_into_a_comment_leaves_the_others(text, data):
    tree = parsed(text)
    index = data.draw(st.integers(0, len(tree.body) - 1))
    edits = Edits(text)
    edits.comment_out(tree.body[index])
    left = [ast.dump(statement) for i, statement in enumerate(tree.body) if i != index]
    after = [ast.dump(statement) for statement in ast.parse(edits.done()).body if not isinstance(statement, ast.Pass)]
    assert after == left


@given(texts, st.data())
def test_a_statement_taken_away_leaves_the_others(text, data):
    tree = parsed(text)
    index = data.draw(st.integers(0, len(tree.body) - 1))
    edits = Edits(text)
    edits.remove_line(tree.body[index])
    left = [ast.dump(statement) for i, statement in enumerate(tree.body) if i != index]
    after = [ast.dump(statement) for statement in ast.parse(edits.done()).body if not isinstance(statement, ast.Pass)]
    assert after == left
