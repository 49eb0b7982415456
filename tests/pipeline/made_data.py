"""Made-up data for the two long sessions, drawn here from a seed: every machine gets the same bytes."""

import math
import random
from pathlib import Path


def customers(path: Path) -> None:
    """Customers of a phone company: ages and plans are missing here and there, a few fees are absurd."""
    rng = random.Random(11)
    rows = ["customer,age,plan,city,tenure_months,monthly_fee,support_calls,churned"]
    for number in range(600):
        age = "" if rng.random() < 0.08 else rng.randint(18, 82)
        plan = rng.choice(["basic", "basic", "plus", "family", ""])
        city = rng.choice(["Graz", "Linz", "Wien"])
        tenure = int(rng.expovariate(1 / 30)) + 1
        fee = round(rng.uniform(12, 50) * (100 if rng.random() < 0.02 else 1), 2)
        calls = min(int(rng.expovariate(0.7)), 9)
        churned = int(rng.random() < 1 / (1 + math.exp(0.9 + 0.035 * tenure - 0.55 * calls)))
        rows.append(f"C{number:04d},{age},{plan},{city},{tenure},{fee},{calls},{churned}")
    path.write_text("\n".join(rows) + "\n")


def sensors(folder: Path) -> None:
    """Temperature and load at three sites, with gaps in the load; beside them a calibration for each hour."""
    rng = random.Random(12)
    factors = [1 + 0.05 * math.sin(hour / 24 * 2 * math.pi) + rng.gauss(0, 0.01) for hour in range(24)]
    (folder.parent / "calibration.txt").write_text("".join(f"{factor:.6f}\n" for factor in factors))
    for offset, site in enumerate(["north", "south", "west"]):
        rows, level = ["time,temperature,load"], 50.0 + 6 * offset
        for hour in range(120):
            temperature = 12 + 3 * offset + 8 * math.sin((hour - 9) / 24 * 2 * math.pi) + rng.gauss(0, 0.8)
            level = 0.8 * level + 0.2 * (40 + 6 * offset + 1.5 * abs(temperature - 17)) + rng.gauss(0, 1)
            load = "" if rng.random() < 0.03 else round(level * factors[hour % 24], 3)
            rows.append(f"2026-03-{1 + hour // 24:02d} {hour % 24:02d}:00,{temperature:.2f},{load}")
        (folder / f"{site}.csv").write_text("\n".join(rows) + "\n")
