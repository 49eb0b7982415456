"""Probes: each looks at one thing around an execution."""
