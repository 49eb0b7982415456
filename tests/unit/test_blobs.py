"""Blobs are whole or not there, and what is read is what was kept."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mlexp.errors import BlobCorruptError, NotWalkableError
from mlexp.fingerprint import content_digest
from mlexp.records import Digest
from mlexp.snapshot import BlobStore, keep, load
from tests.faults import files_end_at

CONTENTS = {"empty": b"", "a byte": b"\0", "text": b"some text", "pieces": os.urandom((1 << 20) + 7)}


@pytest.fixture
def blobs(tmp_path):
    return BlobStore(tmp_path / "blobs")


def files_of(blobs):
    return sorted(path for path in blobs.folder.rglob("*") if path.is_file())


@pytest.fixture(params=CONTENTS.values(), ids=CONTENTS)
def content(request):
    return request.param


def test_content_comes_back(blobs, content):
    digest = blobs.put(content)
    assert digest == content_digest(content)
    assert blobs.get(digest) == content


def test_a_file_is_the_same_blob_as_its_bytes(blobs, content, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(content)
    digest, size = blobs.put_file(source)
    assert (digest, size) == (blobs.put(content), len(content))
    blobs.copy_to(digest, target)
    assert target.read_bytes() == content
    assert len(files_of(blobs)) == 1


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_every_kind_of_bytes_is_one_blob(blobs, kind):
    assert blobs.put(kind(b"0123456789")) == blobs.put(b"0123456789")
    assert [file.read_bytes() for file in files_of(blobs)] == [b"0123456789"]


def test_a_blob_that_is_there_is_not_written_again(blobs):
    blobs.put(b"content")
    (path,) = files_of(blobs)
    os.utime(path, ns=(1, 1))
    blobs.put(b"content")
    assert path.stat().st_mtime_ns == 1


@pytest.mark.parametrize(
    "text", ["", "blake3:", "blake3:" + "g" * 64, "sha256:" + "0" * 64, "blake3:../../../" + "0" * 55]
)
def test_what_is_no_digest_names_no_file(blobs, text):
    with pytest.raises(ValueError, match="no BLAKE3 digest"):
        blobs.get(Digest(text))


# Damage


def test_a_missing_blob_is_told(blobs, tmp_path):
    digest = content_digest(b"never kept")
    with pytest.raises(BlobCorruptError, match="missing"):
        blobs.get(digest)
    with pytest.raises(BlobCorruptError, match="missing"):
        blobs.copy_to(digest, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_each_flipped_bit_is_told(blobs, tmp_path):
    digest = blobs.put(b"ab")
    (path,) = files_of(blobs)
    for bit in range(16):
        path.write_bytes((int.from_bytes(b"ab") ^ (1 << bit)).to_bytes(2))
        with pytest.raises(BlobCorruptError, match="damaged"):
            blobs.get(digest)
        with pytest.raises(BlobCorruptError, match="damaged"):
            blobs.copy_to(digest, tmp_path / "target")


def test_a_damaged_blob_leaves_the_target_as_it_was(blobs, tmp_path):
    digest = blobs.put(b"content")
    files_of(blobs)[0].write_bytes(b"contend")
    target = tmp_path / "target"
    target.write_bytes(b"before")
    with pytest.raises(BlobCorruptError):
        blobs.copy_to(digest, target)
    assert target.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["target"]


@pytest.mark.parametrize("n_bytes", [0, 1, 6])
def test_a_torn_blob_is_told_and_mended_by_keeping_it_again(blobs, n_bytes):
    digest = blobs.put(b"content")
    (path,) = files_of(blobs)
    os.truncate(path, n_bytes)
    with pytest.raises(BlobCorruptError, match="damaged"):
        blobs.get(digest)
    assert blobs.put(b"content") == digest
    assert blobs.get(digest) == b"content"


def test_a_file_mends_its_blob_whatever_the_damage(blobs, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"content")
    digest, _ = blobs.put_file(source)
    files_of(blobs)[0].write_bytes(b"contend")
    blobs.put_file(source)
    assert blobs.get(digest) == b"content"


# Faults


def test_a_full_disk_leaves_nothing_half_there(blobs, tmp_path):
    blobs.put(b"before")
    content = os.urandom(3 << 20)
    source = tmp_path / "source"
    source.write_bytes(content)
    for room in (0, 1, 1 << 20, len(content) - 1):
        with files_end_at(room):
            with pytest.raises(OSError, match="large"):
                blobs.put(content)
            with pytest.raises(OSError, match="large"):
                blobs.put_file(source)
        assert [path.read_bytes() for path in files_of(blobs)] == [b"before"]
    assert blobs.get(blobs.put(content)) == content


def test_a_rename_that_fails_leaves_nothing_half_there(blobs, tmp_path):
    content = b"content"
    blobs.path(content_digest(content)).mkdir(parents=True)  # its place is taken
    source = tmp_path / "source"
    source.write_bytes(content)
    with pytest.raises(OSError, match="directory"):
        blobs.put(content)
    with pytest.raises(OSError, match="directory"):
        blobs.put_file(source)
    assert files_of(blobs) == []


def test_a_source_that_cannot_be_read_leaves_nothing(blobs, tmp_path):
    with pytest.raises(FileNotFoundError):
        blobs.put_file(tmp_path / "none")
    assert not blobs.folder.exists()


def test_threads_that_keep_the_same_content_keep_one_blob(blobs):
    contents = [os.urandom(100_000) for _ in range(20)]
    with ThreadPoolExecutor(4) as threads:
        digests = list(threads.map(blobs.put, contents * 4))
    assert digests == [content_digest(content) for content in contents] * 4
    assert len(files_of(blobs)) == 20
    assert [blobs.get(digest) for digest in digests[:20]] == contents


PUTS_UNTIL_KILLED = """
import os, sys
from pathlib import Path
from mlexp.snapshot import BlobStore

