"""Hear what functions return, without a frame of ours on the stack.

While a tracked cell runs, a function has other code: its own source, where each `return X` is `return ear(X)`. The
function stays the same object, so references that were taken before are heard as well, and signatures, pickles and
patches of the user's are as ever. File, lines, names and variables are those of its own code, so an error looks as
always. What has no source is not heard, nor is what was imported from another source than now lies there.
"""

from __future__ import annotations
import __future__

import ast
import inspect
import linecache
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import CodeType, FrameType, FunctionType
from typing import ClassVar

from mlexp.capture.adapters.base import Listening

_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag

Listener = Callable[[Listening, FrameType, object], None]


class _Ear:
    """Tells the listener of the moment, if there is one; a failure of ours is nobody's business here."""

    listener: Listener | None = None

    def __init__(self, listening: Listening) -> None:
        self._listening = listening

    def __call__(self, value: object) -> object:
        listener = _Ear.listener
        if listener is not None:
            with suppress(Exception):
                listener(self._listening, sys._getframe(1), value)
        return value


class Ears:
    """The functions that have ears; `close` gives them back the code that they had."""

    # Of the process: sources stay as they are, and what an interrupt leaves undone is undone the next time.
    _made: ClassVar[dict[int, tuple[CodeType, CodeType | None]]] = {}
    _changed: ClassVar[list[tuple[FunctionType, CodeType, CodeType]]] = []

    def __init__(self, listener: Listener) -> None:
        _Ear.listener = listener

    def put_on(self, listenings: Iterable[Listening]) -> None:
        """Give ears to those functions that have none."""
        for listening in listenings:
            function = listening.function
            code = function.__code__
            if any(isinstance(constant, _Ear) for constant in code.co_consts):
                continue
            known = Ears._made.get(id(code))
            if known is None or known[0] is not code:
                known = (code, _with_ear(code, function, _Ear(listening)))
                Ears._made[id(code)] = known  # with the code, so that its id is not used again
            if known[1] is not None:
                self._changed.append((function, code, known[1]))
                function.__code__ = known[1]

    def close(self) -> None:
        """Take them off, also where an interrupt comes meanwhile, which is handed on then.

        A function that somebody else has given new code keeps that.
        """
        interrupt: KeyboardInterrupt | None = None
        while _Ear.listener is not None or self._changed:
            try:
                self._take_off()
            except KeyboardInterrupt as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt

    def _take_off(self) -> None:
        _Ear.listener = None
        while self._changed:
            function, before, code = self._changed[-1]
            if function.__code__ is code:
                function.__code__ = before
            self._changed.pop()


def _with_ear(code: CodeType, function: FunctionType, ear: _Ear) -> CodeType | None:
    try:
        made = _compiled(code, function)
    except (OSError, SyntaxError, ValueError, TypeError, IndexError, RecursionError):
        return None
    if (
        made is None
        or made.co_freevars != code.co_freevars
        or made.co_varnames[: code.co_argcount] != (code.co_varnames[: code.co_argcount])
    ):
        return None
    constants = tuple(ear if constant == _MARK else constant for constant in made.co_consts)
    return made.replace(co_consts=constants, co_qualname=code.co_qualname)


_MARK = "mlexp's ear"


def _compiled(code: CodeType, function: FunctionType) -> CodeType | None:
    """Compile the function's own lines once more, at their place, with a mark called around what it returns."""
    if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        return None
    lines = linecache.getlines(code.co_filename, function.__globals__)
    block = inspect.getblock(lines[code.co_firstlineno - 1 :])
    owner = code.co_qualname.rpartition(".")[0].rpartition(".")[2]
    around = [f"def _({', '.join(name for name in code.co_freevars if name != '__class__')}):\n"]
    around += [f" class {owner}:\n"] if owner.isidentifier() else []  # names such as `self.__x` are the class's
    if not block[0].startswith(" "):
        around = []  # it stands at the top of its file
    tree = ast.parse("".join([*around, *block]))
    ast.increment_lineno(tree, code.co_firstlineno - 1 - len(around))
    flags = code.co_flags & _FUTURES
    same = _find(compile(tree, code.co_filename, "exec", flags=flags, dont_inherit=True), code)
    if same is None or _traits(same) != _traits(code):
        return None  # the file is another than the one that was imported
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            node.body = [_Returns().visit(statement) for statement in node.body]
            break
    made = compile(ast.fix_missing_locations(tree), code.co_filename, "exec", flags=flags, dont_inherit=True)
    found = _find(made, code)
    return found if found is not None and _MARK in found.co_consts else None


def _traits(code: CodeType) -> tuple[object, ...]:
    """Return what a function's code owes to its own text, and not to what stands around it in its file."""
    constants = {repr(constant) for constant in code.co_consts if not isinstance(constant, CodeType)}
    return {*code.co_names}, code.co_varnames, code.co_freevars, constants, {*code.co_positions()}


class _Returns(ast.NodeTransformer):
    """Puts the mark around what a function returns; functions inside it are left alone."""

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value is not None:
            # Behind a condition, since Python warns of a text that is called.
            mark = ast.IfExp(test=ast.Constant(True), body=ast.Constant(_MARK), orelse=ast.Constant(None))
            node.value = ast.copy_location(ast.Call(func=mark, args=[node.value], keywords=[]), node.value)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return node


def _find(outer: CodeType, code: CodeType) -> CodeType | None:
    for constant in outer.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_name == code.co_name and constant.co_firstlineno == code.co_firstlineno:
                return constant
            if found := _find(constant, code):
                return found
    return None
