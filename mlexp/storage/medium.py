"""What lies under a folder: a disk of this machine, or a file system that several machines share."""

from __future__ import annotations

import re
from pathlib import Path

_SHARED = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "drvfs", "glusterfs", "gpfs", "lustre", "ncpfs",
    "nfs", "nfs4", "smb3", "smbfs", "virtiofs",
})  # fmt: skip
_MOUNTS = Path("/proc/mounts")


def shared_kind(folder: Path, mounts: str | None = None) -> str:
    """Return the kind of the network or shared file system under a folder, such as "nfs4"; nothing for a disk.

    SQLite's write-ahead log needs memory that all its processes share, which such file systems do not give.

    Args:
        folder: A folder that is there.
        mounts: The text of `/proc/mounts`; by default the system's. Elsewhere than on Linux nothing is known.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ""
    path = folder.resolve()
    kind, depth = "", -1
    for line in mounts.splitlines():
        words = line.split(" ")
        if len(words) < 3:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), words[1]))
        if path.is_relative_to(point) and len(point.parts) >= depth:  # of two at one place the last lies on top
            kind, depth = words[2], len(point.parts)
    return kind if kind in _SHARED or kind.partition(".")[0] == "fuse" else ""
