"""Inline styles of static HTML: colours and fonts come from the page; where it has none, from the text."""

from __future__ import annotations

DIM = "opacity:.72"
LINE = "1px solid var(--jp-border-color2,var(--vscode-panel-border,#8885))"
BOX = (
    "font:13px/20px var(--jp-ui-font-family,var(--vscode-font-family,system-ui,sans-serif));"
    "font-variant-numeric:tabular-nums;color:var(--jp-content-font-color1,var(--vscode-foreground,inherit));"
    f"border:{LINE};border-radius:3px;padding:7px 12px 8px;max-width:820px"
)
BADGE = (
    f"border:{LINE};border-radius:9px;padding:0 7px;margin-left:6px;font-size:11px;line-height:16px;white-space:nowrap"
)
TABLE = (  # JupyterLab lays tables out with columns of one width unless told
    "table-layout:auto;border-collapse:collapse;margin:3px 0 0;border:0;font-size:13px;line-height:20px;width:100%"
)
HEAD = f"text-align:left;padding:0 16px 0 0;font-weight:400;{DIM};vertical-align:top;white-space:nowrap;width:1px"
CELL = "text-align:left;padding:0;white-space:normal;vertical-align:top"
