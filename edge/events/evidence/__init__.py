"""Snapshots and clips on the daemon's disk."""
