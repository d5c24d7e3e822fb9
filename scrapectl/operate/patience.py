"""A call that AWS is too busy for → the same call a moment later: what one command sends outside of an apply."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from scrapectl.aws.retry import Heals, healing, retry_after
from scrapectl.errors import AwsError

T = TypeVar("T")


def patiently(send: Callable[[], T], sleep: Callable[[float], None] = time.sleep) -> T:
    """Send until AWS is not too busy any more; a call whose answer was lost may have done something: not again.

    Raises:
        AwsError: Whatever else went wrong, or AWS was busy for about a minute.
    """
    tries = 0
    while True:
        try:
            return send()
        except AwsError as error:
            tries += 1
            seconds = retry_after(error, tries) if healing(error) is Heals.THROTTLED else None
            if seconds is None:
                raise
        sleep(seconds)
