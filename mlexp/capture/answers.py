"""Answers that are typed while a cell runs: a script needs them in its reader's place.

Those to a question for a secret, and those typed where they cannot be read, are never written: markers stand for them.
"""

from __future__ import annotations

import builtins
import getpass
from collections.abc import Callable, Mapping
from typing import Any

from mlexp.capture.guard import guarded
from mlexp.capture.opening import Opening
from mlexp.redaction import Redactor, marker
from mlexp.redaction.names import Suspicion, suspicion_of

_MAX_ANSWERS = 1000


class AnswersProbe:
    """Hears of answers, from `start` to `close`.

    A kernel asks its front end in one place, for `input` and for `getpass`. Elsewhere both read the terminal.
    """

    def __init__(self, shell: Any, redactor: Redactor) -> None:
        self._shell = shell
        self._redactor = redactor
        self._undo: list[Callable[[], None]] = []
        self._heard: list[tuple[str, str]] = []

    def start(self) -> None:
        """Begin to hear."""
        kernel = getattr(self._shell, "kernel", None)
        if kernel is not None and hasattr(kernel, "_input_request"):
            self._wrap(kernel, "_input_request", self._asked_by_kernel)
        else:
            self._wrap(builtins, "input", self._asked_by_kernel)
            self._wrap(getpass, "getpass", self._asked_by_getpass)

    def before(self, opening: Opening) -> None:  # noqa: ARG002  (the protocol's)
        """Begin at none."""
        self._heard.clear()

    def after(self, opening: Opening) -> Mapping[str, object]:
        """Tell what was answered, without secrets: by now it is known which answers were bound to names of secrets."""
        if not self._heard:
            return {}
        bound = {name: opening.namespace.get(name) for name in opening.names.bound if _says_secret(name)}
        secret = {value: name for name, value in bound.items() if type(value) is str}
        return {
            "answers": tuple(
                (self._redactor.text(p), self._clean(a, secret.get(a.strip(), ""))) for p, a in self._heard
            )
        }

    def _clean(self, answer: str, name: str) -> str:
        return marker(self._redactor.learn(answer, name)) if name else self._redactor.text(answer)

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
            with guarded("hear of an answer"):
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
        prompt = _plain(args[0] if args else named.get("prompt", ""))
        if named.get("password") or (len(args) > 3 and args[3]) or _says_secret(prompt.strip(" :?>")):
            self._hear_secret(prompt, answer)
        else:
            self._hear(prompt, answer)

    def _asked_by_getpass(self, answer: str, *args: Any, **named: Any) -> None:
        self._hear_secret(_plain(args[0] if args else named.get("prompt", "Password: ")), answer)

    def _hear_secret(self, prompt: str, answer: str) -> None:
        self._hear(prompt, marker(self._redactor.learn(answer, _variable(prompt))))

    def _hear(self, prompt: str, answer: str) -> None:
        if len(self._heard) < _MAX_ANSWERS:
            self._heard.append((prompt, answer))


def _plain(prompt: object) -> str:
    return prompt if type(prompt) is str else ""


def _says_secret(words: str) -> bool:
    return suspicion_of(words) >= Suspicion.STRONG


def _variable(prompt: str) -> str:
    """Return a name for the answer: the question's last words, if they are those of a secret."""
    words = prompt.strip(" :?>").split()[-3:]
    while words and suspicion_of("_".join(words)) is Suspicion.NONE:
        words = words[1:]
    return "_".join(words) or "PASSWORD"
