"""Kept content: blobs by digest, and objects as a description and its blobs."""

from mlexp.snapshot.blobs import BlobStore
from mlexp.snapshot.objects import keep, load

__all__ = ["BlobStore", "keep", "load"]
