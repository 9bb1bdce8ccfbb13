"""The daemon: it supervises the workers, turns their results into events, and answers for the state of it all."""
