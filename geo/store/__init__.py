"""Where data is kept: DuckDB now, PostGIS behind the same interface later (存储)."""

from geo.store.base import (
    BatchHead,
    CaseFilter,
    Comparison,
    GroupBy,
    Receipt,
    Store,
)
from geo.store.opening import open_store

__all__ = ["BatchHead", "CaseFilter", "Comparison", "GroupBy", "Receipt", "Store", "open_store"]
