"""Which files a text names: its literals, and what its shell lines read, write and remove.

A text only tells of candidates: whether a file is there, and what became of it, is for the one who looks.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from mlexp.dataflow.cell import magic_call, parse

_LITERAL = re.compile(r"""(?<![\w'"])([rbfRBF]{0,2})("|')(?!\2\2)((?:(?!\2)[^\\\n]|\\.)*)\2""")
_LONGEST = 1024
_MOST = 64
_NATIVE = (
    "parquet", "feather", "ipc", ".write_", ".scan_", ".sink_", "COPY", "connect", "File(", "HDFStore", "hdf",
    "safetensors", "save_file", "save_model", "netcdf", "zarr", "imwrite", "memmap", "Popen",
    "check_call", "check_output", ".system(", "subprocess", "run_cell_magic",
    "torch.save", "arrow", "duckdb", "xgb", ".sql(",
)  # fmt: skip
"""What texts say that may read or write files in a way that Python tells nothing of."""
_SHELLS = frozenset({"bash", "sh", "script", "sx", "system", "!", "zsh"})
_FETCHES = frozenset("wget curl aria2c gdown kaggle gsutil aws hf huggingface-cli rclone scp sftp ftp dvc".split())
_BEFORE = frozenset("sudo time nohup env nice command exec then do else".split())
_PACKERS = {"gzip": ".gz", "bzip2": ".bz2", "xz": ".xz", "zstd": ".zst"}
_IN_PLACE = frozenset({
    ".db", ".sqlite", ".sqlite3", ".db3", ".duckdb", ".h5", ".hdf5", ".hdf", ".he5", ".nc", ".mdb", ".lmdb", ".zip",
    ".log", ".dat", ".dir", ".bak", ".mmap", ".memmap",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Literals:
    """The texts of a cell that may be paths."""

    texts: tuple[str, ...]
    folders: tuple[str, ...]
    """What stands in an f-string before its first value, up to the last separator."""
    native: bool
    """Whether it may read or write files in a way that Python tells nothing of."""


@lru_cache(maxsize=1024)
def literals_of(python: str) -> Literals:
    """Return the texts of a cell that may be paths, by its letters alone: quick, and now and then one too many."""
    texts: dict[str, None] = {}
    folders: dict[str, None] = {}
    for match in _LITERAL.finditer(python):
        text = match[3]
        if not text or len(text) > _LONGEST or text != text.strip():
            continue
        if "f" in match[1].lower() and "{" in text:
            folder = text.partition("{")[0].rpartition("/")[0]
            folders |= {folder: None} if folder else {}
        elif len(texts) < _MOST:
            texts[text.replace("\\\\", "\\") if "r" not in match[1].lower() else text] = None
            if quoted := re.findall(r"""['"]([^'"\s]+)['"]""", text):  # a path in a query: SELECT * FROM 'a.parquet'
                texts |= dict.fromkeys(quoted)
    return Literals(tuple(texts), tuple(folders), any(word in python for word in _NATIVE))


def keeps_earlier_content(path: str) -> bool:
    """Tell whether a file of that name is changed in place by those who write it, as a database is."""
    return os.path.splitext(path)[1].lower() in _IN_PLACE


@dataclass(slots=True)
class CommandFiles:
    """What shell commands do to files, as they spell them; relative ones are meant from where the shell was started."""

    reads: list[str] = field(default_factory=list)
    """Any word that may be a file."""
    writes: list[str] = field(default_factory=list)
    appends: list[str] = field(default_factory=list)
    """What is changed in place, or appended to."""
    removes: list[str] = field(default_factory=list)
    fetches: bool = False
    """Whether something is fetched over the network."""


@lru_cache(maxsize=1024)
def commands_in(python: str) -> tuple[str, ...]:
    """Return the shell commands of a cell: of its `!` lines, and of magics such as `%%bash`."""
    if "get_ipython" not in python:
        return ()
    tree = parse(python)
    found = []
    for node in ast.walk(tree) if tree is not None else ():
        match magic_call(node):
            case ("system" | "getoutput", (command,)):
                found.append(command)
            case ("run_cell_magic", (name, _, body)) if name in _SHELLS:
                found.append(body)
            case ("run_line_magic", (name, command)) if name in _SHELLS:
                found.append(command)
    return tuple(found)


def files_of_command(command: str | Sequence[str]) -> CommandFiles:
    """Return what a command does to files: a shell's text, or the words of one command."""
    found = CommandFiles()
    if not isinstance(command, str):
        words = list(command)
        if len(words) > 2 and os.path.basename(words[0]) in ("sh", "bash", "zsh") and words[1].endswith("c"):
            return files_of_command(words[2])
        _Shell(found).simple(words)
        return found
    shell = _Shell(found)
    for line in command.replace("\\\n", " ").split("\n"):
        for words in _simple_commands(line):
            shell.simple(words)
    return found


def _simple_commands(line: str) -> Iterator[list[str]]:
    reader = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    reader.whitespace_split = True
    try:
        tokens = list(reader)
    except ValueError:
        tokens = line.split()
    words: list[str] = []
    for token in tokens:
        if token and set(token) <= set("();|&"):
            yield words
            words = []
        else:
            words.append(token)
    yield words


class _Shell:
    """Reads one simple command after another; it follows `cd`."""

    def __init__(self, found: CommandFiles) -> None:
        self._found = found
        self._folder = ""

    def simple(self, words: list[str]) -> None:
        """Take one command: a program with its words."""
        words = self._redirected(words)
        while words and (words[0] in _BEFORE or re.fullmatch(r"\w+=.*", words[0])):
            del words[0]
        if not words:
            return
        program, given = os.path.basename(words[0]), words[1:]
        options = [word for word in given if word.startswith("-")]
        plain = [word for word in given if not word.startswith("-")]
        found = self._found
        if program in _FETCHES or (program == "git" and given[:1] in (["clone"], ["pull"], ["fetch"])):
            found.fetches = True
        if program == "cd":
            self._folder = os.path.join(self._folder, plain[0]) if plain else "~"
        elif program in ("echo", "printf", "export", "pip", "pip3", "conda", "git"):
            return
        elif program in ("rm", "rmdir", "unlink"):
            found.removes += self._places(plain)
        elif program in ("cp", "mv", "ln", "rsync", "install") and len(plain) > 1:
            found.reads += self._places(plain[:-1])
            targets = [plain[-1], *(os.path.join(plain[-1], os.path.basename(word)) for word in plain[:-1])]
            found.writes += self._places(targets)
            found.removes += self._places(plain[:-1]) if program == "mv" else []
        elif program in ("sed", "perl") and any(re.match(r"-\w*i|--in-place", option) for option in options):
            found.appends += self._places(plain)
        elif program == "tee":
            (found.appends if {"-a", "--append"} & set(options) else found.writes).extend(self._places(plain))
        elif program in ("touch", "truncate"):
            found.appends += self._places(plain)
        elif program == "mkdir":
            found.writes += self._places(plain)
        elif program in _PACKERS and not {"-k", "-c", "-t", "--keep", "--stdout"} & set(options):
            packed = [word + _PACKERS[program] for word in plain] if "-d" not in options else []
            opened = [os.path.splitext(word)[0] for word in plain] if "-d" in options else []
            found.reads += self._places(plain)
            found.writes += self._places([*packed, *opened])
            found.removes += self._places(plain)
        else:
            self._of_any(words)

    def _of_any(self, words: list[str]) -> None:
        """Take a command that is not known: what it is given may be read, what stands behind `-o` is written."""
        taken = False
        if os.path.isabs(words[0]) or "/" not in words[0]:
            words = words[1:]  # the program itself, which is no file of the user's
        for before, word in zip(["", *words], words, strict=False):
            option, _, value = word.partition("=")
            if taken:
                taken = False
            elif before in ("-o", "-O", "--output", "--out", "--output-document"):
                self._found.writes += self._places([word])
            elif option in ("--output", "--out", "of") and value:
                self._found.writes += self._places([value])
            elif value and (word.startswith("-") or option == "if"):
                self._found.reads += self._places([value])
            elif not word.startswith("-"):
                self._found.reads += self._places([word])

    def _redirected(self, words: list[str]) -> list[str]:
        """Note what a command's `>`, `>>` and `<` name; return its other words."""
        kept: list[str] = []
        at = 0
        while at < len(words):
            word = words[at]
            if word and set(word) <= set("<>&"):
                if kept and kept[-1] in ("1", "2"):
                    kept.pop()
                if at + 1 < len(words) and "<<" not in word:
                    kind = self._found.reads if "<" in word else self._found.writes
                    (self._found.appends if ">>" in word else kind).extend(self._places([words[at + 1]]))
                at += 2
            else:
                kept.append(word)
                at += 1
        return kept

    def _places(self, words: Sequence[str]) -> list[str]:
        return [
            os.path.join(self._folder, word) for word in words if word and not word.isdigit() and word != "/dev/null"
        ]