blobs = BlobStore(Path(sys.argv[1]))
while True:
    print(blobs.put(os.urandom(300_000)), flush=True)
"""


def test_a_killed_process_leaves_blobs_whole_or_not_at_all(blobs):
    child = subprocess.Popen([sys.executable, "-c", PUTS_UNTIL_KILLED, str(blobs.folder)], stdout=subprocess.PIPE)
    acknowledged = [child.stdout.readline().decode().strip() for _ in range(20)]
    child.send_signal(signal.SIGKILL)
    acknowledged += child.stdout.read().decode().split("\n")[:-1]
    child.stdout.close()
    child.wait()
    for digest in acknowledged:
        assert len(blobs.get(Digest(digest))) == 300_000
    for path in files_of(blobs):
        if not path.name.startswith("arriving-"):
            assert blobs.path(content_digest(path.read_bytes())) == path


# Objects


def test_an_object_is_kept_as_it_is_now(blobs):
    value = {"rows": np.arange(1000.0), "names": ["a", "b"]}
    described = keep(value, blobs)
    value["rows"][:] = 0
    value["names"].append("c")
    restored = load(described.digest, blobs)
    assert restored["rows"].tolist() == list(range(1000))
    assert restored["names"] == ["a", "b"]


def test_an_object_with_a_damaged_part_is_not_given_back(blobs):
    digest = keep(np.arange(1000.0), blobs).digest
    parts = [path for path in files_of(blobs) if path.stat().st_size == 8000]
    parts[0].write_bytes(bytes(8000))
    with pytest.raises(BlobCorruptError):
        load(digest, blobs)


def test_an_object_beyond_the_limit_is_refused(blobs):
    with pytest.raises(NotWalkableError, match="max_object_mb"):
        keep(np.zeros(2**18), blobs, limit_bytes=2**20)
    keep(np.zeros(2**17), blobs, limit_bytes=2**20)
