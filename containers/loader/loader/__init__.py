"""Turns objects and messages into rows of a table, exactly once: the rows and the ledger's line are one transaction.

Runs as a job (`python -m loader`, its document in SCRAPECTL_LOAD) or as a function (`loader.app.handler`, its document
in load.json beside the package). Needs nothing of scrapectl.
"""
