"""The IPython extension: `%%track`, the commands as magics, and the card under a tracked cell.

The kernel's one `Extension` is made at load and taken away at unload; it owns the session.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from weakref import WeakSet

from IPython.core.error import UsageError as IPythonUsageError
from IPython.display import display

from mlexp.capture.guard import guarded
from mlexp.capture.session import Session
from mlexp.capture.track import has_body, parse_track, strip_track, track_parser
from mlexp.commands import COMMANDS, Command, Context
from mlexp.commands.base import parser_of
from mlexp.dataflow.cell import peel
from mlexp.errors import MlexpError
from mlexp.live import MARK
from mlexp.project import Project
from mlexp.project.experiments import lost_history
from mlexp.records import Execution, RunRecord
from mlexp.render.card import run_card, run_notice
from mlexp.render.runs import state_of

_COMPLETED = ("%lineage", "lineage")
"""What stands at the beginning of a line whose names we complete."""
_NO_EXPANSION = "_ipython_magic_no_var_expand"


class Extension:
    """What is put into one shell, and how it is taken out again."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._magics: list[tuple[str, str, Callable[..., object], object]] = []
        self.project = Project.open()
        try:
            self.session = Session(shell, self.project.workplace, show_card=self._show_card, say=_show_notice)
        except BaseException:
            self.project.close()
            raise
        self.project.session_id = self.session.record.id

    def load(self) -> None:
        """Put everything in."""
        for word in _COMPLETED:
            self.shell.set_hook("complete_command", self._names, str_key=word)
        self.shell.input_transformer_manager.cleanup_transforms.append(strip_track)
        self._register(_track_magic(), "cell", "track")
        for command in COMMANDS:
            if command.magic:
                self._register(self._magic_of(command), "line", command.name)
        self.session.start()
        for word in self._words_at_load():
            print(f"mlexp: {word}")

    def _names(self, _: object, __: object) -> list[str]:
        """Return the names that `%lineage` can tell of: variables and runs."""
        found: list[str] = []
        with guarded("complete a name"):
            from mlexp.dataflow.lineage import names_bound  # with the analysis, which loading must not wait for

            found += names_bound(self.session.executions)
            found += [run.ref for run in self.project.runs()[:100]]
        return found

    def _words_at_load(self) -> Iterator[str]:
        """Yield what there is to say, a line each: of the store, of cells that came too early, of a lost history."""
        if self.project.word:
            yield self.project.word
        if early := _tracked_too_early(self.shell):
            which, them = ("cell", "it") if len(early) == 1 else ("cells", "them")
            numbers = ", ".join(map(str, early))
            yield f"{which} {numbers} began with %%track before mlexp was loaded, and did not run: run {them} again"
        with guarded("look for the history of a notebook that was moved"):
            session, project = self.session, self.project
            if word := lost_history(project.store, project.root, session.experiment, session.record.notebook):
                yield word

    def unload(self) -> None:
        """Take everything out."""
        completers = self.shell.strdispatchers["complete_command"].strs
        for word in _COMPLETED:
            completers.pop(word, None)
        transforms = self.shell.input_transformer_manager.cleanup_transforms
        if strip_track in transforms:
            transforms.remove(strip_track)
        for kind, name, ours, before in reversed(self._magics):
            magics = self.shell.magics_manager.magics[kind]
            if magics.get(name) is ours and before is None:
                del magics[name]
            elif magics.get(name) is ours:
                magics[name] = before
        self.session.close()
        self.project.close()

    def _register(self, function: Callable[..., object], kind: str, name: str) -> None:
        setattr(function, _NO_EXPANSION, True)  # IPython would turn {a,b} and $x into values
        magics = self.shell.magics_manager.magics[kind]
        self._magics.append((kind, name, function, magics.get(name)))
        magics[name] = function  # `register_magic_function` would keep it in a second place, for good

    def _magic_of(self, command: Command) -> Callable[[str], None]:
        parser = parser_of(command, prog=f"%{command.name}")

        def magic(line: str) -> None:
            try:
                words = parser.parse_args(_words(line, command))
                self.project.experiment = self.session.experiment
                context = Context(
                    project=self.project,
                    say=lambda text: print(text, flush=True),
                    progress=_Line().show,
                    experiment=self.session.experiment,
                )
                answer = command.run(context, words)
                self.session.experiment = self.project.experiment
            except MlexpError as error:
                raise _usage_error(error) from None
            if answer.html:
                display({"text/html": answer.html, "text/plain": answer.text}, raw=True)
            elif answer.text:
                print(answer.text)

        magic.__doc__ = f"{command.summary}\n\n{parser.format_help()}"
        magic.__name__ = magic.__qualname__ = command.name
        return magic

    def _show_card(self, run: RunRecord, executions: Sequence[Execution]) -> None:
        with guarded("show the card"):
            project = self.project
            before = project.previous(run)
            html, text = run_card(
                project.side_of(run, executions=executions),
                project.side_of(before) if before is not None else None,
                state=state_of(run, None),
                first=run.number == 1,
                goals=project.store.goals(),
            )
            display({"text/html": html, "text/plain": text}, raw=True)


