"""``edge doctor``: looks at the machine, the configuration and what it names, and says what is not good and what to do.

It changes nothing, and asks the workers' interpreter by processes of its own.
"""
