"""Secrets are taken out of texts: by the shapes of known tokens, by names, and by values that are known. Pure."""

from mlexp.redaction.markers import MARKER, marker, names_in
from mlexp.redaction.records import redacted_record
from mlexp.redaction.redactor import Redactor

__all__ = ["MARKER", "Redactor", "marker", "names_in", "redacted_record"]
