"""A configuration, run for a while as fast as it goes."""
