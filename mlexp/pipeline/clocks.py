"""Readings of clocks in printed text: the time of day, the date, how long something took.

They are another each time and say nothing of a result. They are only looked past where two clean runs of one script
print different ones: a number that merely looks like a time is the same in both.
"""

from __future__ import annotations

import re

_NUMBER = r"\d+(?:[.,]\d+)?(?:e[+-]?\d+)?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_READINGS = re.compile(
    rf"""
    (?:\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\ +)?\b\d{{1,2}}\ {_MONTH}\ \d{{4}}\b      # Tue, 24 Nov 2026
    | \b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\ {_MONTH}\ +\d{{1,2}}\b                            # Tue Nov 24
    | \b\d{{4}}-\d\d-\d\d(?:[T\ ](?=\d))?
    | \b\d{{1,2}}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\ ?[AP]M)?\b
    | (?<![\w.]){_NUMBER}\ ?(?:ns|[µμu]s|ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b
    | \b(?:\w*time|elapsed|took|duration|seconds|secs?)(?:\ (?:taken|is|was|in|of))?[\ :=(]{{1,20}}{_NUMBER}
    """,
    re.VERBOSE | re.IGNORECASE,
)


def without_clocks(text: str) -> str:
    """Return the text with one sign for each reading, and one blank for each run of blanks."""
    return re.sub(r"[ \t]+", " ", _READINGS.sub("◷", text))
