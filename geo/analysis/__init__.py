"""Floor `analysis`: pure functions on tables and arrays (分析)."""
