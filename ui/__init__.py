"""What pages share; with `pages/` the only place that imports Streamlit."""
