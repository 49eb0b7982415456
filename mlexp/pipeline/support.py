"""The text of ours in an exported script. It is a newcomer's first sight of the script, so it is as plain as it can be.

A name of ours stands for itself; `emit` replaces those that the session uses, built-in ones too, but sees none inside
f-strings: there only local names may stand. `@…@` marks what it fills in.
"""

from __future__ import annotations

from collections.abc import Collection

TYPED = '''
def typed(default):
    """Return a reader of a flag's text: a literal as Python has it, else a word, as in `--max_depth sqrt`."""

    def value(text):
        if isinstance(default, str):
            return text
        for read in (float, ast.literal_eval) if isinstance(default, float) else (ast.literal_eval,):
            try:
                return read(text.strip())
            except (ValueError, SyntaxError):
                pass
        if default is None or (type(default) in (int, float) and text.isidentifier()):
            return text
        raise ValueError(text)

    value.__name__ = "value" if default is None else type(default).__name__
    return value
'''

SCRIPT = """
script = os.path.abspath(globals().get("__file__", @FILE@))  # there is no __file__ when run cell by cell
"""

BUNDLE = """
bundle = os.path.join(os.path.dirname(script), @BUNDLE@)
"""

MODULES_PATH = '''
def find_modules():
    """Let modules be found in the order of the notebook: the standard library's, then those in the bundle."""
    here = os.path.dirname(script)
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != here]
    at = next((i for i, folder in enumerate(sys.path) if folder.endswith("-packages")), len(sys.path))
    sys.path[at:at] = [@FOLDERS@here]
'''

INPUT_PATH = '''
def input_path(path):
    """Give the place of an input: the one of --data, else the one in the bundle. Other paths stay as they are."""
    if isinstance(path, (str, os.PathLike)) and path:
        name = INPUTS.get(os.path.normpath(path)) or INPUTS.get(os.path.relpath(path))
        if name@NOT_REWRITTEN@:
            return type(path)(args.data.get(name) or os.path.join(bundle, name))
    return path
'''

NOT_REWRITTEN = " and not (os.path.exists(path) and os.path.getmtime(path) >= started)"

INPUT_COPY = '''
def input_copy(path):
    """Give the place of a copy of an input, since the notebook goes on to change it."""
    place = input_path(path)
    if place == path:
        return path
    if place not in copies:
        copies[place] = type(path)(shutil.copy(place, tempfile.mkdtemp(dir=copied.name)))
    return copies[place]
'''

PLACE_INPUT = '''
def place_input(path):
    """Put an input where other programs look for it, unless something lies there; unchanged, it goes at the end."""
    place = input_path(path)
    for name in [name for name in INPUTS if os.path.abspath(name) == os.path.abspath(path)]:
        del INPUTS[name]
    if place != path and not os.path.lexists(path):
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        shutil.copy(place, path)
        path, laid = os.path.abspath(path), os.path.getmtime(path)
        atexit.register(lambda: os.path.exists(path) and os.path.getmtime(path) == laid and os.remove(path))
'''

FOUND_THERE = """
            for name in [name for name in INPUTS if os.path.abspath(name) == path]:
                del INPUTS[name]"""

LAY_FOLDERS = '''
def lay_folders(entries):
    """Lay what the notebook found in its folders where it lists them. What nobody has changed goes at the end."""
    laid = []
    for path, (size, changed) in entries.items():
        place, path, is_folder = @PLACE@, os.path.abspath(path), path.endswith(os.sep)
        order.setdefault(path, len(order))
        if os.path.lexists(path):
            continue
        folder = path if is_folder else os.path.dirname(path)
        if not os.path.isdir(folder):
            laid.append((folder, None))
            os.makedirs(folder)
        if is_folder:
            continue
        if os.path.isfile(place):
            shutil.copyfile(place, path)@FOUND_THERE@
        else:
            with open(path, "wb") as file:  # only its name was read, perhaps its size and time
                file.truncate(size)
        os.utime(path, ns=(changed, changed))
        laid.append((path, changed))
    atexit.register(take_away, laid)


def take_away(laid):
    """Remove what was laid and is as it was, and folders that are empty then."""
    for path, changed in reversed(laid):
        try:
            if changed is None:
                os.rmdir(path)
            elif os.stat(path).st_mtime_ns == changed:
                os.remove(path)
        except OSError:
            pass
'''

