"""What is known of the values behind the user's names, from one execution to the next.

After each execution all that it could reach is looked at; what it could not reach is as it was. So a look has to be
compared with the last one only, whenever that was, and before a cell nothing has to be read that was read after an
earlier one.

Kept are, by name, an address, a digest and the keys of the nodes that the name leads to, and by node two digests and
keys; of no value anything else. That is about 200 bytes a node, and at most 100,000 nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace

from mlexp.fingerprint.nodes import Node, Trait, Walk, twin_of

_MAX_KNOWN = 100_000
_MAX_REACH = 20_000
_MANY_CHILDREN = 32


@dataclass(frozen=True, slots=True)
class Seen:
    """What a name stood for when it was looked at last."""

    place: int
    """The address of its object."""
    digest: int
    """Of its value, where that is plain; else of its key."""
    reach: frozenset[int]
    """The keys of all that it leads to."""
    whole: bool
    """Whether all of that was opened."""


@dataclass(slots=True)
class Fates:
    """What has become of nodes that were known before; those that are the same are left out."""

    changed: set[int] = field(default_factory=set)
    unknown: set[int] = field(default_factory=set)
    """Nothing could tell, or not in time."""
    moved: set[int] = field(default_factory=set)
    """Nothing could tell; but they are of a kind that nearly any use moves."""


@dataclass(frozen=True, slots=True)
class Look:
    """All that some names led to at one moment."""

    names: Mapping[str, Seen]
    nodes: Mapping[int, Node]
    skipped: frozenset[str] = frozenset()
    """Names for which no time was left."""


@dataclass(slots=True)
class Known:
    """The last look at each name and node."""

    is_own: Callable[[str], bool]
    names: dict[str, Seen] = field(default_factory=dict)
    nodes: dict[int, Node] = field(default_factory=dict)
    stale: set[int] = field(default_factory=set)
    """Nodes that may have changed since they were looked at."""

    def look(self, names: Iterable[str], namespace: Mapping[str, object], *, until: float) -> Look:
        """Look at names, the first ones first; keep nothing."""
        walk = Walk(until=until, is_own=self.is_own)
        roots: dict[str, tuple[int, int, int | None]] = {}
        skipped = set()
        for name in names:
            if name in namespace and name not in roots:
                if len(roots) % 32 == 31 and walk.is_late:
                    skipped.add(name)
                    continue
                value = namespace[name]
                roots[name] = (id(value), *walk.root(value))
        walk.run()
        seen, reaches = {}, _Reaches(walk.nodes)
        for name, (place, digest, key) in roots.items():
            seen[name] = Seen(place, digest, *reaches.of(key))
        return Look(seen, walk.nodes, frozenset(skipped))

    def look_around(
        self, names: Iterable[str], gone: Iterable[str], namespace: Mapping[str, object], *, until: float
    ) -> Look:
        """Look at names, and at others that led to what these and those that are gone do not lead to any more."""
        look = self.look(names, namespace, until=until)
        left = [name for name, seen in look.names.items() if self._is_left(name, seen)]
        lost = _union(self.names[name].reach for name in (*left, *gone) if name in self.names) - look.nodes.keys()
        others = self.leading_to(lost) - look.names.keys() - look.skipped
        if not others:
            return look
        more = self.look(sorted(others), namespace, until=until)
        return Look({**look.names, **more.names}, {**look.nodes, **more.nodes}, look.skipped | more.skipped)

    def _is_left(self, name: str, seen: Seen) -> bool:
        """Tell whether a name may lead less far than before, and not only was followed less far."""
        last = self.names.get(name)
        return last is not None and (seen.whole or last.place != seen.place)

    def fates(self, look: Look) -> Fates:
        """Return what has become of the nodes that a look came upon and that were known before."""
        found, known = Fates(), self.nodes
        for key, node in look.nodes.items():
            before = known.get(key)
            if before is None or (before == node and node.full is not None and not node.trait):
                continue  # made by the cell, or the same: of what was there before a cell, the look before it knows
            self._judge(key, before, node, found)
        partly: list[frozenset[int]] = []
        for name, seen in look.names.items():
            last = self.names.get(name)
            if last is not None and last.place == seen.place and not (seen.whole and last.whole):
                partly += seen.reach, last.reach
        # Of what was not opened twice, nothing can be told.
        found.unknown |= _union(partly) - (look.nodes.keys() & known.keys())
        for name in look.skipped & self.names.keys():
            found.unknown |= self.names[name].reach - look.nodes.keys()
        found.unknown -= found.changed
        return found

    def _judge(self, key: int, before: Node, node: Node, found: Fates) -> None:
        differs = before.quick != node.quick
        if not differs and node.trait is Trait.MOVING:
            found.moved.add(key)
        elif not differs and (node.trait is Trait.OPAQUE or before.full is None or node.full is None):
            found.unknown.add(key)
        elif differs or before.full != node.full:
            if node.trait is Trait.CACHE or key in self.stale:
                found.unknown.add(key)
                return
            found.changed.add(key)
            if (twin := twin_of(key)) is not None and twin in self.nodes:
                found.changed.add(twin)

    def keep(self, look: Look, fates: Fates) -> None:
        """Take a look for the last one.

        Args:
            look: What was seen.
            fates: What has become of nodes: an older digest of one that may have changed is doubtful from here on.
        """
        for key, node in look.nodes.items():
            if node.full is None and key not in fates.changed:
                before = self.nodes.get(key)
                if before is not None and before.full is not None and before.quick == node.quick:
                    continue
            self.nodes[key] = node
        self.stale -= {key for key, node in look.nodes.items() if node.full is not None} - fates.unknown
        self._forget_nodes({key for key in fates.changed if key not in look.nodes and key in self.nodes})
        self.stale |= {key for key in fates.unknown | fates.moved if key in self.nodes and self._is_older(key, look)}
        joined: dict[tuple[int, int], frozenset[int]] = {}  # many names may lead to the same
        for name, seen in look.names.items():
            last = self.names.get(name)
            if not seen.whole and last is not None and last.place == seen.place:
                pair = id(seen.reach), id(last.reach)
                reach = joined.get(pair)
                if reach is None:
                    reach = joined[pair] = last.reach if seen.reach <= last.reach else seen.reach | last.reach
                seen = replace(seen, reach=reach)
            self.names[name] = seen
        if len(self.nodes) > _MAX_KNOWN:
            self._forget_unreached()

    def _forget_nodes(self, keys: set[int]) -> None:
        """Forget nodes that have changed unseen, and those that hold their content: the names are looked at again."""
        if not keys:
            return
        keys |= {key for key, node in self.nodes.items() if not keys.isdisjoint(node.children)}
        for key in keys:
            del self.nodes[key]
        for name in self.leading_to(keys):
            self.names[name] = replace(self.names[name], whole=False)

    def _is_older(self, key: int, look: Look) -> bool:
        """Tell whether what is known of a node is from before a look."""
        return self.nodes[key] is not look.nodes.get(key)

    def forget(self, names: Iterable[str]) -> None:
        """Forget names that are gone."""
        for name in names:
            self.names.pop(name, None)

    def leading_to(self, keys: Set[int]) -> set[str]:
        """Return the names that led to one of these nodes when they were looked at last."""
        return {name for name, seen in self.names.items() if not keys.isdisjoint(seen.reach)} if keys else set()

    def _forget_unreached(self) -> None:
        reached = _union(seen.reach for seen in self.names.values())
        self.nodes = {key: node for key, node in self.nodes.items() if key in reached}
        self.stale &= reached
        if len(self.nodes) > _MAX_KNOWN:  # too much to be known: all is looked at anew
            self.names, self.nodes, self.stale = {}, {}, set()


def _union(sets: Iterable[frozenset[int]]) -> set[int]:
    """Return what is in any of the sets, many of which may be one and the same."""
    return set().union(*{id(one): one for one in sets}.values())


class _Reaches:
    """What nodes lead to; that of nodes with many children is found once for all that lead to them."""

    def __init__(self, nodes: Mapping[int, Node]) -> None:
        self._nodes = nodes
        self._found: dict[int | None, tuple[frozenset[int], bool]] = {None: (frozenset(), True)}
        self._under_way: set[int] = set()

    def of(self, key: int | None) -> tuple[frozenset[int], bool]:
        """Return the keys of all that a node leads to, its own with them, and whether all of that was opened."""
        if key in self._found or key is None:
            return self._found[key]
        self._under_way.add(key)
        found, pending, whole = {key}, [key], True
        while pending:
            node = self._nodes.get(pending.pop())
            if node is None or len(found) > _MAX_REACH:
                whole = False
                continue
            for child in node.children:
                if child in found:
                    continue
                if self._is_shared(child):
                    reach, is_whole = self.of(child)
                    found |= reach
                    whole = whole and is_whole
                else:
                    found.add(child)
                    pending.append(child)
        self._under_way.discard(key)
        self._found[key] = frozenset(found), whole
        return self._found[key]

    def _is_shared(self, key: int) -> bool:
        node = self._nodes.get(key)
        return node is not None and len(node.children) >= _MANY_CHILDREN and key not in self._under_way
