"""NVIDIA's GPUs, read through the driver's own management library (NVML), which is there wherever the driver is."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

LIBRARY = "libnvidia-ml.so.1"


class _Memory(ctypes.Structure):
    _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]


class _Utilization(ctypes.Structure):
    _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]


@cache
def reader(library: str = LIBRARY) -> Callable[[], tuple[float, float]] | None:
    """Return a function that gives the use of all GPUs (1.0 is one GPU) and their used memory in bytes.

    None: there is no driver, or no GPU that it tells of. The numbers are the machine's, not this process's alone.
    """
    try:
        nvml = ctypes.CDLL(library)
        if nvml.nvmlInit_v2() != 0:
            return None
        n = ctypes.c_uint()
        if nvml.nvmlDeviceGetCount_v2(ctypes.byref(n)) != 0 or n.value == 0:
            return None
    except (OSError, AttributeError):
        return None
    devices = []
    for index in range(n.value):
        device = ctypes.c_void_p()
        if nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(device)) == 0:
            devices.append(device)

    def read() -> tuple[float, float]:
        use = memory = 0.0
        for device in devices:
            rates, sizes = _Utilization(), _Memory()
            if nvml.nvmlDeviceGetUtilizationRates(device, ctypes.byref(rates)) == 0:
                use += rates.gpu / 100
            if nvml.nvmlDeviceGetMemoryInfo(device, ctypes.byref(sizes)) == 0:
                memory += sizes.used
        return use, memory

    return read if devices else None
