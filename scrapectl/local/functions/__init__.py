"""Lambda functions that really run: a zip is unpacked, and each invocation is a process of its own.

`invocation` runs one, `invoke` answers Lambda's operation and calls functions that nobody waits for, `sources` feeds
them from queues. What a package is (`package`) and how it is run (`bootstrap.py`) are all that a function from an
image would need anew.
"""
