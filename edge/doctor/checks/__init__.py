"""The checks, one subject a file: each is a function ``check(context)`` that yields its findings."""
