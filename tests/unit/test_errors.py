"""The errors: one tree, drawn as it is, each also what a caller would catch."""

import re

import pytest

from mlexp import errors
from mlexp.errors import MlexpError, QueryError, RunNotFoundError

CLASSES = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, Exception)]


def drawn():
    """The tree in the module's docstring: name, depth, built-in."""
    for line in errors.__doc__.splitlines():
        if match := re.match(r"([│ ├└─]*)(\w+Error)(?: \((\w+)\))?(?:\s|$)", line):
            yield match[2], len(match[1]) // 4, match[3]


def test_the_tree_is_drawn_as_it_is():
    path, names = [], []
    for name, depth, builtin in drawn():
        path[depth:] = [getattr(errors, name)]
        names.append(name)
        if depth:
            assert path[depth].__bases__[0] is path[depth - 1], name
        assert [base.__name__ for base in path[depth].__bases__[1:]] == ([builtin] if builtin else []), name
    assert sorted(names) == sorted(cls.__name__ for cls in CLASSES)


def test_all_are_ours():
    assert all(issubclass(cls, MlexpError) for cls in CLASSES)


def test_a_run_that_is_not_there_names_those_that_come_near():
    assert "'forrest'" in str(RunNotFoundError.among("forrest", ["forest", "tree"]))
    assert "Did you mean forest?" in str(RunNotFoundError.among("forrest", ["forest", "tree"]))
    assert "mlexp runs" in str(RunNotFoundError.among("x", []))


@pytest.mark.parametrize(("column", "width", "line"), [(0, 1, "^"), (3, 2, "   ^^"), (2, 0, "  ^")])
def test_a_query_error_draws_a_caret(column, width, line):
    assert str(QueryError.at("a = b", column, "What is b?", width=width)) == f"a = b\n{line}\nWhat is b?"