AS_LISTED = '''
def as_listed(function):
    """Let a function list folders in the notebook's order."""

    def listing(*words, **options):
        base = words[0] if function is os.listdir and words else ""

        def rank(item):
            return order.get(os.path.abspath(os.path.join(base, item)), len(order))

        def walking():
            nonlocal base
            for base, folders, names in function(*words, **options):
                folders.sort(key=rank)
                names.sort(key=rank)
                yield base, folders, names

        if function is os.walk:
            return walking()
        found = function(*words, **options)
        return sorted(found, key=rank) if isinstance(found, list) else iter(sorted(found, key=rank))

    return listing
'''

GO_TO = '''
def go_to(folder, inside=""):
    """Change the working directory as the notebook did, but never out of the one that this was started in."""
    top, path = folders[0], os.path.expanduser(folder) if folder != "-" else folders[-2:][0]
    if not os.path.isabs(path):
        path = os.path.join(os.path.relpath(os.getcwd(), top), path)
    else:
        path = os.path.relpath(path, top) if os.path.commonpath([path, top]) == top else inside
    folders.append(os.path.join(top, os.path.normpath(os.sep + path)[1:]))  # a root has no ".."
    os.makedirs(folders[-1], exist_ok=True)
    os.chdir(folders[-1])
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

NEED_SECRETS = '''
def need_secrets(*names):
    """End with exit status 3 where a secret that the notebook had is not in the environment."""
    missing = [name for name in names if name not in os.environ]
    if missing:
        print("could not tell: set", ", ".join(missing), "in the environment", file=sys.stderr)
        sys.exit(3)
'''

METRIC = '''
def metric(name, value):
    """Keep what a scoring function gives, and hand it on."""
    measured.setdefault(name, []).append(value)
    return value
'''

SHOW_FIGURES = '''
def show_figures(section):
    """Save the open figures (--figures DIR) and close them, as the notebook does."""
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is None:
        return None
    if plt.get_backend().lower() != "agg":
        return plt.show()
    for figure in plt.get_fignums():
        if args.figures:
            os.makedirs(args.figures, exist_ok=True)
            n = shown[section] = shown.get(section, 0) + 1
            plt.figure(figure).savefig(os.path.join(args.figures, f"{section}-{n}.png"))
        plt.close(figure)
'''

_TENSOR = "state = torch.frombuffer(bytearray(base64.b64decode(state)), dtype=torch.uint8)"
_RESTORING: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "random",
        'generator == "random"',
        ("import random", "", "random.setstate((state[0], tuple(state[1]), state[2]))"),
    ),
    ("numpy", 'generator == "numpy"', ("import numpy.random", "", "numpy.random.set_state(state)")),
    ("torch", 'generator == "torch"', ("import base64, torch", "", _TENSOR, "torch.set_rng_state(state)")),
    (
        "torch.cuda",
        'str(generator).startswith("torch.cuda")',
        ("import base64, torch", "", _TENSOR, 'torch.cuda.set_rng_state(state, generator.removeprefix("torch."))'),
    ),
    ("torch.Generator", "isinstance(state, str)", ("import base64, torch", "", _TENSOR, "generator.set_state(state)")),
    (
        "random.Random",
        "isinstance(state, list)",
        ("generator.setstate((state[0], tuple(state[1]), state[2]))",),
    ),
    ("numpy.random.Generator", 'hasattr(generator, "bit_generator")', ("generator.bit_generator.state = state",)),
    ("numpy.random.RandomState", 'hasattr(generator, "set_state")', ("generator.set_state(state)",)),
    ("numpy.random.BitGenerator", 'hasattr(generator, "state")', ("generator.state = state",)),
)
"""Kind of generator, how the script knows it, what gives it a state."""

COULD_NOT_TELL = '''
def could_not_tell(kind, error, trace):
    """Under --check, a package or file that is missing is no difference: exit status 3."""
    sys.__excepthook__(kind, error, trace)
    if args.check and issubclass(kind, (ImportError, FileNotFoundError)):
        print(f"could not tell: {error}", file=sys.stderr, flush=True)
        sys.stdout.flush()
        os._exit(3)
