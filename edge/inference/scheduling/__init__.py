"""Who is asked for a picture, which pictures are too old, how long a batch stays open, and which lane gets what.

Decisions over a small state, with the time given from outside; docs/scheduling.md tells how they work together.
"""
