"""The only place that speaks to AWS: sessions, facts, what stands, the anchor."""
