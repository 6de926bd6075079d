"""Floor `present`: maps, charts and documents (呈现)."""
