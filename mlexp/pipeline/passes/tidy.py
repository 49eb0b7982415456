"""What is left over goes: blank lines at a section's ends, and sections without a statement."""

from __future__ import annotations

from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.pipeline.script import Script, Section


def tidy(script: Script) -> Script:
    """Tidy every section; sections that hold nothing any more go, the run's own stays."""
    changed = script.with_sources(lambda section: section.source.rstrip())
    kept = [s for s in changed.sections[:-1] if s.source.strip() and not _is_empty(s)]
    return replace(changed, sections=(*kept, changed.sections[-1]))


def _is_empty(section: Section) -> bool:
    tree = parse(section.source)
    return tree is not None and not tree.body
