"""Fresh shells, as for the tests of the kernel. MLEXP_TEST_NO_SKIP fails what a missing library would skip."""

import os

import pytest

from tests.kernel.conftest import folder, loaded, shell  # noqa: F401  (fixtures)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):  # noqa: ARG001  (pytest's name)
    return _no_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):  # noqa: ARG001  (pytest's names)
    return _no_skip((yield))


def _no_skip(report):
    if report.outcome == "skipped" and os.environ.get("MLEXP_TEST_NO_SKIP"):
        report.outcome, report.longrepr = "failed", f"no test may be skipped here: {report.longrepr}"
    return report
