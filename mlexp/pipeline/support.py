"""The text of ours in an exported script. It is a newcomer's first sight of the script, so it is as plain as it can be.

A name of ours stands for itself; `emit` replaces those that the session uses. `@…@` marks what it fills in.
"""

from __future__ import annotations

from collections.abc import Sequence

TYPED = '''
def typed(default):
    """Return a reader of a flag's text: a literal as Python has it, else a word, as in `--max_depth sqrt`."""

    def value(text):
        if isinstance(default, str):
            return text
        if isinstance(default, float):
            try:
                return float(text)
            except ValueError:
                pass
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, SyntaxError):
            if isinstance(default, bool) or not text.isidentifier():
                raise ValueError(text) from None
            return text

    value.__name__ = type(default).__name__
    return value
'''

PLACES = """
script = os.path.abspath(globals().get("__file__", "@FILE@"))  # there is no __file__ when run cell by cell
bundle = os.path.join(os.path.dirname(script), "@BUNDLE@")
"""

MODULES_PATH = '''
def find_modules():
    """Let modules be found in the order of the notebook: the standard library's, then those in the bundle."""
    here = os.path.dirname(script)
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != here]
    at = next((i for i, folder in enumerate(sys.path) if folder.endswith("-packages")), len(sys.path))
    sys.path[at:at] = [bundle, here]
'''

INPUT_PATH = '''
def input_path(path):
    """Give the place of an input: the one of --data, else the one in the bundle. Other paths stay as they are."""
    if isinstance(path, (str, os.PathLike)):
        for name, known in INPUTS.items():
            if os.path.normpath(path) in (os.path.normpath(known), os.path.abspath(known)):
                return type(path)(args.data.get(name) or os.path.join(bundle, name))
    return path
'''

LOG = '''
def log(metrics=None, /, *, step=None, **named):
    """Keep a point of the curves, in place of mlexp.log; write it to --history FILE at once."""
    point = {"step": len(history) if step is None else step}
    for name, value in {**(metrics or {}), **named}.items():
        try:
            point[name] = float(value)
        except (TypeError, ValueError):
            print(f"log: {name} is no number", file=sys.stderr)
    history.append(point)
    if args.history:
        print(json.dumps(point), file=args.history, flush=True)
'''

SHOW_FIGURES = '''
def show_figures(section):
    """Save the open figures (--figures DIR) and close them, as the notebook does after each cell."""
    plt = sys.modules["matplotlib.pyplot"]
    if plt.get_backend().lower() != "agg":
        return plt.show()
    for figure in plt.get_fignums():
        if args.figures:
            os.makedirs(args.figures, exist_ok=True)
            plt.figure(figure).savefig(os.path.join(args.figures, f"{section}-{figure}.png"))
        plt.close(figure)
'''

RESTORE_STATE = '''
def restore_state(file, generator):
    """Give a random number generator the state that it had in the notebook."""
    import random

    with open(os.path.join(bundle, file), encoding="utf-8") as text:
        state = json.load(text)
    if generator == "numpy":
        import numpy.random

        numpy.random.set_state(state)
    else:
        random.setstate((state[0], tuple(state[1]), state[2]))
'''

COULD_NOT_TELL = '''
def could_not_tell(kind, error, trace):
    """Under --check, a package or file that is missing is no difference: exit status 3."""
    sys.__excepthook__(kind, error, trace)
    if args.check and issubclass(kind, (ImportError, FileNotFoundError)):
        print(f"could not tell: {error}", file=sys.stderr, flush=True)
        sys.stdout.flush()
        os._exit(3)
'''


