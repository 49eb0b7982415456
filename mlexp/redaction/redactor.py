"""The redactor: the one that knows this process's secrets. Texts go through it before anything is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from mlexp.redaction.assigned import mentions_secrets, spans_of_assigned
from mlexp.redaction.known import Known, bare_of, is_searchable
from mlexp.redaction.looks import is_secret_by, without_scheme
from mlexp.redaction.markers import MARKER, marker
from mlexp.redaction.names import Suspicion, suspicion_of, variable_of
from mlexp.redaction.shapes import Span, spans_of_shapes
from mlexp.redaction.words import Words

if TYPE_CHECKING:
    from mlexp.redaction.literals import Literal

_MOST = 2000
_LONGEST = 20_000


class Redactor:
    """Takes secrets out of texts. What it has once taken for a secret it finds again wherever it stands later.

    Threads: one instance may be shared between threads.
    """

    def __init__(
        self, environment: Callable[[], Mapping[str, str]] = dict, *, changed: Callable[[], bool] = lambda: False
    ) -> None:
        """Make one.

        Args:
            environment: Gives the environment variables: the values of those with secret names are secrets.
            changed: Tells, cheaply, whether they may have changed since it was last asked.
        """
        self._environment = environment
        self._changed = changed
        self._known: dict[str, Known] = {}
        self._searched: tuple[Known, ...] = ()
        self._names: dict[str, str] = {}
        """Values by variable: no two secrets share one."""
        self._variables: Mapping[str, str] = {}
        self._lock = threading.RLock()
        self._changed()
        self._read_environment()

    def learn(self, value: str, name: str, *, exact: bool = False) -> str:
        """Take a value for a secret; return the variable that stands for it.

        Args:
            value: The secret.
            name: What it is called.
            exact: Whether `name` is the environment variable that holds it.
        """
        value = value.strip()
        with self._lock:
            known = self._known.get(value)
            if known is not None:
                return known.name
            variable = name if exact else self._free(variable_of(name), value)
            if 0 < len(value) <= _LONGEST and len(self._known) < _MOST:
                self._known[value] = Known(value, variable)
                self._names[variable] = value
                if is_searchable(value):
                    searched = (*self._searched, self._known[value])
                    self._searched = tuple(sorted(searched, key=lambda k: len(k.value), reverse=True))
            return variable

    def learn_named(self, name: str, value: str) -> None:
        """Take a value for a secret if its name and its looks say so."""
        if len(value) <= _LONGEST and is_secret_by(suspicion_of(name), value):
            self.learn(value, name)

    def text(self, text: str) -> str:
        """Return a text of any kind without secrets: a marker stands in place of each."""
        self._look()
        return self._clean(text)

    def code(self, text: str) -> str:
        """Return Python without secrets: still Python, line by line, with literals that name what they stood for."""
        self._look()
        if not self._may_hold_secrets(text):
            return text
        from mlexp.redaction.code import redacted_code  # most sessions have no such cell

        clean = partial(self._clean, learning=True)
        try:
            return redacted_code(
                text,
                name_for=self._name_for,
                clean=clean,
                bare=partial(clean, quoted=True),
                whole_for=self._whole_for,
            )
        except (RecursionError, MemoryError):  # code that is nested too deep for us is a text like any other
            return clean(text)

    def _may_hold_secrets(self, text: str) -> bool:
        return mentions_secrets(text) or any(True for _ in self._spans(text))

    def _clean(self, text: str, *, learning: bool = False, quoted: bool = False) -> str:
        if len(text) < 4:
            return text
        marked = [match.span() for match in MARKER.finditer(text)] if "<secret " in text else []
        spans = sorted(self._spans(text, assigned=not quoted), key=lambda span: span.start)
        if marked:
            spans = [s for s in spans if not any(s.start < stop and start < s.stop for start, stop in marked)]
        if not spans:
            return text
        parts, at = [], 0
        for span in _joined(spans):
            name = span.name
            if learning and span.stop - span.start >= 4:
                name = self.learn(text[span.start : span.stop], name)
            parts += [text[at : span.start], f'"{marker(name)}"' if quoted else marker(name)]
            at = span.stop
        return "".join([*parts, text[at:]])

    def _spans(self, text: str, *, assigned: bool = True) -> Iterator[Span]:
        searched = self._searched
        words = Words(text)
        for known in searched:
            yield from known.spans(text, words)
        if any(known.bare for known in searched):
            bare = bare_of(text)
            for known in searched:
                yield from known.wrapped(text, bare)
        for known in searched:
            yield from known.pieces(text, words)
        yield from spans_of_shapes(text, words)
        if assigned:
            yield from spans_of_assigned(text, words)

    def _name_for(self, literal: Literal) -> str:
        value = without_scheme(literal.value)
        name = self.learn(value, literal.variable, exact=literal.exact)
        return literal.variable if literal.exact else name

    def _whole_for(self, value: str) -> str | None:
        """Return the variable of a text that is one secret from its beginning to its end; None for any other."""
        value = value.strip()
        known = self._known.get(value)
        if known is not None and is_searchable(value):
            return known.name
        for span in spans_of_shapes(value):
            if span.start == 0 and span.stop == len(value):
                return self.learn(value, span.name)
        return None

    def _free(self, variable: str, value: str) -> str:
        """Return the variable, with a number behind it where another secret has that name."""
        name, n = variable, 1
        while self._names.get(name, value) != value or self._variables.get(name, value) != value:
            n += 1
            name = f"{variable}_{n}"
        return name

    def _look(self) -> None:
        if self._changed():
            with self._lock:
                self._read_environment()

    def _read_environment(self) -> None:
        self._variables = dict(self._environment())
        for name, value in self._variables.items():
            suspicion = suspicion_of(name)
            if suspicion > Suspicion.NONE and is_searchable(value) and is_secret_by(suspicion, value):
                self.learn(value, name, exact=True)
            elif "://" in value and "@" in value and len(value) < _LONGEST:
                for span in spans_of_shapes(value):
                    self.learn(value[span.start : span.stop], f"{name}_PASSWORD")


def _joined(spans: list[Span]) -> Iterator[Span]:
    """Yield spans that do not overlap: of those that do, all that they cover, under the name of the first."""
    current = spans[0]
    for span in spans[1:]:
        if span.start < current.stop:
            current = Span(current.start, max(current.stop, span.stop), current.name)
        else:
            yield current
            current = span
    yield current
