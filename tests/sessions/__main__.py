"""Print how the sessions fare, by mechanism.

python -m tests.sessions [--only TEXT] [-v] [--check] [--workers 2] [--script]
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

from tests.sessions.checks import WARM, untrue
from tests.sessions.form import CELLS, Step, collect
from tests.sessions.programs import N_STATEMENTS, program
from tests.sessions.runner import KINDS, Judged, Players, judge


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sessions")
    parser.add_argument("--only", default="", help="sessions whose name or mechanism has this text")
    parser.add_argument("-v", action="store_true", help="tell of each cell of the sessions that fail")
    parser.add_argument("--script", action="store_true", help="print the scripts")
    parser.add_argument("--check", action="store_true", help="prove the sessions' claims without mlexp")
    parser.add_argument("--programs", type=int, default=0, help="try so many random programs instead")
    parser.add_argument("--seed", type=int, default=0, help="of these programs")
    parser.add_argument("--workers", type=int, default=2)
    words = parser.parse_args()
    if words.programs:
        return programs(words.programs, words.seed, words.workers)
    sessions = [session for session in collect() if words.only in session.id and all(map(find_spec, session.needs))]
    players = Players(words.workers, **({"warm": WARM} if words.check else {}))
    with ThreadPoolExecutor(words.workers) as pool:
        if words.check:
            n_wrong = 0
            for session, wrong in zip(sessions, pool.map(lambda s: untrue(s, players), sessions), strict=True):
                n_wrong += bool(wrong)
                for line in wrong:
                    print(f"{session.id}: {line}", flush=True)
            print(f"{len(sessions)} sessions, of {n_wrong} a claim is not true")
            return int(n_wrong > 0)
        judged = list(pool.map(lambda session: judge(session, players), sessions))
    players.close()
    print(table(judged))
    for found in judged:
        if found.problem:
            print(f"\n{found.session.id}\n    {found.problem}")
            for state, tag, text in found.cells if words.v else ():
                print(f"    {state:<3} {tag:<5} {text!r}"[:140])
        if words.script:
            print(found.text)
    return int(any(found.problem for found in judged))


def programs(n: int, seed: int, workers: int) -> int:
    """Try random programs; print those that fail."""
    draw = random.Random(seed)

    def one(n_max: int) -> list[tuple[int, int, int, int]]:
        return [
            (draw.randrange(N_STATEMENTS), draw.randrange(9), draw.randrange(9), draw.randrange(9))
            for _ in range(draw.randint(1, n_max))
        ]

    made = []
    for _ in range(n):
        cells = [one(3) for _ in range(draw.randint(2, 16))]
        made.append(program(cells, [(draw.randrange(30), 0) for _ in range(draw.randint(1, 4))]))
    players = Players(workers)
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(workers) as pool:
        for number, found in enumerate(pool.map(lambda session: judge(session, players), made)):
            counts[found.kind] += 1
            if found.problem and found.kind != "not as told":
                print(f"program {number}: {found.problem}")
                for step, cell in zip(_cells(found), found.cells or [("?", "", "")] * 99, strict=False):
                    print(f"    {cell[0]:<3} {step.kind:<5} {step.text!r}")
                print(flush=True)
    players.close()
    print(dict(counts))
    return int(bool(counts["silent wrong"] + counts["not reproduced"] + counts["false alarm"] + counts["broken"]))


def _cells(found: Judged) -> list[Step]:
    return [step for step in found.session.steps if step.kind in CELLS]


def table(judged: Sequence[Judged]) -> str:
    """Return a row for each mechanism and one for all."""
    head = ["mechanism", "sessions", "good", *KINDS, "lacking", "in/needed", "runs", "seconds"]
    groups: dict[str, list[Judged]] = {}
    for found in judged:
        groups.setdefault(found.session.mechanism, []).append(found)
    rows = [[name, *_row(group)] for name, group in groups.items()]
    rows.append(["all", *_row(judged)])
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = []
    for row in [head, *rows]:
        first, *rest = (
            text.ljust(w) if i == 0 else text.rjust(w) for i, (text, w) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *rest]))
    return "\n".join(lines)


def _row(group: Sequence[Judged]) -> list[str]:
    kinds = Counter(found.kind for found in group)
    exported = [found for found in group if found.n_in]
    ratio = sum(found.n_in for found in exported) / max(1, sum(found.n_needed for found in exported))
    runs = sum(found.n_runs for found in group) / len(group)
    seconds = sum(found.elapsed_s for found in group)
    counts = [str(kinds[kind] or "") for kind in KINDS]
    counts.append(str(sum(bool(found.lacking) for found in group) or ""))
    return [str(len(group)), str(kinds[""]), *counts, f"{ratio:.2f}", f"{runs:.1f}", f"{seconds:.0f}"]


if __name__ == "__main__":
    raise SystemExit(main())
