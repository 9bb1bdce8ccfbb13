"""How the device itself is: load, temperatures, power, throttling; and what is done about it.

``worker`` and ``sources`` run in a process of their own, on Python 3.6 as well, so this file imports nothing.
"""