'''

STAND_INS = {
    "input": '''
def input(prompt=""):
    """Give what was typed at this question in the notebook, or what --@ANSWERS@ says."""
    return args.@ANSWERS@.pop(0)
''',
    "display": '''
def display(*values, **options):
    """Show values, in place of the notebook's own function."""
    print(*values, sep="\\n")
''',
    "get_ipython": '''
def get_ipython():
    """Say that this is no notebook."""
''',
}


def restore_state(*, kinds: Collection[str], flags: bool) -> str:
    """Return the function that restores generators' states, with the kinds that this script has.

    Args:
        kinds: As in `GeneratorState`.
        flags: Whether some were seeded by a flag.
    """
    more = ", *seeds" if flags else ""
    unless = ", unless another seed is asked for" if flags else ""
    lines = [
        f"def restore_state(file, generator{more}):",
        f'    """Give a random number generator the state that it had in the notebook{unless}."""',
    ]
    if flags:
        lines += [
            "    if any(getattr(args, seed) != PARAMS[seed] for seed in seeds):",
            '        print(f"{file} is not restored, as another seed is asked for", file=sys.stderr)',
            "        return",
        ]
    lines += [
        '    with open(os.path.join(bundle, file), encoding="utf-8") as text:',
        "        state = json.load(text)",
    ]
    families = {kind.partition(":")[0] for kind in kinds}
    used = [(test, body) for family, test, body in _RESTORING if family in families]
    for i, (test, body) in enumerate(used):
        if len(used) > 1:
            lines.append(f"    if {test}:" if i == 0 else f"    elif {test}:" if i < len(used) - 1 else "    else:")
        lines += [f"    {'    ' * (len(used) > 1)}{line}" if line else "" for line in body]
    return "\n".join(lines)


def flag_reader(*, params: bool, inputs: bool, logs: bool, figures: bool) -> str:
    """Return the function that reads the flags, with those that this script has."""
    lines = [
        "def read_flags():",
        '    parser = argparse.ArgumentParser(usage="%(prog)s [FLAG]...", description=__doc__, allow_abbrev=False)',
        "    parser.formatter_class = argparse.RawDescriptionHelpFormatter",
        "    flag = parser.add_argument",
    ]
    if params:
        lines += [
            "    for name, value in PARAMS.items():",
            "        kind = typed(value)",
            '        flag(f"--{name}", type=kind, default=value, metavar=kind.__name__, help="%(default)r")',
        ]
    if inputs:
        lines += [
            "    names = sorted(set(INPUTS.values()))",
            '    flag("--data", action="append", default=[], metavar="NAME=PATH", help="replace " + ", ".join(names))',
        ]
    if figures:
        lines.append('    flag("--figures", metavar="DIR", help="save the figures there")')
    if logs:
        lines.append('    flag("--history", metavar="FILE", help="write each point there, as JSON")')
    lines += [
        '    flag("--metrics", metavar="FILE", help="write the metrics there, as JSON")',
        '    flag("--check", action="store_true", help="compare with the run; exit status 1 if it differs")',
        "    words = sys.argv[1:] if os.path.abspath(sys.argv[0]) == script else []  # imported: as in the run",
    ]
    if params:
        lines += [
            "    for i in range(len(words) - 1, 0, -1):  # a value may begin with a dash, as in --rate -1e-3",
            '        if words[i - 1] in [f"--{name}" for name in PARAMS]:',
            '            words[i - 1 : i + 1] = [f"{words[i - 1]}={words[i]}"]',
        ]
    if not inputs and not logs:
        return "\n".join([*lines, "    return parser.parse_args(words)"])
    lines.append("    args = parser.parse_args(words)")
    if inputs:
        lines += [
            '    args.data = dict(pair.partition("=")[::2] for pair in args.data)',
            "    if not args.data.keys() <= set(names) or not all(args.data.values()):",
            """        parser.error(f"--data takes NAME=PATH, with NAME one of: {', '.join(names)}")""",
        ]
    if logs:
        lines += [
            "    if args.history:",
            '        args.history = open(args.history, "w", encoding="utf-8")',
        ]
    return "\n".join([*lines, "    return args"])


def check(*, n_read: int, n_logged: int, has_inputs: bool, logs: bool, reference: str) -> str:
    """Return the last part: the metrics as they are now, written and compared. `@READINGS@` stands for the metrics.

    Args:
        n_read: How many metrics are read from variables.
        n_logged: How many were logged.
        has_inputs: Whether there are inputs.
        logs: Whether anything is logged.
        reference: The run's reference.
    """
    parts = []
    if has_inputs:
        parts.append('''
