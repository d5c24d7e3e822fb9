"""The code of every function of a random spec."""


def handler(event, context):
    return event
