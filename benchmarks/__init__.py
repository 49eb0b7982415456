"""Figures, each measured beside its reference in one run. `make bench` prints them and judges nothing."""
