"""The line `%%track [NAME] [options]`: its options, and the input transformer that takes it off the cell.

IPython calls a transformer several times for one cell, and for nested code too, so it keeps no state: it turns the line
into a comment, and the hooks find the options again in the raw text. With options that cannot be read, or no body, it
leaves the line where it is; IPython then calls the magic of that name, which raises, and nothing of the cell runs.
"""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import dropwhile
from typing import Any, NoReturn

from mlexp.dataflow.cell import Peeled, parse, peel
from mlexp.errors import UsageError


@dataclass(frozen=True, slots=True)
class TrackOptions:
    """What stands behind `%%track`."""

    name: str = ""
    experiment: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    params: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    with_data: bool = True


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%%track: {message}. %%track? shows the options.")


@cache
def track_parser() -> argparse.ArgumentParser:
    """Return the parser of the line; its help is the magic's."""
    parser = _Parser(prog="%%track", add_help=False, description="Run the cell as usual and record it as a run.")
    add = parser.add_argument
    add("name", nargs="?", default="", metavar="NAME", help="what the run is called; the newest of a name wins")
    add("-e", "--experiment", default="", help="the group of runs it belongs to (default: the notebook)")
    add("-t", "--tag", dest="tags", action="append", default=[], help="a tag; may be given several times")
    add("-n", "--note", default="", help='a note, "quoted" if it has spaces')
    add("-p", "--param", dest="params", action="append", default=[], metavar="NAME", help="take this name for a param")
    add("-m", "--metric", dest="metrics", action="append", default=[], metavar="NAME", help="take it for a metric")
    add("--no-data", dest="with_data", action="store_false", help="do not keep the data that the cell reads")
    return parser


@lru_cache(maxsize=16)  # asked for several times a cell
def parse_track(line: str) -> TrackOptions:
    """Return the options of a line.

    Raises:
        UsageError: They cannot be read.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%%track: {error} in {line!r}") from None
    found = track_parser().parse_args(words)
    check_name(found.name)
    return TrackOptions(
        name=found.name,
        experiment=found.experiment,
        tags=tuple(found.tags),
        note=found.note,
        params=tuple(found.params),
        metrics=tuple(found.metrics),
        with_data=found.with_data,
    )


def check_name(name: str) -> None:
    """Raise UsageError for a name that would be taken for a reference."""
    if name.startswith("@") or (name[:1] in ("r", "g", "s") and name[1:].isdecimal()):
        raise UsageError(f"%%track: a run cannot be called {name!r}: it reads like a reference. Choose a word.")


def tracked(source: str) -> tuple[Peeled, TrackOptions] | None:
    """Return the peeled cell and its options if it is to be tracked; None if not, or if its line is off."""
    peeled = peel(source)
    if peeled.track is None or not has_body(peeled):
        return None
    try:
        return peeled, parse_track(peeled.track)
    except UsageError:
        return None


def has_body(peeled: Peeled) -> bool:
    """Tell whether anything stands below the peeled lines."""
    tree = parse(peeled.body)
    return bool(tree.body) if tree is not None else bool(peeled.body.strip())


def strip_track(lines: list[str]) -> list[str]:
    """Turn the line into a comment, or drop it where a cell magic has to become the first line."""
    source = "".join(lines)
    if "%%track" not in source:
        return lines
    found = tracked(source)
    if found is None:
        return lines
    index = found[0].track_line
    if _first_magic_below(lines, index) and all(_is_blank(line) for line in lines[:index]):
        return list(dropwhile(lambda line: not line.strip(), lines[index + 1 :]))
    return [*lines[:index], f"# {lines[index]}", *lines[index + 1 :]]


def as_seen(source: str, shell: Any) -> str:
    """Return a cell's text as `strip_track` gets it: IPython first takes off common indentation and pasted prompts."""
    if "%%" not in source:
        return source
    lines = source.splitlines(keepends=True)
    for transform in shell.input_transformer_manager.cleanup_transforms:
        if transform is strip_track:
            break
        lines = transform(lines)
    return "".join(lines)


# IPython's completeness check skips transformers that say so; else a terminal would run each further line by itself.
strip_track.has_side_effects = True  # type: ignore[attr-defined]  # a mark on the function, as IPython wants it


def _is_blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _first_magic_below(lines: list[str], index: int) -> bool:
    below = [line for line in lines[index + 1 :] if not _is_blank(line)]
    return bool(below) and below[0].startswith("%%")