def flag_reader(*, inputs: bool, logs: bool, figures: bool) -> str:
    """Return the function that reads the flags, with those that this script has."""
    lines = [
        "def read_flags():",
        '    parser = argparse.ArgumentParser(usage="%(prog)s [FLAG]...", description=__doc__, allow_abbrev=False)',
        "    parser.formatter_class = argparse.RawDescriptionHelpFormatter",
        "    flag = parser.add_argument",
        "    for name, value in PARAMS.items():",
        '        flag(f"--{name}", type=typed(value), default=value, metavar=type(value).__name__, help="%(default)r")',
    ]
    if inputs:
        lines.append(
            '    flag("--data", action="append", default=[], metavar="NAME=PATH", help="replace " + ", ".join(INPUTS))'
        )
    if figures:
        lines.append('    flag("--figures", metavar="DIR", help="save the figures there")')
    if logs:
        lines.append(
            '    flag("--history", metavar="FILE", type=argparse.FileType("w"), help="write each point there, as JSON")'
        )
    lines += [
        '    flag("--metrics", metavar="FILE", help="write the metrics there, as JSON")',
        '    flag("--check", action="store_true", help="compare with the run; exit status 1 if it differs")',
        "    words = sys.argv[1:] if os.path.abspath(sys.argv[0]) == script else []  # imported: as in the run",
        "    for i, word in enumerate(words[:-1]):  # a value may begin with a dash: --rate -1e-3",
        '        if word[2:] in PARAMS and word.startswith("--") and words[i + 1]:',
        '            words[i : i + 2] = [f"{word}={words[i + 1]}", ""]',
        "    args = parser.parse_args([word for word in words if word])",
    ]
    if inputs:
        lines += [
            '    args.data = dict(pair.partition("=")[::2] for pair in args.data)',
            "    if not args.data.keys() <= set(INPUTS) or not all(args.data.values()):",
            """        parser.error(f"--data takes NAME=PATH, with NAME one of: {', '.join(INPUTS)}")""",
        ]
    return "\n".join([*lines, "    return args"])


def check(readings: Sequence[str], *, inputs: bool, logs: bool, reference: str) -> str:
    """Return the last part: the metrics as they are now, written and compared."""
    parts = []
    if inputs:
        parts.append('''
def digest(path):
    """Give the SHA-256 of a file."""
    import hashlib

    with open(path, "rb") as file:
        return "sha256 " + hashlib.file_digest(file, "sha256").hexdigest()
''')
    if readings:
        parts.append('''
def number(value):
    """Give a number of any library as Python's own."""
    return value.item() if hasattr(value, "item") else value
''')
    if logs:
        parts.append('''
def last(name):
    """Give the last value that was logged."""
    return [point[name] for point in history if name in point][-1]
''')
    body = ["    return {", "        @READINGS@,", "    }"] if readings else ["    return {}"]
    parts.append("\n".join(["", "def metrics_now():", '    """Give the metrics as they are now."""', *body, ""]))
    compared = " | {name: digest(input_path(path)) for name, path in INPUTS.items()}" if inputs else ""
    main = [
        "def finish():",
        '    """Do what --metrics and --check ask for."""',
        "    if args.metrics:",
        "        os.makedirs(os.path.dirname(os.path.abspath(args.metrics)), exist_ok=True)",
        '        with open(args.metrics, "w", encoding="utf-8") as file:',
        '            file.write(json.dumps({"metrics": metrics_now()}, indent=2) + "\\n")',
        "    if args.check:",
        f"        now = metrics_now(){compared}",
        "        differ = [name for name in RECORDED if repr(now[name]) != repr(RECORDED[name])]",
        "        for name in differ:",
        "            was, found = RECORDED[name], now[name]",
        '            apart = "" if isinstance(was, str) else f", {found - was:+.3g}"',
        '            print(f"{name}: {was} in the run, {found} now{apart}", file=sys.stderr)',
        f'        some = f"{{len(differ)}} of {{len(RECORDED)}} differ from run {reference}"',
        f'        print(some if differ else f"all {{len(RECORDED)}} equal those of run {reference}", file=sys.stderr)',
        "        sys.exit(bool(differ))",
    ]
    parts.append("\n".join(main))
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n\n\nfinish()"