def digest(path):
    """Give the SHA-256 of a file."""
    import hashlib

    with open(path, "rb") as file:
        return "sha256 " + hashlib.file_digest(file, "sha256").hexdigest()
''')
    if n_read:
        parts.append('''
def number(value):
    """Give a number of any library as Python's own."""
    return value.item() if hasattr(value, "item") else value
''')
    if n_logged:
        parts.append('''
def last(name):
    """Give the last value that was logged."""
    return [point[name] for point in history if name in point][-1]
''')
    body = ["    return {", "        @READINGS@,", "    }"] if n_read + n_logged else ["    return {}"]
    parts.append("\n".join(["", "def metrics_now():", '    """Give the metrics as they are now."""', *body, ""]))
    main = [
        "def finish():",
        '    """Do what --metrics and --check ask for."""',
        *(["    if args.history:", "        args.history.close()"] if logs else []),
        "    if args.metrics:",
        "        os.makedirs(os.path.dirname(os.path.abspath(args.metrics)), exist_ok=True)",
        '        with open(args.metrics, "w", encoding="utf-8") as file:',
        '            file.write(json.dumps({"metrics": metrics_now()}, indent=2) + "\\n")',
    ]
    if n_read + n_logged:
        main += [
            "    if args.check:",
            "        now = metrics_now()",
            *(
                [
                    "        for name in sorted(RECORDED.keys() - now.keys()):  # inputs",
                    "            now[name] = digest(args.data.get(name) or os.path.join(bundle, name))",
                ]
                if has_inputs
                else []
            ),
            "        differ = [name for name in RECORDED if repr(now[name]) != repr(RECORDED[name])]",
            "        for name in differ:",
            "            was, found = RECORDED[name], now[name]",
            '            apart = f", {found - was:+.3g}" if isinstance(found, (int, float)) else ""',
            '            print(f"{name}: {was} in the run, {found} now{apart}", file=sys.stderr)',
            "        n, n_differ = len(RECORDED), len(differ)",
            f'        some = f"{{n_differ}} of {{n}} differ from run {reference}"',
            f'        print(some if differ else f"all {{n}} equal those of run {reference}", file=sys.stderr)',
            "        sys.exit(1 if differ else 0)",
        ]
    else:
        main += [
            "    if args.check:",
            f'        print("could not tell: run {reference} recorded no metric", file=sys.stderr)',
            "        sys.exit(3)",
        ]
    parts.append("\n".join(main))
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n\n\nfinish()"
