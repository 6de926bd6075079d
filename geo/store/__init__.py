"""Floor `store`: the databases behind one narrow interface (存储)."""
