"""A used-car site's results around a ZIP code become rows in a bucket and messages in a queue."""
