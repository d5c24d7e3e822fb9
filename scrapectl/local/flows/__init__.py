"""What AWS carries from one service to another: events, notifications, mails, alarms, calls of functions.

A request or a job only puts something into the outbox; workers deliver it (`outbox`), through `reach`, which asks
the receiver's own policy. Importing registers the operations.
"""
