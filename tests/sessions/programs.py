"""A small language of notebook cells, and sessions made of it.

A program is a list of cells, a cell a list of statements, a statement four small numbers: which one, and what is put
into it. So any list of numbers is a program, and a shorter one with smaller numbers is a simpler one. The first letter
of a name says what it holds (n number, l list, d dict, a array, f frame, u function, o object, g generator,
i iterator), so that most programs run to their end; a statement about a name that is not there yet makes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.sessions.form import Session, Step, session

Statement = tuple[int, int, int, int]
Cell = Sequence[Statement]

MAKERS = {
    "n": "{x} = {k}",
    "l": "{x} = [{k}, 3]",
    "d": "{x} = {{'k': {k}}}",
    "a": "{x} = np.arange(6.0) + {k}",
    "f": "{x} = pd.DataFrame({{'x': [{k}, 1, 2]}})",
    "u": "def {x}(x):\n    return x + {k}",
    "o": "class K:\n    total = 0\n    def __init__(self):\n        self.v = {k}\n        self.items = []\n"
    "    def bump(self, by):\n        self.v += by\n        K.total += by\n        return self.v\n{x} = K()",
    "g": "{x} = np.random.default_rng({k})",
    "i": "{x} = iter(range({k}, 99))",
}
# {x} and {y} are names of the kind that the text begins with, {n}, {l}, … names of those kinds, {k} a small number.
STATEMENTS = """
n {x} = {k}
n {x} += {k}
n {x} = {y} + {n}
n {x} = {n} * {k}
n {x} = len({l})
n {x} = {l}[-1] if {l} else 0
n {x} = {d}.get('k', 0)
n {x} = {u}({k})
n {x} = {o}.v
n {x} = {o}.bump({k})
n {x} = int({a}.sum())
n {x} = next({i}, 0)
n {x} = int({f}['x'].sum())
n {x} = len(open('in.txt').read())
n {x} = len(open('out.txt').read())
n {x} = random.randrange(100)
n {x} = int(os.environ.get('T_SESSION', 0))
n {x} = getattr(math, 'patched', 0)
n {x} = (lambda z: z + {n})({k})
n if {n} > 4:$    {x} = {k}
n for {x} in range({k}):$    pass
n try:$    {x} = 1 // {n}$except ZeroDivisionError:$    {x} = -1
n {x}, {y} = {y}, {n}
n print({x})
n del {x}
l {x} = [{k}]
l {x} = {y}
l {x} = list({y})
l {x}.append({n})
l {x}.sort()
l {x} += [{k}]
l {x}.extend({y}[:2])
l {x} = {o}.items
l {x} = {d}.setdefault('l', [])
l {x} = [{n}, *{l}[:3]]
l {x} = [z + {n} for z in {l}]
l for z in range({k}):$    {x}.append(z)
l random.shuffle({x})
l len({x})
l print({x}, {n})
l {x}.copy().append({k})
l sorted({x})
l {x}.pop() if {x} else None
d {x} = {{'k': {n}}}
d {x} = {y}
d {x}['k'] = {n}
d {x}.update({y})
d {x}['l'] = {l}
d {x}.setdefault('l', []).append({k})
d {x}.pop('k', None)
d {x}.get('k')
d {x} = dict({y}, j={k})
a {x} = np.arange(6.0) * {k}
a {x} = {y}
a {x} = {y}[::-1]
a {x} = {y}.reshape(2, 3).reshape(-1)
a {x} = {y}.copy()
a {x}[0] = {n}
a {x}[1:4] = {k}
a {x}[2:][::2] += {k}
a {x} *= 2
a {x} = {x} + {y}
a np.add({x}, {n}, out={x})
a {x}.sort()
a {x}.mean()
a {x} = np.random.rand(6)
a {x} = {g}.normal(size=6)
a {x}[:] = {g}.random(6)
f {x} = pd.DataFrame({{'x': [{n}, {k}, 0]}})
f {x} = {y}
f {x}['y'] = {n}
f {x}.loc[0, 'x'] = {k}
f {x}.sort_values('x', inplace=True)
f {x} = {y}.assign(z={k})
f {x}.head()
f {x}['x'].describe()
u def {x}(x):$    return x + {n}
u def {x}(x, by={n}):$    return x * by
u def {x}(x):$    {l}.append(x)$    return len({l})
u def {x}(x):$    return x + {o}.v
u def {x}(x, seen=[]):$    seen.append(x)$    return sum(seen)
u def make(by):$    n = [by]$    def up(x):$        n[0] += x$        return n[0]$    return up${x} = make({n})
u {x} = lambda x: x - {n}
u {x} = {y}
u {x} = functools.partial(max, {n})
u @functools.lru_cache$def {x}(x):$    return x + {n}
u def {x}(x):$    global {n}$    {n} = {n} + x$    return {n}
u {x}({k})
o {x} = K()
o {x} = {y}
o {x}.v = {n}
o {x}.bump({k})
o {x}.items.append({n})
o {x}.items = {l}
o type({x}).total = {k}
o {x}.v
o class K:$    total = {k}$    def __init__(self):$        self.v, self.items = {n}, []$    def bump(self, by):$        self.v -= by$        return self.v
g {x} = np.random.default_rng({n})
g {x} = np.random.default_rng()
g {x} = {y}
g {x}.normal()
i {x} = iter({l})
i {x} = (z * {k} for z in {l})
i {x} = {y}
i next({x}, 0)
n open('out.txt', 'w').write(str({n}))
n with open('out.txt', 'a') as h:$    h.write('{k}')
n open('in.txt', 'w').write('x' * {k})
n os.environ['T_SESSION'] = str({n})
n math.patched = {n}
n random.seed({k})
n np.random.seed({k})
n np.random.rand({k})
n random.random()
n 1 / 0
n raise ValueError({n})
n undefined_name
""".strip().split("\n")
READS = {
    "n": "{x}",
    "l": "list({x})",
    "d": "str({x})",
    "a": "{x}.tolist()",
    "f": "{x}.to_dict()",
    "u": "{x}(2)",
    "o": "({x}.v, list({x}.items), type({x}).total)",
    "g": "{x}.random()",
    "i": "next({x}, 0)",
}
MODULES = {"np": "numpy as np", "pd": "pandas as pd"} | {m: m for m in ("random", "os", "math", "functools")}
RAISING = ("n 1 / 0", "n raise", "n undefined")
N_SPECIAL = 4
"""What may come in place of a cell: again, edited, a file from outside, a cell deleted."""
N_STATEMENTS = len(STATEMENTS) + N_SPECIAL


def program(cells: Sequence[Cell], reads: Sequence[tuple[int, int]]) -> Session:
    """Return the session of a program; the tracked cell reads some of what there is."""
    known: list[str] = []
    steps: list[Step] = []
    texts: list[tuple[str, str]] = []

    def name(kind: str, which: int) -> str:
        there = [n for n in known if n[0] == kind]
        return there[which % len(there)] if there else f"{kind}0"

    def execute(text: str, cell: str) -> None:
        texts.append((text, cell))
        steps.append(Step("may", text, cell, None))

    for number, cell in enumerate(cells):
        lines = []
        for which, first, second, k in cell:
            special = which % N_STATEMENTS - len(STATEMENTS)
            if special == 0 and texts:
                execute(*texts[first % len(texts)])
            elif special == 1 and texts:
                text, at = texts[first % len(texts)]
                execute(re.sub(r"\b\d\b", str(k), text, count=1), at)
            elif special == 2:
                steps.append(Step("sh", f"printf '%s' {'y' * (k + 1)} > in.txt"))
            elif special == 3 and texts:
                steps.append(Step("delete", cell=texts[first % len(texts)][1]))
            if special < 0:
                form = STATEMENTS[which % N_STATEMENTS]
                lines += _lines(form, first, second, k, known, name)
                if form.startswith(RAISING):
                    break
        if lines:
            execute("\n".join(lines), f"cell-{number}")
    if not known:
        known.append("n0")
        execute("n0 = 1", "the only one")
    chosen = [READS[n[0]].format(x=n) for n in [known[i % len(known)] for i, _ in reads if known]]
    steps.append(Step("track", f"out = [{', '.join(dict.fromkeys(chosen))}]", "target"))
    everything = "\n".join(step.text for step in steps)
    used = [module for short, module in MODULES.items() if re.search(rf"\b{short}\.", everything)]
    imports = [Step("may", f"import {', '.join(used)}", "imports")] if used else []
    return session("program", *imports, *steps, files={"in.txt": "abc", "out.txt": ""}, values="out", unseeded=True)


def _lines(form: str, first: int, second: int, k: int, known: list[str], name) -> list[str]:
    kind, _, text = form.partition(" ")
    made: list[str] = []
    wanted = {"y": kind} | {letter: letter for letter in MAKERS} | {"x": kind}
    if "K()" in text and not any(n[0] == "o" for n in known):
        made.append(MAKERS["o"].format(x="o0", k=k))
        known.append("o0")
    found = {"k": str(k)}
    for word, letter in wanted.items():
        if f"{{{word}}}" not in text:
            continue
        binds = word == "x" and re.match(r"(.*\$)?(\{x\}(, \{y\})? =|def \{x\}|for \{x\} in)", text)
        found[word] = f"{letter}{first % 3}" if binds else name(letter, second if word == "y" else first + second)
        if not binds and found[word] not in known:
            made.append(MAKERS[letter].format(x=found[word], k=k))
            known.append(found[word])
        if word == "x" and found[word] not in known:
            known.append(found[word])
    return [*made, text.replace("$", "\n").format(**found)]
