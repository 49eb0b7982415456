"""Numbers as people read them."""

import math

import pytest

from mlexp.comparison.numbers import decimals, formatted, seconds, signed

MINUS = "\N{MINUS SIGN}"

FORMATTED = [  # a value, those beside it, the text
    (0.9132, (), "0.9132"),
    (0.5, (), "0.5000"),
    (12.5, (), "12.500"),
    (1234.5678, (), "1,234.6"),
    (1234567.8, (), "1,234,568"),
    (0.91, (0.912, 0.9133), "0.9100"),
    (0.912345678, (0.912345679,), "0.912345678"),
    (1e6, (1e6 + 1e-9,), "1,000,000.000000000"),
    (0.1 + 0.2, (0.3,), "0.30000000000000004"),
    (0.3, (0.1 + 0.2,), "0.29999999999999999"),
    (-0.25, (), "-0.2500"),
    (0.0, (), "0.0000"),
    (0.0, (-0.0,), "0.0000"),
    (5e-5, (), "5.0000e-05"),
    (1e-20, (), "1.0000e-20"),
    (5e-324, (), "4.9407e-324"),
    (1e7, (), "1.0000e+07"),
    (1.7976931348623157e308, (), "1.7977e+308"),
    (123456789.25, (123456789.5,), "1.23456789e+08"),
    (5.0, (1e-20, 2e-20), "5.0000e+00"),
    (7, (), "7"),
    (1234567, (), "1,234,567"),
    (-7, (3,), "-7"),
    (2**70, (), "1,180,591,620,717,411,303,424"),
    (7, (0.5,), "7.0000"),
    (math.nan, (), "nan"),
    (math.inf, (), "inf"),
    (-math.inf, (0.5,), "-inf"),
    (0.5, (math.nan, math.inf), "0.5000"),
    (3, (math.nan,), "3.0000"),
]


@pytest.mark.parametrize(("value", "like", "text"), FORMATTED)
def test_formatted(value, like, text):
    assert formatted(value, like=like) == text.replace("-", MINUS)


SIGNED = [  # a difference, the values that it is between, the text
    (0.0021, (0.9111, 0.9132), "+0.0021"),
    (-0.0021, (0.9132, 0.9111), "-0.0021"),
    (1e-9, (1e6, 1e6 + 1e-9), "+0.000000001"),
    (0.1 + 0.2 - 0.3, (0.3, 0.1 + 0.2), "+0.00000000000000006"),
    (1234.5, (1.0, 1235.5), "+1,234.5"),
    (3, (4, 7), "+3"),
    (-1234567, (2000000, 765433), "-1,234,567"),
    (1e-8, (1e-8, 2e-8), "+1.0000e-08"),
    (2e7, (1e7, 3e7), "+2.0000e+07"),
    (math.inf, (1.0, math.inf), "+inf"),
    (math.nan, (1.0, math.nan), "+nan"),
]


@pytest.mark.parametrize(("difference", "like", "text"), SIGNED)
def test_signed(difference, like, text):
    assert signed(difference, like=like) == text.replace("-", MINUS)


@pytest.mark.parametrize(
    ("values", "expected"),
    [((0.5,), 4), ((5.0,), 4), ((50.0,), 3), ((50000.0,), 0), ((0.12345, 0.12346), 5), ((), 4), ((0.5, 0.5), 4)],
)
def test_decimals(values, expected):
    assert decimals(values) == expected


SECONDS = [
    (0.0, "0.00 s"),
    (0.003, "0.00 s"),
    (0.04, "0.04 s"),
    (0.0949, "0.09 s"),
    (0.4, "0.4 s"),
    (14.24, "14.2 s"),
    (99.94, "99.9 s"),
    (100, "1 min 40 s"),
    (185, "3 min 5 s"),
    (3599.4, "59 min 59 s"),
    (3599.6, "1 h 0 min"),
    (7440, "2 h 4 min"),
    (360000, "100 h 0 min"),
]


@pytest.mark.parametrize(("elapsed_s", "text"), SECONDS)
def test_seconds(elapsed_s, text):
    assert seconds(elapsed_s) == text
