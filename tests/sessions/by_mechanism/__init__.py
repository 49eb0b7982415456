"""The sessions, a file for each mechanism."""
