"""The calendars of several sources become tables in a bucket: events of the day, and all organisers and venues ever."""
