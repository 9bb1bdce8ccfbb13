"""Snapshots and clips: which events get one, who makes it, and what becomes of it."""