def _show_notice(message: str) -> None:
    with guarded("show a notice"):
        html, text = run_notice(message)
        display({"text/html": html, "text/plain": text}, raw=True)


class _Line:
    """A line of the cell's output that is written over, as front ends do at a carriage return."""

    def __init__(self) -> None:
        self._width = 0

    def show(self, text: str) -> None:
        """Show `text` in place of what was shown last; nothing takes it away."""
        if text or self._width:
            print(f"\r{text.ljust(self._width)}" + ("" if text else "\r"), end="", flush=True)
            self._width = len(text)


def load(shell: Any) -> None:
    """Load mlexp into a shell; a second time does nothing. Where it cannot be loaded, nothing of it is left there."""
    if getattr(shell, MARK, None) is None:
        try:
            extension = Extension(shell)
        except MlexpError as error:
            raise _usage_error(error) from None
        setattr(shell, MARK, extension)
        try:
            extension.load()
        except BaseException:
            unload(shell)
            raise


def unload(shell: Any) -> None:
    """Take mlexp out of a shell."""
    extension: Extension | None = getattr(shell, MARK, None)
    if extension is not None:
        delattr(shell, MARK)
        extension.unload()


_knew: WeakSet[Any] = WeakSet()
"""Shells that mlexp has been loaded into: what stands in their history was tracked."""


def _tracked_too_early(shell: Any) -> list[int]:
    """Return the numbers of the cells that wanted to be tracked before mlexp was loaded, for the first time."""
    if shell in _knew:
        return []
    _knew.add(shell)
    texts = getattr(getattr(shell, "history_manager", None), "input_hist_raw", ())
    return [n for n, text in enumerate(texts) if "%%track" in text and peel(text).track is not None][-10:]


def _track_magic() -> Callable[..., None]:
    def track(line: str, cell: str) -> None:
        """Reached only where the line could not be taken off the cell: say why. Nothing of the cell runs."""
        try:
            parse_track(line)
        except MlexpError as error:
            raise _usage_error(error) from None
        if not has_body(peel(cell)):
            raise IPythonUsageError("%%track: there is nothing below it. It stands on the first line of a cell.")
        raise IPythonUsageError("%%track stands on the first line of a cell, above its code.")

    track.__doc__ = f"Run the cell as usual and record it as a run.\n\n{track_parser().format_help()}"
    return track


def _usage_error(error: MlexpError) -> IPythonUsageError:
    """Return IPython's error of one line; where a caret stands under something, below IPython's own first words."""
    text = str(error)
    return IPythonUsageError(f"\n{text}" if "\n" in text else text)


def _words(line: str, command: Command) -> list[str]:
    if command.name == "runs":  # a query keeps its quotes
        return [word for word in line.split() if word] if line.strip() else []
    try:
        return shlex.split(line)
    except ValueError as error:
        raise IPythonUsageError(f"%{command.name}: {error} in {line!r}") from None
