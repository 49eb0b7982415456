"""A tiny package of somebody else: its codec is found by its entry point and loaded with its first object."""

import sys
from datetime import date

import pytest

from mlexp._plugins import Registry
from mlexp.errors import NotWalkableError
from mlexp.fingerprint import content_digest, describe, restore, walk

TINY = """
class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

class Other:
    pass
"""

TINY_CODECS = """
from tiny import Point

class PointCodec:
    kind = "tiny.Point"

    def handles(self, value):
        return type(value) is Point

    def describe(self, value, walker):
        return [walker.child(value.x), walker.buffer(value.y)]

    def restore(self, fields, restorer):
        return Point(restorer.child(fields[0]), restorer.buffer(fields[1]))

    def summary(self, value):
        return "a point"

codecs = (PointCodec(),)
"""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    (tmp_path / "tiny.py").write_text(TINY)
    (tmp_path / "tiny_codecs.py").write_text(TINY_CODECS)
    metadata = tmp_path / "tiny-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[mlexp.codecs]\ntiny = tiny_codecs:codecs\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(walk, "_registry", Registry("mlexp.codecs"))
    import tiny

    yield tiny
    for name in ("tiny", "tiny_codecs"):
        sys.modules.pop(name, None)


def test_a_codec_of_another_package_is_used(tiny):
    kept = {}

    def sink(content):
        return kept.setdefault(content_digest(content), bytes(content)) and content_digest(content)

    assert "tiny_codecs" not in sys.modules
    described = describe([tiny.Point(date(2026, 1, 1), b"bytes")], sink)
    assert "tiny_codecs" in sys.modules
    (point,) = restore(described.packed, kept.__getitem__)
    assert type(point) is tiny.Point
    assert (point.x, point.y) == (date(2026, 1, 1), b"bytes")
    assert walk.kind_of(point) == "tiny.Point"
    assert walk.summary_of(point) == "a point"


def test_what_its_codecs_do_not_handle_has_none(tiny):
    with pytest.raises(NotWalkableError, match=r"no codec for tiny\.Other"):
        describe(tiny.Other())
    assert walk.kind_of(tiny.Other()) == "tiny.Other"
    assert walk.summary_of(tiny.Other()) == ""


def test_our_own_are_registered_in_the_same_way():
    registry = Registry("mlexp.codecs")
    assert {codec.kind for name in ("numpy", "pandas") for codec in registry.find(name)} >= {
        "numpy.ndarray",
        "pandas.DataFrame",
    }
    assert registry.find("numpy") is registry.find("numpy")
    assert registry.find("nobody") is None


def test_a_codec_that_is_not_installed_is_named():
    with pytest.raises(NotWalkableError, match=r"no codec called 'gone\.Thing' is installed"):
        restore(b"\x92\xaagone.Thing\xc0", {}.__getitem__)
