"""The graph of the user's objects: every change is a change of a node, and nothing else is."""

import copy
import weakref
from collections import deque
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlexp.capture.known import Known
from mlexp.fingerprint.nodes import Walk
from mlexp.fingerprint.nodes.pointers import pointers


class Thing:
    """An object of a class of one's own."""


class Slotted:
    __slots__ = ("held", "other")


class Items(list):
    """A list of a class of one's own."""


PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=5))


def thing(held):
    made = Thing()
    made.held = held
    return made


def slotted(held):
    made = Slotted()
    made.held = held
    return made


GRAPHS = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=4),
        inner.map(thing),
        inner.map(slotted),
        st.lists(inner, max_size=3).map(Items),
    ),
    max_leaves=12,
)


def look(value):
    walk = Walk(is_own=frozenset({"__main__", __name__}).__contains__)
    walk.root(value)
    walk.run()
    return walk.nodes


def places_in(value, found):
    """Collect all that can be changed in place."""
    if type(value) in (list, Items) or type(value) is dict or type(value) in (Thing, Slotted):
        found.append(value)
    for item in items_of(value):
        places_in(item, found)
    return found


def items_of(value):
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    return [value.held] if isinstance(value, (Thing, Slotted)) else []


def change(place, item):
    if isinstance(place, list):
        place.append(item)
    elif isinstance(place, dict):
        place["new key"] = item
    elif isinstance(place, Thing):
        place.another = item
    else:
        place.other = item


@given(GRAPHS)
def test_a_look_that_finds_nothing_changed_equals_the_last_one(value):
    assert look(value) == look(value)


@given(GRAPHS, GRAPHS, st.data())
def test_a_change_is_the_change_of_one_node(value, item, data):
    places = places_in(value, [])
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    before = look(value)
    change(place, item)
    after = look(value)
    assert {key for key in before if before[key] != after[key]} == {id(place)}


@given(GRAPHS)
def test_a_look_changes_nothing(value):
    kept = copy.deepcopy(value)
    look(value)
    assert shape(value) == shape(kept)


def shape(value):
    if isinstance(value, (Thing, Slotted)):
        return (type(value), [name for name in ("held", "other", "another") if hasattr(value, name)], shape(value.held))
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [type(value), *map(shape, value)] if isinstance(value, (list, tuple)) else repr(value)


@given(st.lists(PLAIN, max_size=300))
def test_the_addresses_of_items_are_their_ids(items):
    assert pointers(items) == b"".join(id(item).to_bytes(8, "little") for item in items)


@pytest.mark.parametrize("n", [10, 1_000, 8_000, 30_000])
@pytest.mark.parametrize(
    "make", [float, str, lambda i: [i], lambda i: (i, [i])], ids=["floats", "texts", "lists", "tuples"]
)
def test_an_item_of_a_list_of_any_size(n, make):
    items = [make(i) for i in range(n)]
    before = look(items)
    items[n // 3] = make(n + 1)
    after = look(items)
    assert before[id(items)].quick != after[id(items)].quick


def test_equal_values_in_the_place_of_others_are_no_change():
    held = {"a": 1234567, "b": [1.5], "c": "text" * 3, "d": (1.5, "x")}
    before = look(held)
    held["a"], held["c"], held["d"] = int("1234567"), "".join(["text"] * 3), (float("1.5"), "x")
    assert look(held) == before


def test_what_contains_itself_ends():
    held = [1]
    held.append(held)
    assert len(look(held)) == 1


def test_no_more_nodes_than_allowed_are_opened():
    walk = Walk(max_nodes=10)
    walk.root([[i] for i in range(100)])
    walk.run()
    assert len(walk.nodes) == 10


def test_nothing_is_opened_when_there_is_no_time():
    walk = Walk(until=0.0)
    walk.root([1])
    walk.run()
    assert walk.nodes == {}


def test_large_bytes_are_sampled_when_there_is_no_time_for_all():
    walk = Walk(until=0.0)
    data = bytearray(50_000_000)
    first = walk.bulk(data)
    assert walk.take_bulk(0) is None
    data[:1000] = b"x" * 1000
    assert walk.bulk(data) != first


N = 300_000
LARGE = {
    "list": lambda: [0.5 + i for i in range(N)],
    "dict": lambda: {i: [i] for i in range(N)},
    "set": lambda: set(range(N)),
    "deque": lambda: deque(range(N)),
    "objects": lambda: np.array([object() for _ in range(N)]),
    "bytearray": lambda: bytearray(50 * N),
}


@pytest.mark.parametrize("name", LARGE)
def test_of_a_large_container_the_ends_are_looked_at_when_there_is_no_time_for_all(name):
    value = LARGE[name]()
    walk = Walk()
    walk.has_time = lambda _: False
    walk.root(value)
    walk.run()
    assert None in {node.full for node in walk.nodes.values()}
    assert len(walk.nodes) < 2_000


def test_of_long_texts_one_that_is_replaced_by_another_is_seen():
    texts = ["x" * 100_000 for _ in range(100)]
    before = look(texts)
    texts[50] = "x" * 70_001 + "y" + "x" * 29_998
    assert look(texts) != before


def test_names_that_lead_to_the_same_share_what_is_known_of_it():
    shared = [[i] for i in range(1_000)]
    names = {f"name_{i}": shared for i in range(200)}
    known = Known(frozenset({"__main__"}).__contains__)
    seen = known.look(names, names, until=perf_counter() + 60).names
    assert len({id(one.reach) for one in seen.values()}) == 1
    assert len(seen["name_0"].reach) == 1_001


def test_a_generator_keeps_nothing_more_alive_when_it_is_looked_at():
    def made():
        held = Thing()
        yield weakref.ref(held)
        del held
        yield None

    generator = made()
    held = next(generator)
    look(generator)
    next(generator)
    assert held() is None
