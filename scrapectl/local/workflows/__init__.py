"""Runs state machines on the cloud's clock: states as generators that say what they wait for, worked on by workers.

A run is a tree of branches (`branch`); each is one generator that goes from state to state (`states`, `groups`,
`tasks`) and yields whenever it must wait: for a time, a call, a job, other branches. Nothing sleeps and no thread
belongs to a run, so that on a virtual clock a day passes at once, and a server that is killed leaves nothing behind.
"""
