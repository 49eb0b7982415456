"""Our walk over a syntax tree gives what that of the standard library gives, in its order."""

import ast
from pathlib import Path

from mlexp.dataflow.walking import children_of, walk

TREE = ast.parse(Path(__file__).with_name("test_names.py").read_text(encoding="utf-8"))


def test_it_walks_as_the_standard_library_does() -> None:
    assert list(map(id, walk(TREE))) == list(map(id, ast.walk(TREE)))
    assert all(children_of(node) == list(ast.iter_child_nodes(node)) for node in ast.walk(TREE))


def test_it_takes_nodes_that_lack_a_field() -> None:
    call = ast.Call(ast.Name("f", ast.Load()))  # type: ignore[call-arg]  # so some passes make them
    assert [type(node) for node in walk(call)] == [type(node) for node in ast.walk(call)]
