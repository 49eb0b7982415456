"""Answers that are typed where they cannot be read, or to a question for a secret: they are never written."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any

from mlexp.capture.guard import guarded
from mlexp.redaction import Redactor
from mlexp.redaction.names import Suspicion, suspicion_of


class AnswersProbe:
    """Hears of answers, from its making to `close`.

    A kernel asks its front end in one place, for `input` and for `getpass`. Elsewhere `getpass` reads the terminal.
    """

    def __init__(self, shell: Any, redactor: Redactor) -> None:
        self._redactor = redactor
        self._undo: list[Callable[[], None]] = []
        kernel = getattr(shell, "kernel", None)
        if kernel is not None and hasattr(kernel, "_input_request"):
            self._wrap(kernel, "_input_request", self._asked_by_kernel)
        else:
            self._wrap(getpass, "getpass", self._asked_by_getpass)

    def close(self) -> None:
        """Hear of nothing any more."""
        for undo in self._undo:
            with guarded("leave what asks for answers"):
                undo()
        self._undo.clear()

    def _wrap(self, owner: Any, name: str, asked: Callable[..., None]) -> None:
        own = vars(owner).get(name)
        ask = getattr(owner, name)

        def ask_and_tell(*args: Any, **named: Any) -> Any:
            answer = ask(*args, **named)
            with guarded("learn that an answer is secret"):
                if self._undo and type(answer) is str:
                    asked(answer, *args, **named)
            return answer

        ask_and_tell.__name__ = name
        ask_and_tell.__doc__ = ask.__doc__

        def undo() -> None:
            if vars(owner).get(name) is ask_and_tell:  # else somebody wraps it in turn: it passes on, no more
                if own is None:
                    delattr(owner, name)
                else:
                    setattr(owner, name, own)

        setattr(owner, name, ask_and_tell)
        self._undo.append(undo)

    def _asked_by_kernel(self, answer: str, *args: Any, **named: Any) -> None:
        prompt = str(args[0] if args else named.get("prompt", ""))
        if named.get("password") or (len(args) > 3 and args[3]) or _asks_for_secret(prompt):
            self._redactor.learn(answer, _variable(prompt))

    def _asked_by_getpass(self, answer: str, *args: Any, **named: Any) -> None:
        self._redactor.learn(answer, _variable(str(args[0] if args else named.get("prompt", ""))))


def _asks_for_secret(prompt: str) -> bool:
    return suspicion_of(prompt.strip(" :?>")) >= Suspicion.STRONG


def _variable(prompt: str) -> str:
    """Return a name for the answer: the question's last words, if they are those of a secret."""
    words = prompt.strip(" :?>").split()[-3:]
    while words and suspicion_of("_".join(words)) is Suspicion.NONE:
        words = words[1:]
    return "_".join(words) or "PASSWORD"
