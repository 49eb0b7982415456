"""From a run to a script: built as a value, changed by passes, printed last, and proven in a clean process."""
