"""Getu 格图: grids, cases and facilities of an urban district, joined (网格化治理)."""

__version__ = "0.1.0"
