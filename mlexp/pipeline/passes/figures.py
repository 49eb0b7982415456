"""Figures are shown and closed after a section that left some open, as the notebook does after each cell."""

from __future__ import annotations

from mlexp.pipeline.script import Script, Section


def show_figures(script: Script) -> Script:
    """Put the call behind each section that left figures open."""
    call = script.own("show_figures")

    def changed(section: Section) -> str:
        if not section.execution.n_figures:
            return section.source
        return f'{section.source}\n\n{call}("in-{section.execution.number}")'

    return script.with_sources(changed)
